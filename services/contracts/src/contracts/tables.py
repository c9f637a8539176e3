"""Every slice's models, imported for alembic, and the metadata that they share."""

from contracts.acceptances import models as _acceptances
from contracts.acts import models as _acts
from contracts.amendments import models as _amendments
from contracts.base import Base
from contracts.budgets import models as _budgets
from contracts.campaigns import models as _campaigns
from contracts.catalogue import models as _catalogue
from contracts.compliance import models as _compliance
from contracts.contracts import models as _contracts
from contracts.corrections import models as _corrections
from contracts.deputies import models as _deputies
from contracts.documents import models as _documents
from contracts.dues import models as _dues
from contracts.exchange import models as _exchange
from contracts.failures import models as _failures
from contracts.findings import models as _findings
from contracts.inspections import models as _inspections
from contracts.ledger import models as _ledger
from contracts.marks import models as _marks
from contracts.monitoring import models as _monitoring
from contracts.obligations import models as _obligations
from contracts.observations import models as _observations
from contracts.organisations import models as _organisations
from contracts.policies import models as _policies
from contracts.regions import models as _regions
from contracts.registers import models as _registers
from contracts.results import models as _results
from contracts.retention import models as _retention
from contracts.rules import models as _rules
from contracts.search import models as _search
from contracts.settlements import models as _settlements
from contracts.structure import models as _structure
from contracts.subcontracts import models as _subcontracts
from contracts.successions import models as _successions
from contracts.tabular import models as _tabular
from contracts.vouchers import models as _vouchers
from contracts.working_days import models as _working_days
from shared.schema import attach

__all__ = ["metadata"]

MODELS = (
    _acts,
    _corrections,
    _deputies,
    _rules,
    _policies,
    _regions,
    _catalogue,
    _organisations,
    _contracts,
    _marks,
    _retention,
    _campaigns,
    _structure,
    _successions,
    _observations,
    _ledger,
    _acceptances,
    _compliance,
    _budgets,
    _dues,
    _monitoring,
    _vouchers,
    _inspections,
    _findings,
    _obligations,
    _working_days,
    _registers,
    _search,
    _documents,
    _amendments,
    _subcontracts,
    _failures,
    _settlements,
    _exchange,
    _results,
    _tabular,
)
metadata = Base.metadata
attach(metadata)
