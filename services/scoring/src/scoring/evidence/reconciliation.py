"""A count without error agrees, to the last digit, with the ledger or the register that it names."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Final
from uuid import UUID

from scoring.evidence.errors import EvidenceNotReconciled
from scoring.evidence.models import Evidence
from scoring.evidence.schemas import Reconciliation

__all__ = ["check_ledger", "check_register"]

_SIGN: Final = {"refund": -1, "reversal": -1}
"""Money that came back lowers a sum; every other kind of entry raises it."""


def check_ledger(value: Decimal, named: Sequence[UUID], entries: Sequence[Evidence]) -> None:
    """The named entries are known and stand, and their amounts add up to the stated value; EvidenceNotReconciled.

    `entries` are the named ones that there are, with those that took one of them back: an entry without its reversal
    was never paid. Amounts of two currencies have no sum.
    """
    missing = sorted({str(entry) for entry in named} - {str(entry.id) for entry in entries})
    if missing:
        raise EvidenceNotReconciled(
            f"The contract's ledger has no entries {', '.join(missing)}. Post them first, or name others.",
            missing=missing,
        )
    if unnamed := sorted(str(entry.id) for entry in entries if entry.id not in set(named)):
        raise EvidenceNotReconciled(
            f"Some of these entries were taken back by {', '.join(unnamed)}. Name the reversals too, or neither.",
            missing=unnamed,
        )
    if len(currencies := sorted({each.body["currency"] for each in entries})) > 1:
        raise EvidenceNotReconciled(
            f"The entries are in {' and '.join(currencies)}, which have no sum. Name those of one currency.", missing=[]
        )
    total = sum((_SIGN.get(each.body["kind"], 1) * Decimal(each.body["amount"]) for each in entries), Decimal(0))
    _check(value, total, "The named entries of the ledger add up to")


def check_register(value: Decimal, reconciles: Reconciliation) -> None:
    """The extract gives the stated value; EvidenceNotReconciled."""
    _check(value, reconciles.count or Decimal(0), f"The extract {reconciles.reference} gives")


def _check(stated: Decimal, found: Decimal, what: str) -> None:
    if stated != found:
        difference = stated - found
        raise EvidenceNotReconciled(
            f"{what} {found:f}, you state {stated:f}: {difference:+f}. State what the source says, or a value with its "
            "standard error.",
            stated=f"{stated:f}",
            found=f"{found:f}",
        )
