"""Reading vouchers, what they prove, and what the ledger has that no voucher proves."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import RowMapping, extract, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from contracts.clocks import day_sql
from contracts.disclosure.errors import Withheld
from contracts.disclosure.queries import sight_sql
from contracts.vouchers.errors import VoucherNotFound
from contracts.vouchers.matching import Entry
from contracts.vouchers.models import Voucher, VoucherMatch, VoucherUnmatching
from shared.auth import Principal
from shared.db import principal_in, scope_sql

__all__ = [
    "contracts_by_number",
    "entries_by_id",
    "entries_by_voucher",
    "file_by_hash",
    "get_voucher",
    "known_numbers",
    "list_unmatchings",
    "list_unproved",
    "list_vouchers",
    "lock_voucher",
    "open_unmatching",
    "open_vouchers",
    "proved_by",
    "queues_of_file",
    "require_whole_year",
    "standing_matches",
]

_STANDING = "NOT EXISTS (SELECT FROM ledger_entries AS taken_back WHERE taken_back.reverses = entry.id)"
_FREE = (
    "NOT EXISTS (SELECT FROM voucher_matches AS proof WHERE proof.entry_id = entry.id AND proof.unmatching_id IS NULL)"
)
_PROVED = (
    "(SELECT coalesce(sum(entry.amount), 0) FROM voucher_matches AS proof "  # noqa: S608 - constants only
    f"JOIN ledger_entries AS entry ON entry.id = proof.entry_id WHERE proof.voucher_id = voucher.id "
    f"AND proof.unmatching_id IS NULL AND {_STANDING})"
)
_ASKED = "EXISTS (SELECT FROM voucher_unmatchings AS asked WHERE voucher_id = voucher.id AND state = 'requested')"
_ENTRY = "entry.id, entry.contract_id, entry.kind, entry.amount, entry.currency, entry.voucher"
_DAY = f"coalesce(entry.booked_on, {day_sql('entry.recorded_at')})"
_MONEY = "entry.kind IN ('payment', 'refund', 'interestPayment', 'penaltyReceipt', 'compensationPayment')"


# What a voucher tells of the contract that it belongs to, or whose entries it was ever matched with.
_FIELDS = ("money", "contractNumber", "provider")
_OF_CONTRACT = (
    "contract.id = voucher.contract_id OR EXISTS (SELECT FROM voucher_matches AS proof "
    "JOIN ledger_entries AS entry ON entry.id = proof.entry_id WHERE proof.voucher_id = voucher.id "
    "AND contract.id IN (entry.contract_id, entry.call_off_id))"
)


def _disclosed(principal: Principal, *, of_contract: str) -> tuple[str, dict[str, Any]]:
    """The condition that nothing of a withheld contract is told; nothing for callers who see everything."""
    sight, marked = sight_sql(principal, *_FIELDS)
    if not marked:
        return "true", {}
    return f"NOT EXISTS (SELECT FROM contracts AS contract WHERE ({of_contract}) AND NOT {sight})", marked


def _shown(row: RowMapping) -> dict[str, Any]:
    return dict(row) | {"difference": row["amount"] - row["proved"]}


async def list_vouchers(
    session: AsyncSession, *, limit: int, after: UUID | None, filters: dict[str, Any]
) -> list[dict[str, Any]]:
    """Vouchers of the caller's regions in the order of import; one more than `limit`. `filters`: column -> value."""
    scope, parameters = scope_sql(principal_in(session), "voucher.region")
    disclosed, marked = _disclosed(principal_in(session), of_contract=_OF_CONTRACT)
    conditions, parameters = [scope, disclosed], parameters | marked
    for name, value in filters.items():
        if value is not None:
            conditions.append(f"voucher.{name} = :{name}")
            parameters[name] = value
    if after is not None:
        conditions.append("voucher.id > :after")
        parameters["after"] = after
    statement = text(
        f"SELECT voucher.*, {_PROVED} AS proved, {_ASKED} AS unmatching_requested FROM vouchers AS voucher "  # noqa: S608 - constants and our scope
        f"WHERE {' AND '.join(conditions)} ORDER BY voucher.id LIMIT :limit"
    )
    rows = await session.execute(statement, parameters | {"limit": limit + 1})
    return [_shown(row) for row in rows.mappings()]


async def get_voucher(session: AsyncSession, *, voucher_id: UUID) -> dict[str, Any]:
    """One voucher of the caller's regions with what it proves; VoucherNotFound."""
    found = await list_vouchers(session, limit=1, after=None, filters={"id": voucher_id})
    if not found:
        raise VoucherNotFound(f"There is no voucher {voucher_id} in your regions.")
    return found[0]


