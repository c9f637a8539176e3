"""Reading the ledger. Totals are sums over its rows, never stored."""

from collections.abc import Iterable, Sequence
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import or_, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from contracts.clocks import day_sql
from contracts.disclosure.queries import seen_clause
from contracts.ledger.accounts import Totals, after
from contracts.ledger.budget import Line
from contracts.ledger.models import LedgerEntry
from shared.db import principal_in

__all__ = [
    "OWN_MONEY",
    "accounts_of",
    "entries_by_external_id",
    "get_entry",
    "imported_entries",
    "is_reversed",
    "list_entries",
    "payables_balance",
    "payments_by_day",
    "reversed_among",
    "savings_of",
    "standing_lines",
    "totals_in",
    "totals_of",
    "totals_of_parts",
    "used_vouchers",
    "voucher_is_used",
]

OWN_MONEY = "(entry.call_off_id = :contract_id OR (entry.contract_id = :contract_id AND entry.call_off_id IS NULL))"
"""The entries of a contract's money, whichever ledger they stand in, for statements over `ledger_entries AS entry`.

Money of a call-off that runs through its framework agreement's ledger is the call-off's, and not the framework's.
"""

# A contract's own rows under its lock; the caller has made sure that the contract is visible.
_TOTALS = text(
    """
    SELECT kind, budget_project_id, coalesce(budget_year, extract(year FROM booked_on)::int) AS year,
           sum(amount) AS total
    FROM ledger_entries AS entry
    WHERE contract_id = :contract_id AND kind <> 'reversal'
      AND NOT EXISTS (SELECT FROM ledger_entries AS taken_back WHERE taken_back.reverses = entry.id)
    GROUP BY kind, budget_project_id, year
    """
)
_OWN = text(
    f"""
    SELECT kind, sum(amount) AS total FROM ledger_entries AS entry
    WHERE {OWN_MONEY} AND kind <> 'reversal'
      AND NOT EXISTS (SELECT FROM ledger_entries AS taken_back WHERE taken_back.reverses = entry.id)
    GROUP BY kind
    """  # noqa: S608 - constants
)
_ACCOUNTS = text(
    """
    SELECT account, sum(debit) AS debit, sum(credit) AS credit
    FROM (
        SELECT debit_account AS account, amount AS debit, 0 AS credit FROM ledger_entries
        WHERE contract_id = :contract_id
        UNION ALL
        SELECT credit_account, 0, amount FROM ledger_entries WHERE contract_id = :contract_id
    ) AS sides
    GROUP BY account ORDER BY account
    """
)
_SAVINGS = text(
    f"""
    SELECT (SELECT count(*) FROM ledger_entries WHERE contract_id = :contract_id) AS entries,
           coalesce(sum(CASE WHEN credit_account = 'deductions' THEN amount ELSE -amount END), 0) AS savings
    FROM ledger_entries AS entry
    WHERE {OWN_MONEY} AND cause = 'saving' AND 'deductions' IN (debit_account, credit_account)
    """  # noqa: S608 - constants
)
_PARTS = text(
    """
    SELECT part.part, part.id, kind, sum(amount) AS total
    FROM ledger_entries AS entry
    CROSS JOIN LATERAL (VALUES ('lot', lot_id), ('callOff', call_off_id), ('member', member_id)) AS part(part, id)
    WHERE contract_id = :contract_id AND part.id IS NOT NULL AND kind <> 'reversal'
      AND NOT EXISTS (SELECT FROM ledger_entries AS taken_back WHERE taken_back.reverses = entry.id)
    GROUP BY part.part, part.id, kind
    """
)
_DAYS = text(
    f"""
    SELECT coalesce(booked_on, {day_sql("recorded_at")}) AS on_day,
           sum(CASE kind WHEN 'payment' THEN amount ELSE -amount END) AS amount
    FROM ledger_entries AS entry
    WHERE {OWN_MONEY} AND kind IN ('payment', 'refund')
      AND NOT EXISTS (SELECT FROM ledger_entries AS taken_back WHERE taken_back.reverses = entry.id)
    GROUP BY 1
    """  # noqa: S608 - constants
)
_BALANCE = text(
    """
    SELECT coalesce(sum(CASE WHEN credit_account = 'payables' THEN amount ELSE -amount END), 0)
    FROM ledger_entries WHERE contract_id = :contract_id AND 'payables' IN (debit_account, credit_account)
    """
)


async def totals_of(session: AsyncSession, *, contract_id: UUID) -> Totals:
    """Sums per kind of a contract's money, entries that were taken back left out, in whichever ledger it stands."""
    rows = await session.execute(_OWN, {"contract_id": contract_id})
    return totals_in(Line(row.kind, None, None, row.total) for row in rows)


async def standing_lines(session: AsyncSession, *, contract_id: UUID) -> list[Line]:
    """Sums per kind, budget project and budget year, entries that were taken back left out."""
    rows = await session.execute(_TOTALS, {"contract_id": contract_id})
    return [Line(*row) for row in rows]


def totals_in(lines: Iterable[Line]) -> Totals:
    """Sums per kind."""
    totals = Totals()
    for line in lines:
        totals = after(totals, line.kind, line.amount)
    return totals


async def accounts_of(session: AsyncSession, *, contract_id: UUID) -> list[dict[str, Any]]:
    """Debits and credits per account; the caller has made sure that the contract is visible."""
    rows = await session.execute(_ACCOUNTS, {"contract_id": contract_id})
    return [dict(row) for row in rows.mappings()]


