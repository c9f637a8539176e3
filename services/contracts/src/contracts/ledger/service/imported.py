"""Transactions of an imported contract: safe to repeat, corrected by taking back and booking anew."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from contracts.contracts.queries import milestone_ids
from contracts.contracts.service import ContractHead
from contracts.ledger.accounts import ACCOUNTS_OF
from contracts.ledger.errors import LedgerCurrencyMismatch
from contracts.ledger.imported import ImportedTransaction
from contracts.ledger.models import LedgerEntry
from contracts.ledger.queries import imported_entries, is_reversed, voucher_is_used
from contracts.ledger.service.write import add_entry, take_back
from shared import clock

__all__ = ["record_imported_transactions"]


async def record_imported_transactions(
    session: AsyncSession, transactions: Sequence[ImportedTransaction], *, contract_id: UUID, region: str, currency: str
) -> int:
    """Book the transactions of an imported contract; answers how many entries were posted.

    Safe to repeat: a known transaction stays, one that the source corrected is taken back and booked anew. No limit by
    the contract value applies to the past. LedgerCurrencyMismatch for another currency than the contract's.
    """
    if not transactions:
        return 0
    await session.execute(
        text("UPDATE contracts SET facts_version = facts_version + 1 WHERE id = :contract_id"),
        {"contract_id": contract_id},
    )
    head = ContractHead(contract_id, region, "imported", currency, None, contract_id, None, None)
    known = {entry.external_id: entry for entry in await imported_entries(session, contract_id=contract_id)}
    milestones = await milestone_ids(session, contract_id=contract_id)
    posted = 0
    for transaction in transactions:
        if transaction.currency != currency:
            raise LedgerCurrencyMismatch(
                f"Transaction {transaction.external_id} is in {transaction.currency}; the ledger is in {currency}."
            )
        key, current = _latest(known, transaction.external_id)
        if current is not None:
            same = (current.kind, current.amount, current.booked_on) == (
                transaction.kind,
                transaction.amount,
                transaction.booked_on,
            )
            if same or await is_reversed(session, entry_id=current.id):
                continue
            take_back(session, head, current, booked_on=clock.today(), note="corrected in the source of the import")
            posted += 1
        free = transaction.voucher is not None and not await voucher_is_used(
            session, contract_id=contract_id, voucher=transaction.voucher
        )
        known[key] = add_entry(
            session,
            head,
            kind=transaction.kind,
            accounts=ACCOUNTS_OF[transaction.kind],
            amount=transaction.amount,
            booked_on=transaction.booked_on,
            voucher=transaction.voucher if free else None,
            external_id=key,
            milestone_id=milestones.get(transaction.milestone_code or ""),
            note=transaction.note,
        )
        await session.flush()
        posted += 1
    return posted


def _latest(known: dict[str | None, LedgerEntry], external_id: str) -> tuple[str, LedgerEntry | None]:
    """The next free key of a transaction and its latest entry: corrections are kept as `<id>#2`, `<id>#3`, ..."""
    key, current, number = external_id, None, 1
    while key in known:
        current, number = known[key], number + 1
        key = f"{external_id}#{number}"
    return key, current
