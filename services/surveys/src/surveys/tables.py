"""Every slice's models, imported for alembic, and the metadata that they share."""

from shared.schema import attach
from surveys.base import Base
from surveys.instruments import models as _instruments
from surveys.responses import models as _responses
from surveys.results import models as _results
from surveys.waves import models as _waves

__all__ = ["metadata"]

MODELS = (_instruments, _waves, _responses, _results)
metadata = Base.metadata
attach(metadata)
