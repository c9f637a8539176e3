"""Every slice's models, imported for alembic, and the metadata that they share."""

from scoring.appeals import models as _appeals
from scoring.base import Base
from scoring.calibrations import models as _calibrations
from scoring.catalogue import models as _catalogue
from scoring.comparisons import models as _comparisons
from scoring.determinations import models as _determinations
from scoring.evaluations import models as _evaluations
from scoring.evidence import models as _evidence
from scoring.frameworks import models as _frameworks
from scoring.rectifications import models as _rectifications
from scoring.reports import models as _reports
from scoring.results import models as _results
from scoring.scores import models as _scores
from scoring.scores.impacts import models as _impacts
from shared.schema import attach

__all__ = ["metadata"]

MODELS = (
    _catalogue,
    _frameworks,
    _evidence,
    _scores,
    _impacts,
    _evaluations,
    _calibrations,
    _determinations,
    _comparisons,
    _results,
    _rectifications,
    _appeals,
    _reports,
)
metadata = Base.metadata
attach(metadata)
