"""Every table of the service, for alembic."""

import scoring.determinations.models
import scoring.evidence.models
import scoring.scores.models  # noqa: F401 - the models register themselves
from scoring.base import Base

__all__ = ["metadata"]

metadata = Base.metadata
