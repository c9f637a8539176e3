"""Bodies and answers about amendments."""

from datetime import date, datetime
from typing import Annotated, Any, Literal, Self
from uuid import UUID

from pydantic import Field, model_validator

from contracts.structure.schemas import AgreementOut
from shared.web import Figure, Model, Money, Out

__all__ = [
    "AmendmentIn",
    "AmendmentOut",
    "AmendmentsOut",
    "ConfirmIn",
    "LotChangeIn",
    "MilestoneChangeIn",
    "ReasonOut",
    "ReasonsOut",
    "TextChangeIn",
    "WithdrawIn",
]

Code = Annotated[str, Field(min_length=1, max_length=64, pattern=r"^\S+$")]
Amount = Annotated[Money, Field(ge=0, lt=10**16)]
Term = Literal["content", "term", "quantity", "quality", "price", "settlement", "rightsAndDuties", "liability", "other"]


class MilestoneChangeIn(Model):
    """A scheduled milestone with what changes of it, or a new one (then title and percentage are needed)."""

    code: Code = Field(description="Code of a milestone of the contract, or a new one.")
    title: str | None = Field(None, min_length=1, max_length=300, description="What is due.")
    kind: Literal["delivery", "financing"] | None = Field(
        None, description="delivery | financing; of a new milestone only, delivery when left out."
    )
    percentage: Annotated[Figure, Field(ge=0, le=100)] | None = Field(
        None, description="Share of its kind in per cent; afterwards all of a kind sum to exactly 100."
    )
    due_on: date | None = Field(None, description="When it is due; left out: as before.")


class LotChangeIn(Model):
    """The new value of a lot; afterwards the lots sum to the contract's value."""

    code: Code = Field(description="Code of the lot.")
    value: Amount = Field(description="Its value, two decimals, a JSON string.")


class TextChangeIn(Model):
    """A change of the contract's text that no field of the contract holds."""

    term: Term = Field(
        description="The term that it is about: content | term | quantity | quality | price | settlement | "
        "rightsAndDuties | liability | other."
    )
    before: str = Field(max_length=4000, description="The words as they are; empty for an addition.")
    after: str = Field(max_length=4000, description="The words as they shall be; empty for a deletion.")

    @model_validator(mode="after")
    def _changes(self) -> Self:
        if self.before == self.after:
            raise ValueError("before and after are the same")
        return self


class AmendmentIn(Model):
    """An amendment to propose. What is left out stays as it is."""

    reason_code: Code = Field(description="Code of GET /v1/amendments/reasons.", examples=["quantityAdjustment"])
    rationale: str = Field(min_length=1, max_length=4000, description="Why, in the words of the supplement.")
    amended_on: date = Field(
        description="Date of the supplement; not before the contract's and the last amendment's, not in the future."
    )
    value: Amount | None = Field(
        None, description="Contract value from then on, two decimals, a JSON string.", examples=["126000.00"]
    )
    starts_on: date | None = Field(None, description="First day of the term from then on.")
    ends_on: date | None = Field(None, description="Last day of the term from then on.")
    milestones: list[MilestoneChangeIn] = Field([], max_length=60, description="Milestones that change or are added.")
    lots: list[LotChangeIn] = Field([], max_length=200, description="Lots whose value changes.")
    texts: list[TextChangeIn] = Field([], max_length=60, description="Changes of the text.")
    document_sha256: str | None = Field(
        None, pattern=r"^[0-9a-f]{64}$", description="SHA-256 of the supplement (补充协议)."
    )


class ConfirmIn(Model):
    """For whom the amendment is confirmed."""

    side: Literal["purchaser", "provider"] | None = Field(
        None, description="purchaser | provider; needed when the token names no organisation of a party."
    )
    organisation_id: UUID | None = Field(
        None, description="Party; needed where its side has several members and the token names none of them."
    )


class WithdrawIn(Model):
    """Why the proposal is withdrawn or declined."""

    reason: str = Field(min_length=1, max_length=2000, description="The reason.")


class ConfirmationOut(Out):
    """Who confirmed for a side, and when."""

    by: str = Field(description="Subject of the token.")
    at: datetime = Field(description="When.")


class AmendmentOut(Out):
    """An amendment from its proposal on."""

    id: UUID = Field(description="Id of the amendment.")
    contract_id: UUID = Field(description="Contract.")
    version: int = Field(description="Counts its changes.")
    state: str = Field(description="proposed | inForce | withdrawn.")
    number: int | None = Field(description="Counts the contract's amendments from 1; given when it comes into force.")
    reason_code: str = Field(description="Code of its reason.")
    rationale: str = Field(description="Why.")
    amended_on: date = Field(description="Date of the supplement.")
    contract_version: int = Field(
        description="Version of the contract that it was proposed against; in force: the one from which on it is."
    )
    currency: str = Field(description="ISO 4217 code.")
    value_before: Money | None = Field(description="Contract value before it.")
    value_after: Money | None = Field(description="Contract value from it on.")
    starts_on_before: date | None = Field(description="First day of the term before it.")
    starts_on_after: date | None = Field(description="First day of the term from it on.")
    ends_on_before: date | None = Field(description="Last day of the term before it.")
    ends_on_after: date | None = Field(description="Last day of the term from it on.")
    milestones: list[dict[str, Any]] = Field(description="Milestones that change: code, before (null: new), after.")
    lots: list[dict[str, Any]] = Field(description="Lots that change: code, before, after.")
    texts: list[dict[str, Any]] = Field(description="Changes of the text: term, before, after.")
    warnings: list[dict[str, Any]] = Field(
        description="Rules that it goes over and that do not refuse (not confirmed, or set aside): what, rule, figures."
    )
    document_sha256: str | None = Field(description="SHA-256 of the supplement.")
    proposed_by: str = Field(description="Who proposed it.")
    proposed_at: datetime = Field(description="When.")
    purchaser: ConfirmationOut | None = Field(description="The purchaser's confirmation: the last of its members'.")
    provider: ConfirmationOut | None = Field(description="The provider's confirmation: the last of its members'.")
    agreement: AgreementOut = Field(description="Confirmations party by party, and who has not given one yet.")
    closed_at: datetime | None = Field(description="When it came into force or was withdrawn.")
    close_reason: str | None = Field(description="Why it was withdrawn.")


class AmendmentsOut(Out):
    """The amendments of a contract, proposals included, in the order of their proposal."""

    items: list[AmendmentOut] = Field(description="The amendments.")
    value_at_signing: Money | None = Field(description="Value that the cap is a share of; null when not known.")
    increases: Money = Field(description="Sum of the increases in force; a decrease makes no room for another.")


class ReasonOut(Out):
    """A reason for which a contract may be amended."""

    code: str = Field(description="Code.")
    zh: str = Field(description="In Chinese.")
    en: str = Field(description="In English.")
    needs: list[str] = Field(description="Effects that the amendment must have; a|b: one of them.")
    may: list[str] = Field(
        description="Further effects that it can have: valueUp, valueDown, termLonger, termShorter, start, milestones, "
        "texts."
    )
    source: str = Field(description="Where it comes from.")
    confidence: str = Field(description="How surely that is known: verified | memoryHigh | convention.")
    note: str | None = Field(description="Remark.")


class ReasonsOut(Out):
    """The reasons."""

    items: list[ReasonOut] = Field(description="The reasons, in the order of the list.")
