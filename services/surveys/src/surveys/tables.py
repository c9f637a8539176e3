"""Every slice's models, imported for alembic, and the metadata that they share."""

from shared.schema import attach
from surveys.base import Base
from surveys.complaints import models as _complaints
from surveys.frames import models as _frames
from surveys.instruments import models as _instruments
from surveys.publication import models as _publication
from surveys.responses import models as _responses
from surveys.results import models as _results
from surveys.waves import models as _waves

__all__ = ["metadata"]

MODELS = (_instruments, _waves, _frames, _responses, _results, _publication, _complaints)
metadata = Base.metadata
attach(metadata)
