"""Bodies and answers about performance failures."""

from datetime import date, datetime
from typing import Annotated, Literal, Self
from uuid import UUID

from pydantic import Field, StrictInt, model_validator

from shared.web import Model, Money, Out

__all__ = ["FailureIn", "FailureOut", "PenaltyIn", "PenaltyOut", "WithdrawIn"]

Amount = Annotated[Money, Field(gt=0, lt=10**16)]
Category = Literal[
    "lateDelivery", "quantity", "quality", "safety", "staffing", "reporting", "complaints", "assignment", "other"
]
_CATEGORIES = (
    "lateDelivery | quantity | quality | safety | staffing | reporting | complaints | assignment (转包) | other."
)


class PenaltyIn(Model):
    """Money that is booked in the ledger for the failure."""

    kind: Literal["penalty", "deduction", "penaltyReceipt"] = Field(
        description="penalty (owed by the provider) | deduction (withheld from what is owed to it) | penaltyReceipt (a "
        "penalty was received)."
    )
    amount: Amount = Field(description="Over 0, two decimals, a JSON string.", examples=["2000.00"])
    booked_on: date = Field(description="Date of the booking; not in the future.")
    voucher: str | None = Field(
        None, min_length=1, max_length=100, description="Number of the voucher; booked once per contract."
    )
    note: str | None = Field(None, min_length=1, max_length=2000, description="Remark.")


class FailureIn(Model):
    """A failure to perform."""

    category: Category = Field(description=_CATEGORIES)
    description: str = Field(min_length=1, max_length=4000, description="What was not performed.")
    starts_on: date = Field(description="First day of it; not in the future.")
    ends_on: date | None = Field(None, description="Last day; null while it lasts.")
    events: Annotated[StrictInt, Field(ge=1, le=1_000_000)] = Field(1, description="How often it happened.")
    milestone_id: UUID | None = Field(None, description="The milestone that it is about.")
    penalty_contracted: Money | None = Field(
        None,
        ge=0,
        description="What the contract provides for it in all, two decimals; no more is imposed. Null: not stated.",
    )
    penalty_basis: str | None = Field(
        None, min_length=1, max_length=1000, description="The clause that provides for it (违约责任条款)."
    )
    document_sha256: str | None = Field(
        None, pattern=r"^[0-9a-f]{64}$", description="SHA-256 of the record that shows it."
    )
    penalty: PenaltyIn | None = Field(None, description="What is imposed at once; more by POST .../penalties.")

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.ends_on is not None and self.ends_on < self.starts_on:
            raise ValueError("ends_on is before starts_on")
        if self.penalty is not None and self.penalty.kind == "penaltyReceipt":
            raise ValueError("a penalty is imposed before it is received")
        return self


class WithdrawIn(Model):
    """Why the failure is withdrawn."""

    reason: str = Field(min_length=1, max_length=2000, description="The reason.")


class PenaltyOut(Out):
    """A standing ledger entry of the failure."""

    entry_id: UUID = Field(description="Ledger entry.")
    kind: str = Field(description="penalty | deduction | penaltyReceipt.")
    amount: Money = Field(description="Amount.")


class FailureOut(Out):
    """A failure to perform, with the money that was booked for it."""

    id: UUID = Field(description="Id of the failure.")
    contract_id: UUID = Field(description="Contract.")
    version: int = Field(description="Counts its changes.")
    state: str = Field(description="recorded | withdrawn.")
    category: str = Field(description=_CATEGORIES)
    description: str = Field(description="What was not performed.")
    starts_on: date = Field(description="First day of it.")
    ends_on: date | None = Field(description="Last day; null while it lasts.")
    events: int = Field(description="How often it happened.")
    milestone_id: UUID | None = Field(description="The milestone that it is about.")
    currency: str = Field(description="ISO 4217 code.")
    penalty_contracted: Money | None = Field(description="What the contract provides for it.")
    penalty_basis: str | None = Field(description="The clause that provides for it.")
    penalty_imposed: Money = Field(description="Sum of the penalties and deductions booked for it.")
    penalty_paid: Money = Field(description="Of these, deducted or received.")
    penalty_owed: Money = Field(description="Penalties imposed and not yet received.")
    penalties: list[PenaltyOut] = Field(description="Ledger entries that stand for it; those taken back are left out.")
    document_sha256: str | None = Field(description="SHA-256 of the record that shows it.")
    recorded_by: str = Field(description="Who recorded it.")
    recorded_at: datetime = Field(description="When.")
    updated_at: datetime = Field(description="When it was changed last.")
    withdrawal_reason: str | None = Field(description="Why it was withdrawn.")
