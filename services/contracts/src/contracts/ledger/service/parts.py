"""Money that belongs to a part of a contract: a lot, a member, or a call-off of a framework agreement.

What is paid, deducted and committed for a part stays within the part's own money; a call-off's money counts together
with what stands in its own ledger.
"""

from collections.abc import Iterable
from decimal import Decimal
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from contracts.contracts.service import ContractHead
from contracts.ledger.accounts import Totals, after
from contracts.ledger.budget import Line
from contracts.ledger.errors import PartOverValue, RefundOverPaid
from contracts.structure.queries import FactPart
from contracts.structure.service import NamedParts, require_parts

__all__ = ["Owner", "lines_in_framework", "require_room_in_parts"]

_STANDS = (
    "kind <> 'reversal' AND NOT EXISTS (SELECT FROM ledger_entries AS taken_back WHERE taken_back.reverses = entry.id)"
)
# The contract is locked and was found in the caller's scope; a call-off's own ledger may be another region's.
_TOTALS = {
    "lot_id": text(
        f"SELECT kind, sum(amount) AS total FROM ledger_entries AS entry "  # noqa: S608 - constants
        f"WHERE contract_id = :contract_id AND lot_id = :part_id AND {_STANDS} GROUP BY kind"
    ),
    "member_id": text(
        f"SELECT kind, sum(amount) AS total FROM ledger_entries AS entry "  # noqa: S608 - constants
        f"WHERE contract_id = :contract_id AND member_id = :part_id AND {_STANDS} GROUP BY kind"
    ),
    "call_off_id": text(
        f"SELECT kind, sum(amount) AS total FROM ledger_entries AS entry "  # noqa: S608 - constants
        f"WHERE ((contract_id = :contract_id AND call_off_id = :part_id) OR contract_id = :part_id) AND {_STANDS} "
        "GROUP BY kind"
    ),
}
_IN_FRAMEWORK = text(
    f"SELECT kind, sum(amount) AS total FROM ledger_entries AS entry "  # noqa: S608 - constants
    f"WHERE call_off_id = :contract_id AND {_STANDS} GROUP BY kind"
)

# Its own ledger is posted to under the same lock, and a completion that has read its money before starts again.
_OPEN_CALL_OFF = text(
    "UPDATE contracts SET facts_version = facts_version + 1 WHERE id = :part_id RETURNING state, origin"
)


class Owner(NamedTuple):
    """Whose money an entry is: the contract's, or that of the call-off it names; with its totals before the entry."""

    contract_id: UUID
    state: str
    before: Totals
    origin: str = "native"


async def lines_in_framework(session: AsyncSession, head: ContractHead) -> list[Line]:
    """What stands about a call-off in its framework agreement's ledger; no statement for other contracts."""
    if head.kind != "callOff":
        return []
    rows = await session.execute(_IN_FRAMEWORK, {"contract_id": head.contract_id})
    return [Line(row.kind, None, None, row.total) for row in rows]


async def require_room_in_parts(
    session: AsyncSession, head: ContractHead, named: NamedParts, *, kind: str, amount: Decimal
) -> Owner | None:
    """Refuse money of a part that the contract does not have or that is over the part's money.

    Answers the call-off that it is of, locked; None for money of the contract itself. PartNotInContract,
    CallOffNotInForce, PartOverValue, RefundOverPaid. No statement runs when no part is named.
    """
    owner = None
    for column, part in (await require_parts(session, head, named)).items():
        part_id: UUID = getattr(named, column)
        called = None
        if column == "call_off_id":
            called = (await session.execute(_OPEN_CALL_OFF, {"part_id": part_id})).one()
        rows = await session.execute(_TOTALS[column], {"contract_id": head.contract_id, "part_id": part_id})
        before = _totals((row.kind, row.total) for row in rows)
        _require_room(part, before, after(before, kind, amount), currency=head.currency)
        if called is not None:
            owner = Owner(part_id, called.state, before, called.origin)
    return owner


def _totals(rows: Iterable[tuple[str, Decimal]]) -> Totals:
    totals = Totals()
    for kind, total in rows:
        totals = after(totals, kind, total)
    return totals


def _require_room(part: FactPart, before: Totals, new: Totals, *, currency: str) -> None:
    if new.refund > new.payment and new.refund - new.payment > before.refund - before.payment:
        raise RefundOverPaid(
            f"{new.payment:.2f} {currency} would stand as paid for {part.name} and {new.refund:.2f} as refunded. "
            f"At most {max(before.payment - before.refund, Decimal(0)):.2f} can come back."
        )
    if part.value is None:
        return
    for what, old, total in (
        ("paid and deducted, less refunds,", before.executed, new.executed),
        ("committed", before.commitment, new.commitment),
    ):
        if total > part.value and total > old:
            left = max(part.value - old, Decimal(0))
            raise PartOverValue(
                f"{total:.2f} {currency} would be {what} for {part.name}, which is worth {part.value:.2f}. "
                f"At most {left:.2f} is left.",
                part=part.name,
                value=f"{part.value:.2f}",
                left=f"{left:.2f}",
            )