async def totals_of_parts(session: AsyncSession, *, contract_id: UUID) -> dict[tuple[str, UUID], Totals]:
    """Sums per kind of each lot, call-off and member that an entry of this contract's ledger names."""
    totals: dict[tuple[str, UUID], Totals] = {}
    for row in await session.execute(_PARTS, {"contract_id": contract_id}):
        key = (row.part, row.id)
        totals[key] = after(totals.get(key, Totals()), row.kind, row.total)
    return totals


async def savings_of(session: AsyncSession, *, contract_id: UUID) -> tuple[int, Decimal]:
    """Number of entries in its ledger, and the sum of the lawful savings among the deductions of its money."""
    row = (await session.execute(_SAVINGS, {"contract_id": contract_id})).one()
    return row.entries, row.savings


async def payments_by_day(session: AsyncSession, *, contract_id: UUID) -> list[tuple[date, Decimal]]:
    """Days and amounts of a contract's payments, and (negative) of its refunds, that stand."""
    rows = await session.execute(_DAYS, {"contract_id": contract_id})
    return [(row.on_day, row.amount) for row in rows]


async def payables_balance(session: AsyncSession, *, contract_id: UUID) -> object:
    """Credit balance of the account `payables`: what is owed to the provider (negative: paid in advance)."""
    return (await session.execute(_BALANCE, {"contract_id": contract_id})).scalar_one()


async def get_entry(session: AsyncSession, *, entry_id: UUID) -> LedgerEntry | None:
    """One entry of the caller's regions."""
    return (await session.execute(select(LedgerEntry).where(LedgerEntry.id == entry_id))).scalar_one_or_none()


async def is_reversed(session: AsyncSession, *, entry_id: UUID) -> bool:
    """Whether an entry was taken back."""
    return (await session.execute(select(LedgerEntry.id).where(LedgerEntry.reverses == entry_id))).first() is not None


async def voucher_is_used(session: AsyncSession, *, contract_id: UUID, voucher: str) -> bool:
    """Whether a voucher is booked in this contract."""
    statement = select(LedgerEntry.id).where(LedgerEntry.contract_id == contract_id, LedgerEntry.voucher == voucher)
    return (await session.execute(statement)).first() is not None


async def list_entries(
    session: AsyncSession, *, contract_id: UUID, limit: int, after: UUID | None, kind: str | None = None
) -> Sequence[LedgerEntry]:
    """Entries of a contract in the order of posting; one more than `limit` when there are more."""
    principal = principal_in(session)
    # A framework agreement's ledger has money of call-offs that may be withheld where the agreement itself is not.
    own = or_(LedgerEntry.call_off_id.is_(None), seen_clause(principal, "ledger_entries.call_off_id", "money"))
    statement = select(LedgerEntry).where(LedgerEntry.contract_id == contract_id, own)
    if kind is not None:
        statement = statement.where(LedgerEntry.kind == kind)
    if after is not None:
        statement = statement.where(LedgerEntry.id > after)
    return (await session.execute(statement.order_by(LedgerEntry.id).limit(limit + 1))).scalars().all()


async def imported_entries(session: AsyncSession, *, contract_id: UUID) -> list[LedgerEntry]:
    """Imported entries of a contract, those that were taken back included, in the order of posting."""
    statement = select(LedgerEntry).where(LedgerEntry.contract_id == contract_id, LedgerEntry.external_id.is_not(None))
    return list((await session.execute(statement.order_by(LedgerEntry.id))).scalars())


_KNOWN = text(
    "SELECT DISTINCT known.contract_id FROM ledger_entries AS known "
    "JOIN unnest(CAST(:contracts AS uuid[]), CAST(:names AS text[])) AS wanted(contract_id, external_id) "
    "USING (contract_id, external_id)"
)
_VOUCHERS = text(
    "SELECT contract_id, voucher FROM ledger_entries "
    "JOIN unnest(CAST(:contracts AS uuid[]), CAST(:names AS text[])) AS wanted(contract_id, voucher) "
    "USING (contract_id, voucher)"
)


async def entries_by_external_id(
    session: AsyncSession, keys: Sequence[tuple[UUID, str]]
) -> dict[UUID, dict[str, LedgerEntry]]:
    """Imported entries, by contract and id in the source, of those contracts that know any of these keys."""
    columns = {"contracts": [contract for contract, _ in keys], "names": [name for _, name in keys]}
    contracts = [row.contract_id for row in await session.execute(_KNOWN, columns)]
    if not contracts:
        return {}
    statement = select(LedgerEntry).where(LedgerEntry.contract_id.in_(contracts), LedgerEntry.external_id.is_not(None))
    found: dict[UUID, dict[str, LedgerEntry]] = {}
    for entry in (await session.execute(statement)).scalars():
        found.setdefault(entry.contract_id, {})[entry.external_id or ""] = entry
    return found


async def reversed_among(session: AsyncSession, ids: Iterable[UUID]) -> set[UUID]:
    """Those of these entries that were taken back."""
    statement = select(LedgerEntry.reverses).where(LedgerEntry.reverses.in_(list(ids)))
    return {found for found in (await session.execute(statement)).scalars() if found is not None}


async def used_vouchers(session: AsyncSession, keys: Sequence[tuple[UUID, str]]) -> set[tuple[UUID, str]]:
    """Those of these (contract, voucher) that are booked."""
    if not keys:
        return set()
    columns = {"contracts": [contract for contract, _ in keys], "names": [name for _, name in keys]}
    return {(row.contract_id, row.voucher) for row in await session.execute(_VOUCHERS, columns)}