async def lock_voucher(session: AsyncSession, *, voucher_id: UUID) -> Voucher:
    """The row of a voucher of the caller's regions, locked; VoucherNotFound."""
    statement = select(Voucher).where(Voucher.id == voucher_id).with_for_update()
    voucher = (await session.execute(statement)).scalar_one_or_none()
    if voucher is None:
        raise VoucherNotFound(f"There is no voucher {voucher_id} in your regions.")
    return voucher


async def proved_by(session: AsyncSession, *, voucher_ids: Sequence[UUID]) -> dict[UUID, list[Decimal]]:
    """Amounts of the standing entries that vouchers prove; the caller has found the vouchers in its scope."""
    scope, parameters = scope_sql(principal_in(session), "entry.region")
    statement = text(
        "SELECT proof.voucher_id, array_agg(entry.amount) AS amounts FROM voucher_matches AS proof "  # noqa: S608
        "JOIN ledger_entries AS entry ON entry.id = proof.entry_id "
        f"WHERE proof.voucher_id = ANY(:ids) AND proof.unmatching_id IS NULL AND {_STANDING} AND {scope} "
        "GROUP BY proof.voucher_id"
    )
    rows = await session.execute(statement, parameters | {"ids": list(voucher_ids)})
    return {row.voucher_id: row.amounts for row in rows}


async def known_numbers(
    session: AsyncSession, *, region: str, source: str, year: int, numbers: Sequence[str]
) -> dict[str, UUID]:
    """Vouchers of a treasury that came before in a year, by number; the caller has checked the region.

    A treasury numbers anew every year.
    """
    statement = select(Voucher.number, Voucher.id).where(
        Voucher.region == region,
        Voucher.source == source,
        extract("year", Voucher.month) == year,
        Voucher.queue != "duplicate",
        Voucher.number.in_(numbers),
    )
    return {row.number: row.id for row in await session.execute(statement)}


async def contracts_by_number(session: AsyncSession, *, region: str, numbers: Sequence[str]) -> dict[str, UUID]:
    """Contracts of a region and below by number, as far as the number names one only."""
    scope, parameters = scope_sql(principal_in(session))
    statement = text(
        "SELECT contract_number, (array_agg(id))[1] AS id FROM contracts "  # noqa: S608 - scope is ours
        f"WHERE contract_number = ANY(:numbers) AND region LIKE :region AND {scope} "
        "GROUP BY contract_number HAVING count(*) = 1"
    )
    rows = await session.execute(statement, parameters | {"numbers": list(numbers), "region": f"{region}%"})
    return {row.contract_number: row.id for row in rows}


async def entries_by_voucher(session: AsyncSession, *, region: str, year: int, numbers: Sequence[str]) -> list[Entry]:
    """Standing, unproved entries of a region and below that were booked in a year under these voucher numbers."""
    scope, parameters = scope_sql(principal_in(session), "entry.region")
    statement = text(
        f"SELECT {_ENTRY} FROM ledger_entries AS entry WHERE entry.voucher = ANY(:numbers) "  # noqa: S608
        f"AND extract(year FROM {_DAY}) = :year "
        f"AND entry.region LIKE :region AND {_MONEY} AND {_STANDING} AND {_FREE} AND {scope} ORDER BY entry.id"
    )
    values = {"numbers": list(numbers), "region": f"{region}%", "year": year}
    rows = await session.execute(statement, parameters | values)
    return [Entry(*row) for row in rows]


async def entries_by_id(session: AsyncSession, *, region: str, ids: Sequence[UUID]) -> list[Entry]:
    """Of these entries, those that stand, are unproved and lie in a region or below."""
    scope, parameters = scope_sql(principal_in(session), "entry.region")
    statement = text(
        f"SELECT {_ENTRY} FROM ledger_entries AS entry WHERE entry.id = ANY(:ids) "  # noqa: S608
        f"AND entry.region LIKE :region AND {_MONEY} AND {_STANDING} AND {_FREE} AND {scope} ORDER BY entry.id"
    )
    rows = await session.execute(statement, parameters | {"ids": list(ids), "region": f"{region}%"})
    return [Entry(*row) for row in rows]


async def list_unproved(
    session: AsyncSession, *, region: str, first: date, last: date, limit: int, after: UUID | None
) -> list[dict[str, Any]]:
    """Money in the ledger of a period that no voucher proves, in the order of posting; one more than `limit`."""
    scope, parameters = scope_sql(principal_in(session), "entry.region")
    disclosed, marked = _disclosed(
        principal_in(session), of_contract="contract.id IN (entry.contract_id, entry.call_off_id)"
    )
    condition = f"AND {disclosed} " + ("AND entry.id > :after" if after else "")
    statement = text(
        "SELECT entry.id AS entry_id, entry.contract_id, entry.region, entry.kind, entry.amount, entry.booked_on, "  # noqa: S608
        f"entry.voucher FROM ledger_entries AS entry WHERE entry.region LIKE :region AND {_MONEY} AND {_STANDING} "
        f"AND {_FREE} AND {_DAY} BETWEEN :first AND :last "
        f"AND {scope} {condition} ORDER BY entry.id LIMIT :limit"
    )
    bounds = {"region": f"{region}%", "first": first, "last": last, "limit": limit + 1, "after": after}
    rows = await session.execute(statement, parameters | marked | bounds)
    return [dict(row) for row in rows.mappings()]


