"""Bodies and answers about treasury vouchers."""

from datetime import date, datetime
from typing import Annotated, Literal, Self
from uuid import UUID

from pydantic import AfterValidator, Field, model_validator

from contracts.regions.queries import parse_region
from shared.web import Model, Money, Out, Total

__all__ = [
    "BookIn",
    "DismissIn",
    "MatchIn",
    "Month",
    "MonthOut",
    "Queue",
    "QueueOut",
    "RegionText",
    "RematchIn",
    "RematchOut",
    "UnmatchIn",
    "UnmatchingOut",
    "UnprovedOut",
    "VoucherFileIn",
    "VoucherFileOut",
    "VoucherLineIn",
    "VoucherOut",
]

Queue = Literal["matched", "partlyMatched", "unmatched", "duplicate", "dismissed"]
_QUEUES = "matched | partlyMatched | unmatched | duplicate | dismissed"
RegionText = Annotated[str, AfterValidator(parse_region)]
Positive = Annotated[Money, Field(gt=0, lt=10**16)]


def _first_day(month: date) -> date:
    if month.day != 1:
        raise ValueError("name a month by its first day, for example 2025-06-01")
    return month


Month = Annotated[date, AfterValidator(_first_day)]
Source = Annotated[str, Field(min_length=1, max_length=100)]


class VoucherLineIn(Model):
    """A line of the treasury's statement."""

    number: str = Field(min_length=1, max_length=100, description="Number of the voucher.")
    kind: Literal["payment", "refund"] = Field("payment", description="payment (to the provider) | refund.")
    amount: Positive = Field(description="Over 0, in the file's currency.", examples=["60000.00"])
    paid_on: date = Field(description="Day on which the treasury paid.")
    contract_number: str | None = Field(None, min_length=1, max_length=100, description="Contract number, if stated.")
    payee: str | None = Field(None, min_length=1, max_length=200, description="Payee as the treasury names it.")
    note: str | None = Field(None, min_length=1, max_length=2000, description="Remark.")


class VoucherFileIn(Model):
    """A statement of the treasury for one month."""

    region: RegionText = Field(description="Region whose treasury it is; entries of the regions below it match.")
    source: Source = Field(description="System of the treasury.", examples=["treasury"])
    month: Month = Field(description="First day of the month.", examples=["2025-06-01"])
    currency: str = Field("CNY", pattern=r"^[A-Z]{3}$", description="ISO 4217 code.")
    total: Annotated[Money, Field(gt=-(10**16), lt=10**16)] = Field(
        description="Total that the file itself states: payments less refunds."
    )
    lines: list[VoucherLineIn] = Field(min_length=1, description="Vouchers in the order of the file.")

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        for line in self.lines:
            if line.paid_on.replace(day=1) != self.month:
                raise ValueError(f"voucher {line.number} was paid on {line.paid_on}, outside the file's month")
        return self


class QueueOut(Out):
    """How much lies in a queue."""

    queue: str = Field(description=f"{_QUEUES}.")
    count: int = Field(description="Vouchers.")
    amount: Total = Field(description="Payments less refunds.")


class VoucherFileOut(Out):
    """What became of a file."""

    id: UUID = Field(description="Id of the file.")
    region: str = Field(description="Region whose treasury it is.")
    source: str = Field(description="System of the treasury.")
    month: date = Field(description="First day of the month.")
    currency: str = Field(description="ISO 4217 code.")
    total: Money = Field(description="Total that the file states.")
    lines: int = Field(description="Vouchers in the file.")
    difference: Total = Field(description="Stated total less the sum of its lines; 0 when the file adds up.")
    queues: list[QueueOut] = Field(description="Its vouchers by queue.")


