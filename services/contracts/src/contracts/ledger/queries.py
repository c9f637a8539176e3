"""Reading the ledger. Totals are sums over its rows, never stored."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession

from contracts.ledger.accounts import Totals
from contracts.ledger.models import LedgerEntry

__all__ = [
    "get_entry",
    "imported_entries",
    "is_reversed",
    "list_entries",
    "payables_balance",
    "totals_of",
    "voucher_is_used",
]

# A contract's own rows under its lock; the caller has made sure that the contract is visible.
_TOTALS = text(
    """
    SELECT kind, sum(amount) AS total FROM ledger_entries AS entry
    WHERE contract_id = :contract_id AND kind <> 'reversal'
      AND NOT EXISTS (SELECT FROM ledger_entries AS taken_back WHERE taken_back.reverses = entry.id)
    GROUP BY kind
    """
)
_BALANCE = text(
    """
    SELECT coalesce(sum(CASE WHEN credit_account = 'payables' THEN amount ELSE -amount END), 0)
    FROM ledger_entries WHERE contract_id = :contract_id AND 'payables' IN (debit_account, credit_account)
    """
)


async def totals_of(session: AsyncSession, *, contract_id: UUID) -> Totals:
    """Sums per kind, entries that were taken back left out."""
    rows = await session.execute(_TOTALS, {"contract_id": contract_id})
    return Totals(**{row.kind: row.total for row in rows})


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
    statement = select(LedgerEntry).where(LedgerEntry.contract_id == contract_id)
    if kind is not None:
        statement = statement.where(LedgerEntry.kind == kind)
    if after is not None:
        statement = statement.where(LedgerEntry.id > after)
    return (await session.execute(statement.order_by(LedgerEntry.id).limit(limit + 1))).scalars().all()


async def imported_entries(session: AsyncSession, *, contract_id: UUID) -> list[LedgerEntry]:
    """Imported entries of a contract, those that were taken back included, in the order of posting."""
    statement = select(LedgerEntry).where(LedgerEntry.contract_id == contract_id, LedgerEntry.external_id.is_not(None))
    return list((await session.execute(statement.order_by(LedgerEntry.id))).scalars())
