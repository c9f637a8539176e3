"""The table of contents of the scoring service: its slices in the order in which they may use each other."""

from scoring.determinations.routes import routes as determinations
from scoring.evidence.handlers import (
    on_acceptance_recorded,
    on_contract_state,
    on_ledger_posted,
    on_observation_recorded,
    on_wave_closed,
)
from scoring.evidence.routes import routes as evidence
from scoring.frameworks.routes import routes as frameworks
from scoring.scores.handlers import score_touched
from scoring.scores.rescore import RESCORE_JOB
from scoring.scores.routes import routes as scores
from scoring.settings import ScoringSettings
from scoring.snapshot import snapshot
from shared.events import (
    AcceptanceRecorded,
    ContractActivated,
    ContractCancelled,
    ContractCompleted,
    ContractCreated,
    ContractImported,
    ContractResumed,
    ContractSubmitted,
    ContractSuspended,
    ContractTerminated,
    ContractUpdated,
    LedgerPosted,
    ObservationRecorded,
    WaveClosed,
)
from shared.inbox import Subscription
from shared.service import Service

__all__ = ["SLICES", "contracts_subscription", "service", "surveys_subscription"]

# A later slice may use the earlier ones, never the other way round.
SLICES = ("frameworks", "evidence", "scores", "determinations")

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
        ObservationRecorded.TYPE: on_observation_recorded,
        LedgerPosted.TYPE: on_ledger_posted,
        AcceptanceRecorded.TYPE: on_acceptance_recorded,
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
    routers=(frameworks, evidence, scores, determinations),
    subscriptions=(contracts_subscription, surveys_subscription),
    jobs=(RESCORE_JOB,),
    snapshot=snapshot,
)
