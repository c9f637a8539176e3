"""Bodies and answers about observations."""

from datetime import date, datetime
from uuid import UUID

from pydantic import Field

from shared.web import Figure, Model, Out

__all__ = ["ObservationIn", "ObservationOut"]


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
        "whole contract.",
    )
    call_off_id: UUID | None = Field(None, description="Call-off of this framework agreement that it is about.")
    member_id: UUID | None = Field(None, description="Member of a side that it is about.")


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
    recorded_at: datetime = Field(description="When it was recorded.")
    withdrawn_at: datetime | None = Field(description="When it was taken back, with the import that recorded it.")
