"""Events of the contracts service: the contract's life, what was observed and what was paid."""

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from shared.events.base import Amount, EventData, Figure, event

__all__ = [
    "AcceptanceRecorded",
    "AgreedIndicator",
    "ContractActivated",
    "ContractCancelled",
    "ContractCompleted",
    "ContractCreated",
    "ContractImported",
    "ContractResumed",
    "ContractState",
    "ContractSubmitted",
    "ContractSuspended",
    "ContractTerminated",
    "ContractUpdated",
    "LedgerPosted",
    "MilestoneState",
    "MonitoringAlertChanged",
    "NeedsBasis",
    "ObservationRecorded",
    "OrganisationRecorded",
    "PartyRef",
    "RecipientsOpinion",
]


class _Part(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)


class PartyRef(_Part):
    """A party of the contract as it was named when the event was written."""

    organisation_id: UUID
    name: str
    uscc: str | None = Field(None, description="Unified social credit code (GB 32100-2015); null when unknown.")


class AgreedIndicator(_Part):
    """A level-3 indicator agreed in the contract."""

    indicator_id: UUID
    code: str
    name: str
    level: str = Field(description="output | benefit | satisfaction (产出 | 效益 | 满意度).")
    aspect: str = Field(
        description="output: quantity | quality | timeliness | cost; benefit: economic | social | ecological | "
        "sustained; satisfaction."
    )
    unit: str
    direction: str = Field(description="higher (more is better) or lower (less is better).")
    target: Figure
    zero_at: Figure | None = Field(None, description="direction lower only: the value at which the score reaches 0.")
    baseline: Figure | None = Field(None, description="Value before this contract, for quality compared with before.")
    standard: str = Field("plan", description="plan | sector | history (计划 | 行业 | 历史标准).")
    weight: Figure = Field(description="Points of the indicator inside its level; relative, any positive number.")
    accountable: str = Field("provider", description="purchaser | provider | joint | outside.")
    missing: str = Field("hold", description="hold | zero | reweight.")


class MilestoneState(_Part):
    """A milestone with its present state."""

    milestone_id: UUID
    code: str
    title: str
    kind: str = Field(description="delivery or financing.")
    percentage: Figure = Field(description="Share of its kind in per cent; all of a kind sum to exactly 100.")
    due_on: date | None = None
    status: str = Field(description="scheduled | met | partlyMet | notMet.")
    met_on: date | None = None


class NeedsBasis(_Part):
    """Why the service was bought: the answer to the first of the four questions."""

    kind: str = Field(description="wave | document | none.")
    reference: str | None = Field(None, description="Wave id, or number or hash of the document.")
    reason: str | None = Field(None, description="Why there is none.")


class ContractState(EventData):
    """The whole contract aggregate at one version; base of all state events of a contract."""

    contract_id: UUID
    version: int = Field(ge=1)
    region: str
    contract_number: str | None = None
    title: str
    state: str = Field(description="draft | pending | active | suspended | completed | terminated | cancelled.")
    origin: str = Field("native", description="native | import.")
    simulated: bool = False
    service_category: str | None = Field(None, description="Item of the guiding catalogue, for example A05.")
    purchaser: PartyRef
    provider: PartyRef | None = None
    currency: str = "CNY"
    value: Amount | None = Field(None, description="Contract value in force, amendments included.")
    budget: Amount | None = Field(None, description="Budget line of the contract; null when unknown.")
    signed_on: date | None = None
    starts_on: date | None = None
    ends_on: date | None = None
    ended_at: datetime | None = None
    end_reason: str | None = Field(None, description="complete | incomplete | cancelled | unsuccessful.")
    procurement_method: str | None = Field(None, description="open | selective | limited | direct.")
    tenderers: Annotated[int, Field(ge=0)] | None = None
    beneficiary_population: Annotated[int, Field(ge=0)] | None = None
    needs_basis: NeedsBasis | None = None
    indicators: tuple[AgreedIndicator, ...] = ()
    milestones: tuple[MilestoneState, ...] = ()


@event("contracts.contract.created.v1", kind="state")
class ContractCreated(ContractState):
    """A contract was drafted."""


@event("contracts.contract.updated.v1", kind="state")
class ContractUpdated(ContractState):
    """Terms, indicators or milestones of a contract changed without a change of its state."""


@event("contracts.contract.submitted.v1", kind="state")
class ContractSubmitted(ContractState):
    """A draft was submitted for signature (state pending)."""


@event("contracts.contract.activated.v1", kind="state")
class ContractActivated(ContractState):
    """A contract came into force."""


@event("contracts.contract.suspended.v1", kind="state")
class ContractSuspended(ContractState):
    """A contract in force was suspended."""


@event("contracts.contract.resumed.v1", kind="state")
class ContractResumed(ContractState):
    """A suspended contract is in force again."""


@event("contracts.contract.completed.v1", kind="state")
class ContractCompleted(ContractState):
    """A contract was completed: accepted, its money reconciled, its milestones reported."""


