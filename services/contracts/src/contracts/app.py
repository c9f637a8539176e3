"""The table of contents of the contracts service: its slices in the order in which they may use each other."""

from contracts.acceptances.routes import routes as acceptances
from contracts.budgets.routes import routes as budgets
from contracts.catalogue.routes import routes as catalogue
from contracts.compliance.routes import routes as compliance
from contracts.contracts.routes import routes as contracts
from contracts.dues.routes import routes as dues
from contracts.exchange.routes import routes as exchange
from contracts.flags.routes import routes as flags
from contracts.imports.routes import routes as imports
from contracts.ledger.routes import routes as ledger
from contracts.monitoring.handlers import monitor_job, suspend_job
from contracts.monitoring.routes import routes as monitoring
from contracts.observations.routes import routes as observations
from contracts.organisations.routes import individuals
from contracts.organisations.routes import routes as organisations
from contracts.regions.routes import routes as regions
from contracts.registers.routes import routes as registers
from contracts.results.handlers import scoring_subscription
from contracts.results.routes import routes as results
from contracts.rules.routes import routes as rules
from contracts.settings import ContractsSettings
from contracts.snapshot import snapshot
from contracts.successions.routes import routes as successions
from contracts.vouchers.routes import routes as vouchers
from contracts.working_days.routes import routes as working_days
from shared.service import Service

__all__ = ["SLICES", "service"]

# A later slice may use the earlier ones, never the other way round.
SLICES = (
    "regions",
    "catalogue",
    "organisations",
    "rules",
    "contracts",
    "successions",
    "observations",
    "budgets",
    "ledger",
    "acceptances",
    "working_days",
    "dues",
    "monitoring",
    "vouchers",
    "compliance",
    "flags",
    "registers",
    "exchange",
    "imports",
    "results",
)

service = Service(
    name="contracts",
    description="The contract's life: organisations, contracts, indicators, ledger, acceptance, import, results.",
    settings=ContractsSettings,
    routers=(
        regions,
        catalogue,
        organisations,
        individuals,
        rules,
        contracts,
        successions,
        observations,
        budgets,
        ledger,
        acceptances,
        working_days,
        dues,
        monitoring,
        vouchers,
        compliance,
        flags,
        registers,
        exchange,
        imports,
        results,
    ),
    subscriptions=(scoring_subscription,),
    jobs=(monitor_job, suspend_job),
    snapshot=snapshot,
)
