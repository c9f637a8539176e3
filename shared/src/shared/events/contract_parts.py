"""Parts of the contract as its events carry them: parties, indicators, milestones, lots, shares, marks."""

from datetime import date, datetime
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from shared.events.base import Amount, Figure

__all__ = [
    "AgreedIndicator",
    "ConfirmationState",
    "DisclosureLevel",
    "LotState",
    "MemberState",
    "MilestoneState",
    "NeedsBasis",
    "PartyRef",
    "RecipientsOpinion",
    "RegionShareState",
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
    added_after_the_fact: bool = Field(
        default=False, description="Recorded after the contract was in force and not agreed in it; lifts no grade."
    )


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


class LotState(_Part):
    """A lot of the contract (分包)."""

    lot_id: UUID
    code: str
    title: str
    description: str | None = None
    value: Amount = Field(description="Its part of the contract value; the lots sum to it.")


class MemberState(_Part):
    """One of several purchasers, or of several joint providers (联合体成员)."""

    member_id: UUID
    side: str = Field(description="purchaser | provider.")
    organisation_id: UUID
    name: str
    uscc: str | None = None
    share: Figure = Field(description="Share of the money in per cent; the members of a side sum to exactly 100.")
    lead: bool = Field(description="Whether it leads its side: it stands as purchaser or provider of the contract too.")


class RegionShareState(_Part):
    """A region that has a share of the contract's money."""

    region: str
    share: Figure = Field(description="Share of the money in per cent; the regions sum to exactly 100.")


class ConfirmationState(_Part):
    """A party's standing confirmation of the terms."""

    side: str = Field(description="purchaser | provider.")
    organisation_id: UUID
    terms_sha256: str = Field(description="SHA-256 of the RFC 8785 form of the terms that were confirmed.")
    confirmed_at: datetime


class DisclosureLevel(_Part):
    """A level above public of a contract, a field or a document; it falls back to public after its last day."""

    subject: str = Field(description="contract | field | document.")
    target: str = Field(description="* for the contract, the field's code, or the SHA-256 of the document.")
    level: str = Field(description="internal | commercialSecret | personal.")
    until: date | None = Field(None, description="Last day on which it counts; null without end.")


class RecipientsOpinion(_Part):
    """The recipients' opinion at acceptance (Reg. art. 45(2)): an on-site record or an already closed wave."""

    kind: str = Field(description="onSite | wave.")
    people: int = Field(0, ge=0, description="Recipients who were asked.")
    satisfied: int = Field(0, ge=0, description="Of these, satisfied.")
    reference: str | None = Field(None, description="Hash of the minutes, or the wave's id.")
