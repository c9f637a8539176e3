"""Every slice's models, imported for alembic, and the metadata that they share."""

from contracts.acceptances import models as _acceptances
from contracts.base import Base
from contracts.budgets import models as _budgets
from contracts.catalogue import models as _catalogue
from contracts.compliance import models as _compliance
from contracts.contracts import models as _contracts
from contracts.dues import models as _dues
from contracts.exchange import models as _exchange
from contracts.ledger import models as _ledger
from contracts.monitoring import models as _monitoring
from contracts.observations import models as _observations
from contracts.organisations import models as _organisations
from contracts.regions import models as _regions
from contracts.results import models as _results
from contracts.rules import models as _rules
from contracts.successions import models as _successions
from contracts.vouchers import models as _vouchers
from contracts.working_days import models as _working_days
from shared.schema import attach

__all__ = ["metadata"]

MODELS = (
    _rules,
    _regions,
    _catalogue,
    _organisations,
    _contracts,
    _successions,
    _observations,
    _ledger,
    _acceptances,
    _compliance,
    _budgets,
    _dues,
    _monitoring,
    _vouchers,
    _working_days,
    _exchange,
    _results,
)
metadata = Base.metadata
attach(metadata)
