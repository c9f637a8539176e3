"""Budget lines of a contract: what it holds of each project, what was committed and paid. Pure, without I/O.

Source: Regulation on the budget law and MOF-102 art. 16 (no purchase without a budget): each yuan of a project is held
by one contract and paid once.
"""

from collections.abc import Iterable
from decimal import Decimal
from typing import NamedTuple
from uuid import UUID

from contracts.ledger.errors import CommitmentOverBudget, PaymentOverShare

__all__ = ["Line", "require_budget", "share_to_pay_from"]

_SIGN = {"payment": 1, "refund": -1}


class Line(NamedTuple):
    """A sum of standing entries (those that were taken back left out). A negative amount takes back."""

    kind: str
    project_id: UUID | None
    year: int | None
    amount: Decimal


def _sum(lines: Iterable[Line], kind: str, **of: object) -> Decimal:
    wanted = of.items()
    return sum(
        (line.amount for line in lines if line.kind == kind and all(getattr(line, k) == v for k, v in wanted)),
        Decimal(0),
    )


def _executed(lines: Iterable[Line], project_id: UUID | None) -> Decimal:
    paid = [line for line in lines if line.project_id == project_id]
    return _sum(paid, "payment") - _sum(paid, "refund")


def share_to_pay_from(lines: Iterable[Line], *, kind: str, year: int, amount: Decimal) -> UUID | None:
    """The project that a payment or refund without one belongs to: the only one that the contract holds in the year.

    None when there is none or more than one, and for a refund of more than was paid from it.
    """
    lines = list(lines)
    held = {line.project_id for line in lines if line.kind == "budget" and line.year == year and line.amount > 0}
    if kind not in _SIGN or len(held) != 1:
        return None
    (project_id,) = held
    return None if kind == "refund" and _executed(lines, project_id) < amount else project_id


def require_budget(lines: Iterable[Line], new: Line, *, currency: str) -> None:
    """Refuse an entry after which more is paid from a project than is held of it, or more committed than a year holds.

    A year of which the contract holds no budget has no limit here; only what the entry makes worse is refused.
    """
    before = list(lines)
    after = [*before, new]
    if new.project_id is not None and new.kind in ("budget", "payment", "refund"):
        share = _sum(after, "budget", project_id=new.project_id)
        left, was = (
            share - _executed(after, new.project_id),
            _sum(before, "budget", project_id=new.project_id) - _executed(before, new.project_id),
        )
        if left < 0 and left < was:
            raise PaymentOverShare(
                f"The contract holds {share:.2f} {currency} of budget project {new.project_id}; "
                f"{_executed(after, new.project_id):.2f} would be paid from it.",
                budget_project_id=str(new.project_id),
                share=f"{share:.2f}",
            )
        if _executed(after, new.project_id) < 0 and new.amount != 0 and _executed(before, new.project_id) >= 0:
            raise PaymentOverShare(
                f"More would come back to budget project {new.project_id} than was paid from it.",
                budget_project_id=str(new.project_id),
                share=f"{share:.2f}",
            )
    if new.kind in ("budget", "commitment") and _sum(before, "budget", year=new.year) > 0:
        held, committed = _sum(after, "budget", year=new.year), _sum(after, "commitment", year=new.year)
        was = _sum(before, "budget", year=new.year) - _sum(before, "commitment", year=new.year)
        if held < committed and held - committed < was:
            raise CommitmentOverBudget(
                f"The contract holds {held:.2f} {currency} of the budget of {new.year}; "
                f"{committed:.2f} would be committed in it.",
                budget_year=new.year,
            )
