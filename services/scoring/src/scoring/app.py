"""The table of contents of the scoring service: its slices in the order in which they may use each other."""

from scoring.appeals.handlers import appeal_clocks_job, flag_decided_job
from scoring.appeals.routes import routes as appeals
from scoring.calibrations.routes import routes as calibrations
from scoring.calibrations.service import ENTER_JOB
from scoring.catalogue.handlers import on_catalogue_approved
from scoring.comparisons.routes import routes as comparisons
from scoring.determinations.routes import routes as determinations
from scoring.evaluations.cases.routes import routes as evaluation_cases
from scoring.evaluations.register.routes import routes as evaluators
from scoring.evaluations.routes import routes as evaluations
from scoring.evaluations.service import OVERDUE_JOB as EVALUATIONS_OVERDUE
from scoring.evaluations.tasks.routes import routes as evaluation_tasks
from scoring.evidence.handlers import (
    on_acceptance_recorded,
    on_contract_state,
    on_ledger_posted,
    on_observation_recorded,
    on_observation_withdrawn,
    on_wave_closed,
)
from scoring.evidence.routes import routes as evidence
from scoring.frameworks.routes import routes as frameworks
from scoring.provenance.routes import routes as provenance
from scoring.rectifications.handlers import follow_use_job, rectification_clocks_job
from scoring.rectifications.routes import routes as rectifications
from scoring.reports.handlers import ANNUAL_JOB
from scoring.reports.issued.routes import routes as issued_reports
from scoring.reports.libraries.routes import routes as libraries
from scoring.reports.routes import routes as reports
from scoring.results.handlers import open_missed_job, open_results_job, result_clocks_job
from scoring.results.routes import routes as results
from scoring.scores.framework_changes import FRAMEWORK_JOB
from scoring.scores.handlers import score_touched
from scoring.scores.impacts.routes import routes as impacts
from scoring.scores.impacts.service import IMPACT_JOB
from scoring.scores.rescore import RESCORE_JOB, SCORE_JOB
from scoring.scores.routes import routes as scores
from scoring.scores.targets.routes import routes as targets
from scoring.scores.uncertainty import FOLLOWING_JOB, UNCERTAINTY_JOB
from scoring.settings import ScoringSettings
from scoring.snapshot import snapshot
from shared.events import (
    AcceptanceRecorded,
    CatalogueApproved,
    ContractActivated,
    ContractCancelled,
    ContractCompleted,
    ContractCorrected,
    ContractCreated,
    ContractImported,
    ContractResumed,
    ContractSubmitted,
    ContractSuspended,
    ContractTerminated,
    ContractUpdated,
    LedgerPosted,
    ObservationRecorded,
    ObservationWithdrawn,
    WaveClosed,
)
from shared.inbox import Subscription
from shared.service import Service

__all__ = ["SLICES", "contracts_subscription", "service", "surveys_subscription"]

# A later slice may use the earlier ones, never the other way round.
SLICES = (
    "catalogue",
    "frameworks",
    "evidence",
    "scores",
    "evaluations",
    "calibrations",
    "determinations",
    "provenance",
    "comparisons",
    "results",
    "rectifications",
    "appeals",
    "reports",
)

contracts_subscription = Subscription(
    source="contracts",
    handlers={
        ContractCreated.TYPE: on_contract_state,
        ContractUpdated.TYPE: on_contract_state,
        ContractSubmitted.TYPE: on_contract_state,
        ContractActivated.TYPE: on_contract_state,
        ContractSuspended.TYPE: on_contract_state,
        ContractResumed.TYPE: on_contract_state,
        ContractCompleted.TYPE: on_contract_state,
        ContractTerminated.TYPE: on_contract_state,
        ContractCancelled.TYPE: on_contract_state,
        ContractImported.TYPE: on_contract_state,
        ContractCorrected.TYPE: on_contract_state,
        ObservationRecorded.TYPE: on_observation_recorded,
        ObservationWithdrawn.TYPE: on_observation_withdrawn,
        LedgerPosted.TYPE: on_ledger_posted,
        AcceptanceRecorded.TYPE: on_acceptance_recorded,
        CatalogueApproved.TYPE: on_catalogue_approved,
    },
    finish=score_touched,
)

surveys_subscription = Subscription(
    source="surveys",
    handlers={WaveClosed.TYPE: on_wave_closed},
    finish=score_touched,
    gather_seconds=0.05,  # waves close at their hour, many at once
)

service = Service(
    name="scoring",
    description="Performance scores: frameworks, evidence, live scores with their bounds and reasons, determinations.",
    settings=ScoringSettings,
    routers=(
        frameworks,
        evidence,
        scores,
        impacts,
        targets,
        evaluators,
        evaluation_tasks,
        evaluation_cases,
        evaluations,
        calibrations,
        determinations,
        comparisons,
        provenance,
        results,
        rectifications,
        appeals,
        libraries,
        reports,
        issued_reports,
    ),
    subscriptions=(contracts_subscription, surveys_subscription),
    jobs=(
        RESCORE_JOB,
        SCORE_JOB,
        FRAMEWORK_JOB,
        IMPACT_JOB,
        UNCERTAINTY_JOB,
        FOLLOWING_JOB,
        ENTER_JOB,
        open_results_job,
        open_missed_job,
        result_clocks_job,
        follow_use_job,
        rectification_clocks_job,
        appeal_clocks_job,
        flag_decided_job,
        ANNUAL_JOB,
        EVALUATIONS_OVERDUE,
    ),
    snapshot=snapshot,
)