class VoucherOut(Out):
    """A voucher with its queue."""

    id: UUID = Field(description="Id of the voucher.")
    version: int = Field(description="Version; the ETag.")
    region: str = Field(description="Region whose treasury it is.")
    source: str = Field(description="System of the treasury.")
    month: date = Field(description="First day of the month.")
    line: int = Field(description="Position in its file, from 1.")
    number: str = Field(description="Number of the voucher.")
    kind: str = Field(description="payment | refund.")
    amount: Money = Field(description="Over 0; the kind gives the direction.")
    currency: str = Field(description="ISO 4217 code.")
    paid_on: date = Field(description="Day on which the treasury paid.")
    contract_number: str | None = Field(description="Contract number that the treasury states.")
    contract_id: UUID | None = Field(description="Contract that it was recognised as.")
    payee: str | None = Field(description="Payee as the treasury names it.")
    note: str | None = Field(description="Remark.")
    queue: str = Field(description=f"{_QUEUES}.")
    proved: Total = Field(description="Sum of the standing ledger entries that it proves.")
    difference: Total = Field(description="Amount less proved; 0 when matched.")
    duplicate_of: UUID | None = Field(description="The voucher of the same number that came first.")
    unmatching_requested: bool = Field(description="Somebody has asked to take a match back; a second person decides.")
    reason: str | None = Field(description="Why it was dismissed.")
    resolved_by: str | None = Field(description="Who matched, booked or dismissed it by hand.")
    recorded_at: datetime = Field(description="When it was imported.")


class MatchIn(Model):
    """Ledger entries that the voucher proves."""

    entry_ids: list[UUID] = Field(min_length=1, max_length=100, description="Entries that no voucher proves yet.")


class BookIn(Model):
    """The contract in whose ledger the voucher's open amount is booked."""

    contract_id: UUID = Field(description="Contract.")
    amount: Positive | None = Field(None, description="Part of it; the whole open amount when left out.")
    milestone_id: UUID | None = Field(None, description="The milestone that the money is for.")
    budget_project_id: UUID | None = Field(None, description="Budget project that the money is of.")


class UnmatchIn(Model):
    """Which matches were wrong, and why."""

    reason: str = Field(min_length=1, max_length=1500, description="Why; stands on the reversal too.")
    entry_ids: list[UUID] | None = Field(
        None, min_length=1, max_length=100, description="Entries; all that people matched or booked when left out."
    )
    reopens_month: bool = Field(False, description="Whether it is meant where the month is reconciled already.")


class UnmatchingOut(Out):
    """A request to take matches back, and what became of it."""

    id: UUID = Field(description="Id of the request.")
    voucher_id: UUID = Field(description="Voucher.")
    entry_ids: list[UUID] = Field(description="Ledger entries that the voucher is matched with.")
    reopens_month: bool = Field(description="Meant although the month is reconciled.")
    state: str = Field(description="requested | done | rejected.")
    reason: str = Field(description="Why.")
    requested_by: str = Field(description="Who asked.")
    requested_at: datetime = Field(description="When.")
    decided_by: str | None = Field(description="The second person who did it, or who rejected it.")
    decided_at: datetime | None = Field(description="When.")
    note: str | None = Field(description="Why it was rejected.")


class DismissIn(Model):
    """Why a voucher belongs to no contract, or why it does after all."""

    reason: str = Field(min_length=1, max_length=2000, description="Why.")


class RematchIn(Model):
    """The month whose vouchers are matched anew."""

    region: RegionText = Field(description="Region whose treasury it is.")
    source: Source = Field(description="System of the treasury.")
    month: Month = Field(description="First day of the month.")


class RematchOut(Out):
    """What a new matching changed."""

    changed: int = Field(description="Vouchers that changed their queue.")


class UnprovedOut(Out):
    """A payment or refund in the ledger that no voucher proves."""

    entry_id: UUID = Field(description="Ledger entry.")
    contract_id: UUID = Field(description="Contract.")
    region: str = Field(description="Its region.")
    kind: str = Field(description="payment | refund | interestPayment | penaltyReceipt | compensationPayment.")
    amount: Total = Field(description="Over 0; the kind gives the direction.")
    booked_on: date | None = Field(description="Date of the booking.")
    voucher: str | None = Field(description="Number of the voucher, as booked.")


class MonthOut(Out):
    """A month of a treasury against the ledger, payments less refunds, in one currency."""

    month: date = Field(description="First day of the month.")
    currency: str = Field(description="ISO 4217 code.")
    files: int = Field(description="Files of the month.")
    stated: Total = Field(description="Total that the files state.")
    lines: Total = Field(description="Sum of their lines.")
    queues: list[QueueOut] = Field(description="Vouchers by queue.")
    vouchers: Total = Field(description="Sum of the lines, duplicates and dismissed ones left out.")
    ledger: Total = Field(description="Sum of the ledger's payments of the month in the region.")
    unproved: QueueOut = Field(description="Of them, those that no voucher proves.")
    difference: Total = Field(description="Vouchers less ledger.")
    reconciled: bool = Field(
        description="The files add up, no voucher is open, no payment unproved, and both sums are equal."
    )
