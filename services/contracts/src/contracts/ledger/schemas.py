"""Bodies and answers about the ledger."""

from datetime import date, datetime
from typing import Annotated, Literal, Self
from uuid import UUID

from pydantic import Field, model_validator

from shared.web import Model, Money, Out

__all__ = ["EntryIn", "EntryOut"]

Kind = Literal["commitment", "acceptance", "payment", "deduction", "refund", "reversal"]


class EntryIn(Model):
    """An entry to post. A reversal names the entry that it takes back in full; every other kind has an amount."""

    kind: Kind = Field(
        description="commitment | payment | deduction | refund | reversal; an acceptance books its own entry."
    )
    amount: Annotated[Money, Field(gt=0, lt=10**16)] | None = Field(
        None,
        description="Over 0, two decimals, a JSON string; the kind gives the direction. Not for a reversal.",
        examples=["60000.00"],
    )
    currency: str | None = Field(None, pattern=r"^[A-Z]{3}$", description="ISO 4217; the contract's when left out.")
    booked_on: date = Field(description="Date of the booking; not in the future.")
    voucher: str | None = Field(
        None, min_length=1, max_length=100, description="Number of the voucher; booked once per contract."
    )
    milestone_id: UUID | None = Field(None, description="The milestone that the money is for.")
    reverses: UUID | None = Field(None, description="kind reversal only: the entry that is taken back in full.")
    note: str | None = Field(
        None, min_length=1, max_length=2000, description="Remark; a reversal needs it: why it is taken back."
    )

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.kind == "reversal":
            if self.reverses is None or self.note is None or self.amount is not None:
                raise ValueError("a reversal has reverses and note, and no amount: it takes the whole entry back")
        elif self.amount is None or self.reverses is not None:
            raise ValueError(f"an entry of kind {self.kind} has an amount and no reverses")
        return self


class EntryOut(Out):
    """An entry of the ledger: one debit and one credit of the same amount."""

    id: UUID = Field(description="Id of the entry.")
    contract_id: UUID = Field(description="Contract.")
    kind: str = Field(description="commitment | acceptance | payment | deduction | refund | reversal.")
    debit_account: str = Field(
        description="commitments | services | payables | treasury | deductions | commitments_reserve."
    )
    credit_account: str = Field(description="The same accounts.")
    amount: Money = Field(description="Always over 0; the kind gives the direction.")
    currency: str = Field(description="ISO 4217 code.")
    booked_on: date | None = Field(description="Date of the booking; null where the source of an import has none.")
    voucher: str | None = Field(description="Number of the voucher.")
    external_id: str | None = Field(description="Id of the transaction in the source of an import.")
    milestone_id: UUID | None = Field(description="The milestone that the money is for.")
    reverses: UUID | None = Field(description="The entry that is taken back.")
    note: str | None = Field(description="Remark.")
    recorded_at: datetime = Field(description="When it was posted.")
