"""Bodies and answers about acceptances."""

from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Literal, Self
from uuid import UUID

from pydantic import Field, StrictInt, model_validator

from shared.web import Model, Money, Out

__all__ = ["AcceptanceIn", "AcceptanceOut", "OpinionIn", "OpinionOut", "ParticipantsIn", "StandardIn"]

Count = Annotated[StrictInt, Field(ge=0, le=2_000_000_000)]


class OpinionIn(Model):
    """The recipients' opinion: asked on the spot, or the published result of a wave that is closed already."""

    kind: Literal["onSite", "wave"] = Field(description="onSite | wave.")
    people: Count = Field(0, description="Recipients who were asked; at least one on site.")
    satisfied: Count = Field(0, description="Of these, satisfied.")
    reference: str | None = Field(
        None, min_length=1, max_length=200, description="Hash of the minutes, or the wave's id (needed for wave)."
    )

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.satisfied > self.people:
            raise ValueError("satisfied cannot be more than people")
        if self.kind == "onSite" and self.people == 0:
            raise ValueError("an on-site record names how many people were asked")
        if self.kind == "wave" and self.reference is None:
            raise ValueError("a wave's result needs the wave's id as reference")
        return self


class StandardIn(Model):
    """What one standard of the contract came to (Reg. 658 art. 45: each technical, service and safety standard)."""

    standard: str = Field(min_length=1, max_length=500, description="The standard as the contract names it.")
    kind: Literal["technical", "service", "safety"] = Field(description="technical | service | safety.")
    result: Literal["met", "partly", "notMet"] = Field(description="met | partly | notMet.")
    evidence: str | None = Field(
        None, min_length=1, max_length=2000, description="What shows it; needed where no document does."
    )
    document_sha256: str | None = Field(
        None, pattern=r"^[0-9a-f]{64}$", description="SHA-256 of the document that shows it."
    )

    @model_validator(mode="after")
    def _shown(self) -> Self:
        if self.evidence is None and self.document_sha256 is None:
            raise ValueError("a standard's result is shown by evidence or by a document")
        return self


class ParticipantsIn(Model):
    """Recipients who were asked on site, as a count of a group; nobody is named."""

    group: str = Field(min_length=1, max_length=100, description="Which recipients.", examples=["服务对象家属"])
    people: Annotated[StrictInt, Field(ge=1, le=2_000_000_000)] = Field(description="How many of them.")


class AcceptanceIn(Model):
    """A result of acceptance to record."""

    result: Literal["accepted", "partlyAccepted", "rejected"] = Field(
        description="accepted | partlyAccepted | rejected."
    )
    accepted_on: date = Field(description="Date of acceptance; not in the future.")
    delivered_on: date | None = Field(
        None,
        description="Date of delivery, not after the acceptance: the clock of payment may run from it (see the "
        "contract's payment terms).",
    )
    accepted_value: Annotated[Money, Field(ge=0, lt=10**16)] = Field(
        Decimal(0),
        description="Value of what was accepted, in the contract's currency; over 0 unless rejected.",
        examples=["120000.00"],
    )
    opinion: OpinionIn | None = Field(
        None, description="The recipients' opinion; public services need it (Reg. 658 art. 45(2))."
    )
    document_sha256: str | None = Field(
        None, pattern=r"^[0-9a-f]{64}$", description="SHA-256 of the acceptance report."
    )
    note: str | None = Field(None, min_length=1, max_length=2000, description="Remark.")
    standards: list[StandardIn] | None = Field(
        None, min_length=1, max_length=200, description="Standard by standard; left out where the report alone has it."
    )
    participants: list[ParticipantsIn] | None = Field(
        None, min_length=1, max_length=50, description="Who was asked on site, as counts that sum to opinion.people."
    )
    minutes_sha256: str | None = Field(
        None, pattern=r"^[0-9a-f]{64}$", description="SHA-256 of the minutes of the recipients' opinion."
    )
    repeats: UUID | None = Field(
        None, description="The rejected or partly accepted acceptance that this one was held again for."
    )

    @model_validator(mode="after")
    def _standards_fit(self) -> Self:
        if self.standards is None:
            return self
        if len({each.standard for each in self.standards}) < len(self.standards):
            raise ValueError("a standard is named twice")
        results = {each.result for each in self.standards}
        if self.result == "accepted" and "notMet" in results:
            raise ValueError("accepted has no standard that is notMet; the result is partlyAccepted or rejected")
        if self.result == "rejected" and results == {"met"}:
            raise ValueError("rejected has a standard that is not met")
        return self

    @model_validator(mode="after")
    def _participants_fit(self) -> Self:
        if self.participants is None and self.minutes_sha256 is None:
            return self
        if self.opinion is None or self.opinion.kind != "onSite":
            raise ValueError("participants and minutes_sha256 belong to an opinion of kind onSite")
        if self.participants is not None and sum(each.people for each in self.participants) != self.opinion.people:
            raise ValueError(f"participants sum to opinion.people ({self.opinion.people})")
        return self

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if (self.result == "rejected") == (self.accepted_value > 0):
            raise ValueError("accepted_value is over 0 for accepted and partlyAccepted, and left out for rejected")
        if self.delivered_on is not None and self.delivered_on > self.accepted_on:
            raise ValueError("delivered_on is not after accepted_on")
        return self


class OpinionOut(Out):
    """The recipients' opinion."""

    kind: str = Field(description="onSite | wave.")
    people: int = Field(description="Recipients who were asked.")
    satisfied: int = Field(description="Of these, satisfied.")
    reference: str | None = Field(description="Hash of the minutes, or the wave's id.")


class StandardOut(Out):
    """What one standard came to."""

    standard: str = Field(description="The standard.")
    kind: str = Field(description="technical | service | safety.")
    result: str = Field(description="met | partly | notMet.")
    evidence: str | None = Field(description="What shows it.")
    document_sha256: str | None = Field(description="SHA-256 of the document that shows it.")


class ParticipantsOut(Out):
    """Recipients who were asked, as a count of a group."""

    group: str = Field(description="Which recipients.")
    people: int = Field(description="How many of them.")


class AcceptanceOut(Out):
    """A result of acceptance."""

    id: UUID = Field(description="Id of the acceptance.")
    contract_id: UUID = Field(description="Contract.")
    result: str = Field(description="accepted | partlyAccepted | rejected.")
    accepted_on: date = Field(description="Date of acceptance.")
    accepted_value: Money = Field(description="Value of what was accepted.")
    currency: str = Field(description="ISO 4217 code.")
    opinion: OpinionOut | None = Field(description="The recipients' opinion.")
    document_sha256: str | None = Field(description="SHA-256 of the acceptance report.")
    note: str | None = Field(description="Remark.")
    entry_id: UUID | None = Field(
        description="Ledger entry that its value was booked with; reversing it takes the acceptance back."
    )
    recorded_at: datetime = Field(description="When it was recorded.")
    standards: list[StandardOut] | None = Field(description="Standard by standard; null where only the report has it.")
    participants: list[ParticipantsOut] | None = Field(description="Who was asked on site, as counts.")
    minutes_sha256: str | None = Field(description="SHA-256 of the minutes of the recipients' opinion.")
    wave_known: bool | None = Field(
        description="Opinion by a wave: whether its closing was heard of here (else it stands by reference); else null."
    )
    repeats: UUID | None = Field(description="The acceptance that this one was held again for.")
