"""Events of the contracts service about rights and duties, inspections and findings."""

from datetime import date, datetime
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from shared.events.base import Amount, EventData, Figure, event

__all__ = [
    "FindingChanged",
    "FindingEffectTold",
    "FindingViolation",
    "InspectionRecorded",
    "ObligationDue",
    "ObligationMember",
    "ObligationNotice",
    "ObligationOverdue",
]


class _Part(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)


class ObligationMember(_Part):
    """An organisation that owes what a notice is about, or to which it is owed."""

    standing: str = Field(description="owes | owed.")
    side: str = Field(description="purchaser | provider | evaluator.")
    organisation_id: UUID
    share: Figure = Field(description="Its share of its side's money in per cent; 100 where it stands alone.")
    lead: bool = Field(description="Whether it leads its side, or stands alone.")


class ObligationNotice(EventData):
    """A right or duty whose last day is near or past; base of its events."""

    notice_id: UUID
    obligation_id: UUID
    contract_id: UUID
    region: str
    simulated: bool = False
    code: str = Field(description="Which one: the rule's code, with what it is about.")
    side: str = Field(description="Whose: purchaser | provider | evaluator | beneficiary | finance.")
    nature: str = Field(description="duty | right.")
    organisation_id: UUID | None = None
    text_zh: str
    text_en: str
    source: str | None = Field(None, description="Instrument and article, or the contract; null: a convention.")
    confidence: str = Field(description="How surely the rule is known; agreed: the contract says so.")
    due_on: date = Field(description="The last day.")
    members: tuple[ObligationMember, ...] = Field(
        (),
        description="Every organisation that owes it and, of a payment, to which it is owed: joint purchasers and "
        "providers each with its share. Empty in notices from before there was this field.",
    )


@event("contracts.obligation.due.v1", kind="fact")
class ObligationDue(ObligationNotice):
    """The last day of a duty is near; told once for each last day."""


@event("contracts.obligation.overdue.v1", kind="fact")
class ObligationOverdue(ObligationNotice):
    """The last day of a duty has passed without proof that it was done; told once for each last day."""


@event("contracts.inspection.recorded.v1", kind="state")
class InspectionRecorded(EventData):
    """An inspection was planned, carried out or cancelled."""

    inspection_id: UUID
    version: int = Field(ge=1)
    contract_id: UUID
    region: str
    state: str = Field(description="planned | carriedOut | cancelled.")
    title: str
    planned_on: date
    visited_on: date | None = None
    announced: bool = Field(True, description="Whether the provider was told before.")
    checked: int = Field(0, ge=0, description="Points of the checklist that were looked at.")
    not_met: int = Field(0, ge=0, description="Of these, not met or met in part.")
    documents: tuple[str, ...] = Field((), description="SHA-256 of its documents.")
    recorded_at: datetime


class FindingViolation(_Part):
    """One violation of a finding."""

    type: str = Field(description="Code of the rule set's list of violations.")
    text: str
    result: str | None = Field(None, description="eliminated | not_eliminated | no_mechanism; null until resolved.")


class FindingEffectTold(_Part):
    """What a finding led to."""

    effect_id: UUID
    kind: str = Field(description="payment | renewal | budget.")
    decision: str
    entry_id: UUID | None = Field(None, description="The ledger entry that carries it.")
    amount: Amount | None = None
    currency: str


@event("contracts.finding.changed.v1", kind="state")
class FindingChanged(EventData):
    """A finding about a contract was opened or went on: concluded, reported, resolved, with effect, ended."""

    finding_id: UUID
    version: int = Field(ge=1)
    contract_id: UUID
    region: str
    simulated: bool = False
    inspection_id: UUID | None = None
    reason: str = Field(description="inspection | indicator | authorities | media | fiscal | public.")
    responsible: str = Field(description="Who must put it right: provider | purchaser.")
    state: str = Field(description="draft | active | addressed | declined | completed | closed | stopped | cancelled.")
    demand: str
    violations: tuple[FindingViolation, ...] = ()
    clock: str | None = Field(None, description="What runs: conclude | report | close.")
    due_on: date | None = Field(None, description="Its last day.")
    reported_at: datetime | None = None
    resolution: str | None = Field(None, description="completely | partly | none.")
    resolved_at: datetime | None = None
    effects: tuple[FindingEffectTold, ...] = ()
    recorded_at: datetime
