"""Every slice's models, imported for alembic, and the metadata that they share."""

from scoring.base import Base
from scoring.determinations import models as _determinations
from scoring.evidence import models as _evidence
from scoring.scores import models as _scores
from shared.schema import attach

__all__ = ["metadata"]

MODELS = (_evidence, _scores, _determinations)
metadata = Base.metadata
attach(metadata)
