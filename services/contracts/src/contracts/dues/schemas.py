"""Bodies and answers about payment terms and what is due."""

from datetime import date, datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field, StrictBool, StrictInt

from contracts.ledger.schemas import EntryOut
from shared.web import Figure, Model, Money, Out, Total

__all__ = [
    "DueOut",
    "DuesOut",
    "OverdueContractOut",
    "OverdueOut",
    "OverdueSumOut",
    "PaymentTermsIn",
    "PaymentTermsOut",
    "PostedOut",
    "WarningOut",
]

Rate = Annotated[Figure, Field(ge=0, le=1)]


class PaymentTermsIn(Model):
    """What the contract says about the time of payment."""

    small_enterprise: StrictBool = Field(description="Whether the provider is a small or medium enterprise.")
    basis: Literal["acceptance", "delivery"] = Field(
        "acceptance", description="From which day the time runs: acceptance | delivery."
    )
    days: Annotated[StrictInt, Field(ge=1, le=3650)] | None = Field(
        None, description="Agreed calendar days; the rule's 30 when left out."
    )
    acceptance_days: Annotated[StrictInt, Field(ge=0, le=3650)] | None = Field(
        None, description="Agreed calendar days from delivery to acceptance; a late acceptance does not delay payment."
    )
    daily_rate: Rate | None = Field(
        None,
        description="Agreed late interest per day as a share; the rule's 0.0005 when left out.",
        examples=["0.0005"],
    )
    lpr_annual: Rate | None = Field(
        None, description="One-year loan prime rate on the day of signing, as a share.", examples=["0.031"]
    )


class WarningOut(Out):
    """A doubt about terms, or about an entry."""

    code: str = Field(
        description="payment-days-over-limit | late-interest-below-lpr | contradicts-contract | interest-over-run."
    )
    rule: str = Field(description="The rule behind it.")
    detail: str = Field(description="The figures.")


class PaymentTermsOut(Out):
    """Payment terms of a contract."""

    contract_id: UUID = Field(description="Contract.")
    version: int = Field(description="Version; the ETag.")
    small_enterprise: bool = Field(description="Whether the provider is a small or medium enterprise.")
    basis: str = Field(description="acceptance | delivery.")
    days: int | None = Field(description="Agreed calendar days; null: the rule's.")
    acceptance_days: int | None = Field(description="Agreed calendar days from delivery to acceptance.")
    daily_rate: Figure | None = Field(description="Agreed late interest per day as a share; null: the rule's.")
    lpr_annual: Figure | None = Field(description="One-year loan prime rate on the day of signing, as a share.")
    warnings: list[WarningOut] = Field(description="Doubts about them.")
    updated_at: datetime = Field(description="When they changed last.")


class PostedOut(EntryOut):
    """An entry as it was posted, with what is doubtful about it."""

    warnings: list[WarningOut] = Field(description="Late interest beyond what has run; else empty.")


class DueOut(Out):
    """An accepted part with its clock, in the contract's currency."""

    entry_id: UUID = Field(description="Ledger entry of the acceptance.")
    amount: Money = Field(description="Accepted value.")
    clock_from: date = Field(description="Day from which the time of payment runs.")
    due_on: date = Field(description="Last day to pay without interest.")
    settled: Money = Field(description="Paid or deducted, the oldest part first.")
    outstanding: Money = Field(description="Not settled yet.")
    days_late: int = Field(description="Days after due_on on which something was outstanding, up to as_of.")
    interest: Money = Field(description="Interest that has run, up to as_of.")
    settled_on: date | None = Field(description="Day on which all of it was settled; null while something is open.")


class DuesOut(Out):
    """What is due and overdue, and the interest on it."""

    contract_id: UUID = Field(description="Contract.")
    currency: str = Field(description="ISO 4217 code.")
    as_of: date = Field(description="The day that the figures are of.")
    days: int | None = Field(
        description="Calendar days to pay that apply; null where nobody says: then nothing is due."
    )
    daily_rate: Figure | None = Field(description="Interest per day that applies, as a share; null where nobody says.")
    rule: str = Field(description="Rule set, rules and sources that fill what the contract leaves open.")
    dues: list[DueOut] = Field(description="Accepted parts by due date.")
    overdue: Total = Field(description="Outstanding after its due date.")
    interest: Total = Field(description="Interest that has run.")
    interest_booked: Total = Field(description="Of it, booked in the ledger.")
    interest_to_book: Total = Field(description="Not booked yet.")


class OverdueContractOut(Out):
    """What is overdue of one contract, in its currency."""

    contract_id: UUID = Field(description="Contract.")
    contract_number: str | None = Field(description="Number of the contract.")
    title: str = Field(description="Title.")
    provider: str | None = Field(description="Name of the provider.")
    small_enterprise: bool | None = Field(
        description="true: known to be a small or medium enterprise; null: nobody said (contracts with large ones are "
        "left out)."
    )
    currency: str = Field(description="ISO 4217 code.")
    payments: int = Field(description="Accepted parts of which something is overdue.")
    lead: bool = Field(description="It leads the purchasers, or is the only one.")
    share: Figure = Field(description="Its share of the purchasers' money in per cent.")
    overdue: Money = Field(description="Outstanding after its due date, its share of it.")
    contract_overdue: Money = Field(description="Outstanding after its due date, of all purchasers.")
    interest: Money = Field(description="Interest that has run on these parts, its share of it.")
    due_since: date = Field(description="The earliest of their due dates.")
    rule: str = Field(description="Rule set, rules and sources behind the due dates.")


class OverdueSumOut(Out):
    """Number and amount in one currency."""

    currency: str = Field(description="ISO 4217 code.")
    contracts: int = Field(description="Contracts of which something is overdue.")
    payments: int = Field(description="Payments that are overdue.")
    overdue: Total = Field(description="Outstanding after its due date.")
    interest: Total = Field(description="Interest that has run on it.")


class OverdueOut(Out):
    """A purchaser's overdue payments at the end of a day."""

    organisation_id: UUID = Field(description="The purchaser.")
    as_of: date = Field(description="The day that the figures are of.")
    sums: list[OverdueSumOut] = Field(description="Number and amount, by currency; empty: nothing is overdue.")
    items: list[OverdueContractOut] = Field(description="The contracts, in the order of recording.")
