"""Reading a contract's structure: money shares, call-offs, confirmations, and the part that a fact names."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID

from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession

from contracts.disclosure.errors import Withheld
from contracts.disclosure.queries import sight_sql
from contracts.structure.models import Confirmation, Lot, Member
from contracts.structure.shares import part_of, parts_of
from shared.db import principal_in, scope_sql

__all__ = [
    "SHARES",
    "CallOff",
    "FactPart",
    "Share",
    "call_off_head",
    "call_off_values",
    "call_offs_of",
    "confirmations_about",
    "confirmations_of",
    "lot_part",
    "member_part",
    "parts_of",
    "require_call_offs_disclosed",
    "shares",
    "withheld_call_offs",
]

SHARES = "contract_shares"
"""The view of money shares, for statements of later slices: a row per contract and region that has a share in it.

`contract_id`, `region_code`, `own` (the contract's own region), `share_before` and `share` in per cent, `part_of_value`
(exact to the cent; over a contract's rows it sums to the value; 0 for a framework agreement, whose money its call-offs
commit; null while the value is unknown). A sum of money over it is `share_of(amount, share_before, share)`. A contract
without region shares has one row, its own region with 100 per cent; a region that owns a contract without having a
share in it has none. So no yuan counts twice, and a count of contracts is a count of rows with `own`.
"""

_SHARES = text(
    "SELECT region_code, own, share, part_of_value FROM contract_shares WHERE contract_id = ANY(:contract_ids) "
    "ORDER BY contract_id, share_before, region_code"
)


@dataclass(frozen=True, slots=True)
class Share:
    """A region's share of contracts' money; `part` is exact to the cent, null while the value is unknown."""

    region: str
    own: bool
    share: Decimal
    part: Decimal | None


@dataclass(frozen=True, slots=True)
class FactPart:
    """The part of a contract that a fact names: its words for a refusal, and its money (null: without limit)."""

    name: str
    value: Decimal | None


@dataclass(frozen=True, slots=True)
class CallOff:
    """A call-off of a framework agreement."""

    contract_id: UUID
    region: str
    title: str
    state: str
    taken: Decimal


async def shares(session: AsyncSession, *, contract_ids: Sequence[UUID]) -> list[Share]:
    """The regions' shares of these contracts, which the caller has found in its scope."""
    rows = await session.execute(_SHARES, {"contract_ids": list(contract_ids)})
    return [Share(row.region_code, row.own, row.share, row.part_of_value) for row in rows]


async def confirmations_of(session: AsyncSession, *, contract_id: UUID) -> Sequence[Confirmation]:
    """Every confirmation of a visible contract's own terms in the order in which it was given."""
    statement = select(Confirmation).where(Confirmation.contract_id == contract_id, Confirmation.about_id.is_(None))
    return (await session.execute(statement.order_by(Confirmation.id))).scalars().all()


async def confirmations_about(
    session: AsyncSession, *, contract_id: UUID, about_ids: Sequence[UUID]
) -> Sequence[Confirmation]:
    """Every confirmation of these matters of a visible contract in the order in which it was given."""
    statement = select(Confirmation).where(
        Confirmation.contract_id == contract_id, Confirmation.about_id.in_(about_ids)
    )
    return (await session.execute(statement.order_by(Confirmation.id))).scalars().all()


async def lot_part(session: AsyncSession, *, contract_id: UUID, lot_id: UUID) -> FactPart | None:
    """A lot of a visible contract."""
    lot = (
        await session.execute(select(Lot).where(Lot.id == lot_id, Lot.contract_id == contract_id))
    ).scalar_one_or_none()
    return FactPart(f"lot {lot.code}", lot.value) if lot else None


async def member_part(
    session: AsyncSession, *, contract_id: UUID, member_id: UUID, value: Decimal | None
) -> FactPart | None:
    """A member of a visible contract; its money is its share of the value in force."""
    statement = select(Member).where(Member.id == member_id, Member.contract_id == contract_id)
    member = (await session.execute(statement)).scalar_one_or_none()
    if member is None:
        return None
    money = None if value is None else part_of(value, share_before=member.share_before, share=member.share)
    return FactPart(f"member {member.organisation_id} ({member.side}, {member.share.normalize():f} %)", money)


async def call_off_head(
    session: AsyncSession, *, framework_id: UUID, call_off_id: UUID
) -> tuple[str, Decimal | None] | None:
    """State and value of a call-off of this framework agreement; it may be another region's."""
    statement = text("SELECT state, value FROM contracts WHERE id = :call_off_id AND framework_id = :framework_id")
    row = (await session.execute(statement, {"call_off_id": call_off_id, "framework_id": framework_id})).first()
    return (row.state, row.value) if row else None


async def call_offs_of(session: AsyncSession, *, framework_id: UUID, limit: int, after: UUID | None) -> list[CallOff]:
    """Call-offs in the caller's regions that are or were in force; one more than `limit` when there are more."""
    scope, parameters = scope_sql(principal_in(session))
    sight, marked = sight_sql(principal_in(session), "title", "money")
    statement = text(
        "SELECT id, region, title, state, CASE WHEN state IN ('completed', 'terminated') "  # noqa: S608 - scope is ours
        "THEN coalesce(final_value, value) ELSE value END AS taken FROM contracts AS contract "
        "WHERE framework_id = :framework_id AND state IN ('active', 'suspended', 'completed', 'terminated') "
        f"AND id > coalesce(CAST(:after AS uuid), '00000000-0000-0000-0000-000000000000') AND {scope} AND {sight} "
        "ORDER BY id LIMIT :limit"
    )
    values = {"framework_id": framework_id, "after": after, "limit": limit + 1}
    return [CallOff(*row) for row in await session.execute(statement, parameters | marked | values)]


async def withheld_call_offs(session: AsyncSession, *, framework_id: UUID) -> bool:
    """Whether the money of a call-off is withheld from the caller, so that a sum over all would tell it."""
    sight, marked = sight_sql(principal_in(session), "money")
    if not marked:
        return False
    statement = text(
        "SELECT EXISTS (SELECT FROM contracts AS contract WHERE framework_id = :framework_id "  # noqa: S608 - ours
        f"AND state IN ('active', 'suspended', 'completed', 'terminated') AND NOT {sight})"
    )
    return bool((await session.execute(statement, marked | {"framework_id": framework_id})).scalar_one())


async def require_call_offs_disclosed(session: AsyncSession, *, framework_id: UUID) -> None:
    """Refuse (Withheld) figures of a framework agreement that hold money of a call-off that is withheld."""
    if await withheld_call_offs(session, framework_id=framework_id):
        raise Withheld("These figures hold money of call-offs that is not disclosed to you.", withheld=[])


async def call_off_values(session: AsyncSession, *, framework_id: UUID) -> list[tuple[UUID, Decimal | None]]:
    """Call-offs that are or were in force and their values, of every region: (id, value)."""
    statement = text(
        "SELECT id, value FROM contracts WHERE framework_id = :framework_id "
        "AND state IN ('active', 'suspended', 'completed', 'terminated') ORDER BY id"
    )
    return [(row.id, row.value) for row in await session.execute(statement, {"framework_id": framework_id})]
