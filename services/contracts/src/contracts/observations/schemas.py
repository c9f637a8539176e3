"""Bodies and answers about observations."""

from datetime import date, datetime
from typing import Literal
from uuid import UUID

from pydantic import Field

from shared.web import Figure, Model, Out

__all__ = ["CombinedIn", "CombinedOut", "CombinedPartOut", "DoubtOut", "ObservationIn", "ObservationOut"]


class ObservationIn(Model):
    """An actual value to record."""

    indicator_id: UUID = Field(description="Indicator agreed in the contract.")
    value: Figure = Field(description="Actual value in the indicator's unit; a JSON string.", examples=["11850"])
    observed_on: date = Field(description="The date that the value stands for; not in the future.")
    document_sha256: str | None = Field(
        None, pattern=r"^[0-9a-f]{64}$", description="SHA-256 of the document that proves it."
    )
    note: str | None = Field(
        None, min_length=1, max_length=2000, description="Remark; a correction needs it: why it is corrected."
    )
    supersedes: UUID | None = Field(None, description="The observation that this one corrects.")
    lot_id: UUID | None = Field(
        None,
        description="Lot that it is about. An observation of a part is shown and published; a score takes those of the "
        "whole contract (POST .../observations/combined makes one of them).",
    )
    call_off_id: UUID | None = Field(None, description="Call-off of this framework agreement that it is about.")
    member_id: UUID | None = Field(None, description="Member of a side that it is about.")


class CombinedIn(Model):
    """A value of the whole contract to make from those of its parts."""

    indicator_id: UUID = Field(description="Indicator agreed in the contract.")
    of: Literal["providers", "purchasers", "lots", "callOffs"] = Field(
        description="The parts: joint providers, several purchasers, lots, or the call-offs of a framework agreement."
    )
    rule: Literal["sum", "shareMean"] = Field(
        description="sum (what the parts delivered together) | shareMean (a rate, weighted by shares of the money)."
    )
    observed_on: date = Field(description="The date that the value stands for; of each part the latest until then.")
    document_sha256: str | None = Field(
        None, pattern=r"^[0-9a-f]{64}$", description="SHA-256 of the document that proves it."
    )
    note: str | None = Field(None, min_length=1, max_length=2000, description="Remark; a correction needs it.")
    supersedes: UUID | None = Field(None, description="The observation of the whole that this one corrects.")


class CombinedPartOut(Out):
    """A part of a combined value."""

    part_id: UUID = Field(description="Member, lot or call-off.")
    observation_id: UUID = Field(description="Its observation that counted.")
    weight: Figure = Field(description="Its share per cent, or its money.")


class CombinedOut(Out):
    """What a value of the whole was made from."""

    of: str = Field(description="providers | purchasers | lots | callOffs.")
    rule: str = Field(description="sum | shareMean.")
    parts: list[CombinedPartOut] = Field(description="Every part.")


class DoubtOut(Out):
    """What is doubtful about a value."""

    code: str = Field(
        description="beforeTerm | afterTerm (the day lies outside the term as it is now) | negative | overTheWhole "
        "(over 100 %) | farOverTarget (over ten times the agreed value) | impossible (recorded before it was refused)."
    )
    detail: str = Field(description="The figures.")


class ObservationOut(Out):
    """An actual value of an agreed indicator."""

    id: UUID = Field(description="Id of the observation.")
    contract_id: UUID = Field(description="Contract.")
    indicator_id: UUID = Field(description="Indicator.")
    indicator_code: str = Field(description="Code of the indicator.")
    value: Figure = Field(description="Actual value in the indicator's unit.")
    observed_on: date = Field(description="The date that the value stands for.")
    document_sha256: str | None = Field(description="SHA-256 of the document that proves it.")
    note: str | None = Field(description="Remark.")
    supersedes: UUID | None = Field(description="The observation that this one corrects.")
    lot_id: UUID | None = Field(description="Lot that it belongs to.")
    call_off_id: UUID | None = Field(description="Call-off that it belongs to.")
    member_id: UUID | None = Field(description="Member that it belongs to.")
    combined: CombinedOut | None = Field(description="What it was made from; null for what was observed as it stands.")
    recorded_at: datetime = Field(description="When it was recorded.")
    withdrawn_at: datetime | None = Field(description="When it was taken back, with the import that recorded it.")
    warnings: list[DoubtOut] = Field(description="Doubts about it; they keep no score from counting it.")