async def require_whole_year(session: AsyncSession, *, region: str, year: int) -> None:
    """Refuse (Withheld) sums of a year that hold money of a contract whose money is withheld from the caller.

    Three sums that must agree cannot leave anything out, and with it taken out elsewhere they would tell it.
    """
    sight, marked = sight_sql(principal_in(session), "money")
    if not marked:
        return
    scope, parameters = scope_sql(principal_in(session), "entry.region")
    statement = text(
        "SELECT EXISTS (SELECT FROM ledger_entries AS entry JOIN contracts AS contract "  # noqa: S608 - our scope
        "ON contract.id IN (entry.contract_id, entry.call_off_id) "
        f"WHERE entry.region LIKE :below AND {_MONEY} AND NOT {sight} AND {scope} "
        f"AND extract(year FROM {_DAY}) = :year)"
    )
    if (await session.execute(statement, parameters | marked | {"below": f"{region}%", "year": year})).scalar_one():
        raise Withheld(
            f"The sums of {year} hold money of a contract that is not disclosed to you; the finance department of "
            f"{region} reads them.",
            withheld=[],
        )


async def file_by_hash(session: AsyncSession, *, region: str, source: str, content_hash: str) -> UUID | None:
    """The file of a treasury with this content; the caller has checked the region."""
    scope, parameters = scope_sql(principal_in(session))
    statement = text(
        "SELECT id FROM voucher_files WHERE region = :region AND source = :source AND content_hash = :hash "  # noqa: S608
        f"AND {scope}"
    )
    found: UUID | None = (
        await session.execute(statement, parameters | {"region": region, "source": source, "hash": content_hash})
    ).scalar_one_or_none()
    return found


async def queues_of_file(session: AsyncSession, *, file_id: UUID) -> list[dict[str, Any]]:
    """Vouchers of a file by queue, payments less refunds."""
    scope, parameters = scope_sql(principal_in(session))
    statement = text(
        "SELECT queue, count(*) AS count, sum(CASE kind WHEN 'payment' THEN amount ELSE -amount END) AS amount "  # noqa: S608
        f"FROM vouchers WHERE file_id = :id AND {scope} GROUP BY queue ORDER BY queue"
    )
    return [dict(row) for row in (await session.execute(statement, parameters | {"id": file_id})).mappings()]


async def open_vouchers(session: AsyncSession, *, region: str) -> Sequence[RowMapping]:
    """Vouchers of a region and below that wait in a queue, by month, queue and currency, the oldest month first."""
    scope, parameters = scope_sql(principal_in(session), "voucher.region")
    statement = text(
        "SELECT month, queue, currency, count(*) AS vouchers, sum(amount) AS amount FROM vouchers AS voucher "  # noqa: S608 - our scope
        f"WHERE queue IN ('partlyMatched', 'unmatched', 'duplicate') AND starts_with(region, :region) AND {scope} "
        "GROUP BY month, queue, currency ORDER BY month, queue, currency"
    )
    return (await session.execute(statement, parameters | {"region": region})).mappings().all()


async def standing_matches(session: AsyncSession, *, voucher_id: UUID) -> Sequence[VoucherMatch]:
    """What a visible voucher is matched with, matches that were taken back left out, in the order of the entries."""
    statement = select(VoucherMatch).where(VoucherMatch.voucher_id == voucher_id, VoucherMatch.unmatching_id.is_(None))
    return (await session.execute(statement.order_by(VoucherMatch.entry_id))).scalars().all()


async def open_unmatching(session: AsyncSession, *, voucher_id: UUID) -> VoucherUnmatching | None:
    """The request to take matches of a voucher back that nobody has decided about."""
    statement = select(VoucherUnmatching).where(
        VoucherUnmatching.voucher_id == voucher_id, VoucherUnmatching.state == "requested"
    )
    return (await session.execute(statement)).scalar_one_or_none()


async def list_unmatchings(session: AsyncSession, *, voucher_id: UUID) -> Sequence[VoucherUnmatching]:
    """Every request to take matches of a visible voucher back, in the order in which they were asked for."""
    statement = select(VoucherUnmatching).where(VoucherUnmatching.voucher_id == voucher_id)
    return (await session.execute(statement.order_by(VoucherUnmatching.id))).scalars().all()
