"""Every slice's models, imported for alembic, and the metadata that they share."""

from contracts.acceptances import models as _acceptances
from contracts.base import Base
from contracts.contracts import models as _contracts
from contracts.ledger import models as _ledger
from contracts.observations import models as _observations
from contracts.organisations import models as _organisations
from contracts.results import models as _results
from shared.schema import attach

__all__ = ["metadata"]

MODELS = (_organisations, _contracts, _observations, _ledger, _acceptances, _results)
metadata = Base.metadata
attach(metadata)
