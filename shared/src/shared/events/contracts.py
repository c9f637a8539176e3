"""Events of the contracts service: the contract's life, what was observed and what was paid."""

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from pydantic import Field

from shared.events.base import Amount, EventData, Figure, event
from shared.events.contract_parts import (
    AgreedIndicator,
    ConfirmationState,
    DisclosureLevel,
    LotState,
    MemberState,
    MilestoneState,
    NeedsBasis,
    PartyRef,
    RecipientsOpinion,
    RegionShareState,
)

__all__ = [
    "AcceptanceRecorded",
    "AgreedIndicator",
    "ConfirmationState",
    "ContractActivated",
    "ContractCancelled",
    "ContractCompleted",
    "ContractCorrected",
    "ContractCreated",
    "ContractImported",
    "ContractResumed",
    "ContractState",
    "ContractSubmitted",
    "ContractSuspended",
    "ContractTerminated",
    "ContractUpdated",
    "DisclosureLevel",
    "LedgerPosted",
    "LotState",
    "MemberState",
    "MilestoneState",
    "MonitoringAlertChanged",
    "NeedsBasis",
    "ObservationRecorded",
    "ObservationWithdrawn",
    "OrganisationRecorded",
    "PartyRef",
    "RecipientsOpinion",
    "RegionShareState",
]


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
    disclosure: tuple[DisclosureLevel, ...] = Field(
        (),
        description="What is not public. Texts that are marked are left out of the event; figures that are marked "
        "stay in it, and whoever hears them may not publish them.",
    )
    kind: str = Field(
        "single",
        description="single | framework | callOff. The money of a framework agreement is committed by its call-offs: "
        "its own value is no commitment and counts in no total.",
    )
    framework_id: UUID | None = Field(None, description="kind callOff: the framework agreement.")
    ceiling: Amount | None = Field(
        None, description="kind framework: most that its call-offs may sum to; its value where null."
    )
    lots: tuple[LotState, ...] = ()
    members: tuple[MemberState, ...] = Field(
        (), description="Purchasers and providers of a side with several; empty for a side with one."
    )
    regions: tuple[RegionShareState, ...] = Field((), description="Empty: all of the money is the own region's.")
    confirmations: tuple[ConfirmationState, ...] = Field((), description="Those that stand.")
    not_evaluable: str | None = Field(
        None, description="Why a contract of the past cannot be evaluated: a gap, never a score of 0; else null."
    )


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


@event("contracts.contract.corrected.v1", kind="state")
class ContractCorrected(ContractState):
    """A recorded term was corrected (更正) with a reason, a proof and a second person, perhaps after the end."""

    correction_id: UUID
    corrected: tuple[str, ...] = Field(
        description="Fields that hold another value now: `value`, `ends_on`, `indicators.<code>.target`, ..."
    )


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
    lot_id: UUID | None = Field(None, description="Lot that it is about; null: the whole contract.")
    call_off_id: UUID | None = Field(None, description="Call-off of the framework agreement that it is about.")
    member_id: UUID | None = Field(None, description="Member of a side that it is about.")


@event("contracts.observation.withdrawn.v1", kind="fact")
class ObservationWithdrawn(EventData):
    """An observation that an import recorded by mistake was taken back: nothing counts it any more."""

    withdrawal_id: UUID = Field(description="Derived from the observation's id: an observation is withdrawn once.")
    observation_id: UUID
    contract_id: UUID
    region: str
    indicator_id: UUID
    observed_on: date = Field(description="The date that the withdrawn value stood for.")
    supersedes: UUID = Field(description="The same as observation_id.")
    recorded_at: datetime


@event("contracts.ledger.posted.v1", kind="fact")
class LedgerPosted(EventData):
    """An entry was posted to the contract's money ledger."""

    entry_id: UUID
    contract_id: UUID
    region: str
    kind: str = Field(
        description="commitment | acceptance | payment | deduction | refund | reversal | budget | interest | "
        "interestPayment | penalty | penaltyReceipt | compensation | compensationPayment."
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
    lot_id: UUID | None = Field(None, description="Lot that it is about; null: the whole contract.")
    call_off_id: UUID | None = Field(None, description="Call-off of the framework agreement that it is about.")
    member_id: UUID | None = Field(None, description="Member of a side that it is about.")


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
    standards: dict[str, int] = Field(
        default_factory=dict, description="Standards of the contract by result: met | partly | notMet."
    )
    repeats: UUID | None = Field(None, description="The rejected acceptance that this one was held again for.")
