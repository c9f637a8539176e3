"""Which queue a voucher belongs to. Pure: a voucher's amount and what it proves in, a queue out."""

from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import NamedTuple
from uuid import UUID

__all__ = ["ENTRY_KINDS", "Entry", "entries_for", "queue_of"]

# Kinds of ledger entries that money of a voucher's kind can be.
ENTRY_KINDS = {"payment": ("payment", "interestPayment", "compensationPayment"), "refund": ("refund", "penaltyReceipt")}


class Entry(NamedTuple):
    """A standing ledger entry that no voucher proves yet."""

    entry_id: UUID
    contract_id: UUID
    kind: str
    amount: Decimal
    currency: str
    voucher: str | None


def entries_for(entries: Iterable[Entry], *, kind: str, currency: str, contract_id: UUID | None) -> list[Entry]:
    """Of the entries booked under a voucher's number: those of its contract when it names one, else of any contract."""
    return [
        entry
        for entry in entries
        if entry.kind in ENTRY_KINDS[kind] and entry.currency == currency and contract_id in (None, entry.contract_id)
    ]


def queue_of(amount: Decimal, proved: Sequence[Decimal]) -> str:
    """The queue: matched when the entries sum to the amount, partlyMatched when there are some, else unmatched."""
    if not proved:
        return "unmatched"
    return "matched" if sum(proved, Decimal(0)) == amount else "partlyMatched"
