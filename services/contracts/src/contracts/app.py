"""The table of contents of the contracts service: its slices in the order in which they may use each other."""

from contracts.acceptances.handlers import surveys_subscription
from contracts.acceptances.routes import routes as acceptances
from contracts.acts.routes import routes as acts
from contracts.amendments.routes import routes as amendments
from contracts.budgets.routes import routes as budgets
from contracts.campaigns.handlers import remind_job
from contracts.campaigns.routes import routes as campaigns
from contracts.catalogue.routes import routes as catalogue
from contracts.compliance.routes import routes as compliance
from contracts.contracts.routes import routes as contracts
from contracts.corrections.routes import routes as corrections
from contracts.deputies.routes import routes as deputies
from contracts.documents.handlers import file_jobs
from contracts.documents.routes import routes as documents
from contracts.dues.routes import postings
from contracts.dues.routes import routes as dues
from contracts.exchange.routes import routes as exchange
from contracts.failures.routes import routes as failures
from contracts.findings.routes import routes as findings
from contracts.flags.routes import routes as flags
from contracts.imports.routes import routes as imports
from contracts.inspections.routes import routes as inspections
from contracts.ledger.routes import routes as ledger
from contracts.marks.handlers import end_marks_job
from contracts.marks.routes import routes as marks
from contracts.monitoring.handlers import monitor_job, suspend_job
from contracts.monitoring.routes import routes as monitoring
from contracts.obligations.handlers import notices_job, register_job, register_of_job
from contracts.obligations.routes import calendars
from contracts.obligations.routes import routes as obligations
from contracts.observations.routes import routes as observations
from contracts.organisations.routes import individuals
from contracts.organisations.routes import routes as organisations
from contracts.policies.routes import routes as policies
from contracts.regions.routes import routes as regions
from contracts.registers.handlers import fold_job
from contracts.registers.routes import routes as registers
from contracts.results.handlers import scoring_subscription
from contracts.results.routes import routes as results
from contracts.retention.handlers import erase_job
from contracts.retention.routes import routes as retention
from contracts.rules.routes import routes as rules
from contracts.search.handlers import flags_job
from contracts.search.routes import routes as search
from contracts.settings import ContractsSettings
from contracts.settlements.routes import routes as settlements
from contracts.snapshot import snapshot
from contracts.structure.routes import routes as structure
from contracts.subcontracts.routes import routes as subcontracts
from contracts.successions.routes import routes as successions
from contracts.tabular.handlers import table_import_job
from contracts.tabular.routes import routes as tabular
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
    "policies",
    "disclosure",
    "contracts",
    "marks",
    "structure",
    "successions",
    "observations",
    "budgets",
    "ledger",
    "acceptances",
    "working_days",
    "dues",
    "monitoring",
    "vouchers",
    "documents",
    "amendments",
    "subcontracts",
    "failures",
    "settlements",
    "inspections",
    "findings",
    "obligations",
    "compliance",
    "flags",
    "registers",
    "search",
    "exchange",
    "imports",
    "tabular",
    "results",
    "retention",
    "campaigns",
    "corrections",
    "deputies",
    "acts",
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
        policies,
        contracts,
        marks,
        structure,
        successions,
        observations,
        budgets,
        ledger,
        acceptances,
        working_days,
        postings,
        dues,
        monitoring,
        vouchers,
        documents,
        amendments,
        subcontracts,
        failures,
        settlements,
        inspections,
        findings,
        obligations,
        calendars,
        compliance,
        flags,
        registers,
        search,
        exchange,
        imports,
        tabular,
        results,
        retention,
        campaigns,
        corrections,
        deputies,
        acts,
    ),
    subscriptions=(
        scoring_subscription,
        surveys_subscription,
    ),
    jobs=(
        monitor_job,
        table_import_job,
        suspend_job,
        end_marks_job,
        fold_job,
        flags_job,
        erase_job,
        register_job,
        register_of_job,
        notices_job,
        remind_job,
    ),
    jobs_of=file_jobs,
    snapshot=snapshot,
)