@event("contracts.contract.terminated.v1", kind="state")
class ContractTerminated(ContractState):
    """A contract ended before its completion."""


@event("contracts.contract.cancelled.v1", kind="state")
class ContractCancelled(ContractState):
    """A contract was cancelled before it came into force."""


@event("contracts.contract.imported.v1", kind="state")
class ContractImported(ContractState):
    """A contract of the past was imported at its true state, with its gaps listed."""

    gaps: tuple[str, ...] = Field((), description="What the source did not have: signature, period, uscc, region, ...")


@event("contracts.organisation.recorded.v1", kind="state")
class OrganisationRecorded(EventData):
    """An organisation was recorded or changed (national reference data)."""

    organisation_id: UUID
    version: int = Field(ge=1)
    name: str
    uscc: str | None = None
    roles: tuple[str, ...] = Field(description="purchaser | provider | evaluator.")
    simulated: bool = False
    individual: bool = Field(default=False, description="A person; the name is a pseudonym, a keyed hash.")
    status: str = Field("active", description="active | succeeded (merged or split up) | dissolved.")
    ended_on: date | None = Field(None, description="Since when it is no longer active.")
    succeeded_by: tuple[UUID, ...] = Field((), description="Organisations that took its place.")
    record_from: tuple[UUID, ...] = Field(
        (), description="Predecessors whose track record counts for it by a recorded decision."
    )


@event("contracts.observation.recorded.v1", kind="fact")
class ObservationRecorded(EventData):
    """An actual value of an agreed indicator was recorded."""

    observation_id: UUID
    contract_id: UUID
    region: str
    indicator_id: UUID
    indicator_code: str
    value: Figure
    observed_on: date
    document_sha256: str | None = None
    supersedes: UUID | None = Field(None, description="The observation that this one corrects.")
    recorded_at: datetime


@event("contracts.ledger.posted.v1", kind="fact")
class LedgerPosted(EventData):
    """An entry was posted to the contract's money ledger."""

    entry_id: UUID
    contract_id: UUID
    region: str
    kind: str = Field(
        description="commitment | acceptance | payment | deduction | refund | reversal | budget | interest | "
        "interestPayment | penalty | penaltyReceipt."
    )
    amount: Amount = Field(description="Always positive; the kind gives the direction.")
    currency: str
    booked_on: date
    voucher: str | None = None
    reverses: UUID | None = Field(None, description="kind reversal only: the entry that is taken back in full.")
    recorded_at: datetime
    budget_project_id: UUID | None = Field(None, description="Budget project that the money is of.")
    budget_year: int | None = Field(None, description="Budget year that it counts in.")
    cause: str | None = Field(
        None, description="deduction, penalty and what takes them back: result (a poor result) | saving | damages."
    )
    payable: Amount | None = Field(
        None,
        description="Signed change of the accepted value payable before deductions that a poor result caused, which is "
        "the execution that a score may count: an acceptance adds, a lawful saving (cause saving) lessens it and the "
        "value that it is compared with, taking back does the opposite; null for entries without part in it.",
    )


@event("contracts.monitoring.changed.v1", kind="state")
class MonitoringAlertChanged(EventData):
    """An alert of dual monitoring was raised, decided, or ended in a suspension; figures in per cent."""

    alert_id: UUID
    version: int = Field(ge=1)
    contract_id: UUID
    region: str
    kind: str = Field(description="executionBelowThreshold | progressGap.")
    month: date = Field(description="First day of the month that was monitored.")
    execution: Figure = Field(description="Execution: of the year's budget, or of the contract for a gap.")
    threshold: Figure = Field(description="Least execution, or largest distance in percentage points.")
    progress: Figure | None = Field(None, description="Progress of the goals; null when nothing was observed.")
    rule: str = Field(description="Version and source of the rule.")
    state: str = Field(description="open | suspended | decided.")
    decision: str | None = Field(None, description="continue | transfer | cancel.")
    reason: str | None = None
    decide_by: date
    opened_at: datetime
    suspended_at: datetime | None = None
    decided_at: datetime | None = None


class RecipientsOpinion(_Part):
    """The recipients' opinion at acceptance (Reg. art. 45(2)): an on-site record or an already closed wave."""

    kind: str = Field(description="onSite | wave.")
    people: int = Field(0, ge=0, description="Recipients who were asked.")
    satisfied: int = Field(0, ge=0, description="Of these, satisfied.")
    reference: str | None = Field(None, description="Hash of the minutes, or the wave's id.")


@event("contracts.acceptance.recorded.v1", kind="fact")
class AcceptanceRecorded(EventData):
    """The service was accepted (or refused) against the contract's standards."""

    acceptance_id: UUID
    contract_id: UUID
    region: str
    result: str = Field(description="accepted | partlyAccepted | rejected.")
    accepted_on: date
    accepted_value: Amount
    currency: str
    opinion: RecipientsOpinion | None = None
    recorded_at: datetime
