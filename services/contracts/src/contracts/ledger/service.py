"""Posting to the ledger. Entries are only ever added, under the contract's lock."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from contracts.contracts.errors import ContractStateConflict
from contracts.contracts.queries import milestone_ids
from contracts.contracts.service import ContractHead, open_for_fact
from contracts.contracts.transitions import FINAL
from contracts.ledger.accounts import ACCOUNTS_OF, after, require_room
from contracts.ledger.errors import (
    BookingInTheFuture,
    EntryAlreadyReversed,
    EntryNotReversible,
    EntryOfAcceptance,
    LedgerCurrencyMismatch,
    MilestoneUnknown,
    VoucherAlreadyUsed,
)
from contracts.ledger.imported import ImportedTransaction
from contracts.ledger.models import LedgerEntry
from contracts.ledger.queries import get_entry, imported_entries, is_reversed, totals_of, voucher_is_used
from contracts.ledger.schemas import EntryIn
from shared import audit, clock, outbox
from shared.events import LedgerPosted
from shared.ids import new_id

__all__ = ["entry_event", "post_acceptance", "post_entry", "record_imported_transactions"]


def entry_event(entry: LedgerEntry) -> LedgerPosted:
    """The entry as its event carries it; an imported entry without a date carries the day on which it was recorded."""
    return LedgerPosted(
        entry_id=entry.id,
        contract_id=entry.contract_id,
        region=entry.region,
        kind=entry.kind,
        amount=entry.amount,
        currency=entry.currency,
        booked_on=entry.booked_on or entry.recorded_at.date(),
        voucher=entry.voucher,
        reverses=entry.reverses,
        recorded_at=entry.recorded_at,
    )


async def post_entry(session: AsyncSession, body: EntryIn, *, contract_id: UUID) -> LedgerEntry:
    """Post an entry by hand.

    409 for money over the contract value, a refund over what was paid, a second reversal, a used voucher, another
    currency, a date in the future, and a contract that never was in force.
    """
    head = await open_for_fact(session, contract_id=contract_id)
    _require_bookable(head, body)
    if body.voucher is not None and await voucher_is_used(session, contract_id=contract_id, voucher=body.voucher):
        raise VoucherAlreadyUsed(f"Voucher {body.voucher} is booked in this contract; a voucher is booked once.")
    if (
        body.milestone_id is not None
        and body.milestone_id not in (await milestone_ids(session, contract_id=contract_id)).values()
    ):
        raise MilestoneUnknown(f"Contract {contract_id} has no milestone {body.milestone_id}.")
    if body.reverses is not None:
        return await _reverse(session, head, body, entry_id=body.reverses)
    amount = body.amount or Decimal(0)
    before = await totals_of(session, contract_id=contract_id)
    require_room(before, after(before, body.kind, amount), value=head.value, currency=head.currency)
    return _post(
        session,
        head,
        kind=body.kind,
        accounts=ACCOUNTS_OF[body.kind],
        amount=amount,
        booked_on=body.booked_on,
        voucher=body.voucher,
        milestone_id=body.milestone_id,
        note=body.note,
    )


async def post_acceptance(
    session: AsyncSession, head: ContractHead, *, amount: Decimal, accepted_on: date
) -> LedgerEntry:
    """Book what was accepted; the contract is locked by the caller. AcceptanceOverValue when it is over the value."""
    before = await totals_of(session, contract_id=head.contract_id)
    require_room(before, after(before, "acceptance", amount), value=head.value, currency=head.currency)
    entry = _post(
        session, head, kind="acceptance", accounts=ACCOUNTS_OF["acceptance"], amount=amount, booked_on=accepted_on
    )
    await session.flush()
    return entry


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
            _take_back(session, head, current, booked_on=clock.today(), note="corrected in the source of the import")
            posted += 1
        free = transaction.voucher is not None and not await voucher_is_used(
            session, contract_id=contract_id, voucher=transaction.voucher
        )
        known[key] = _post(
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


def _require_bookable(head: ContractHead, body: EntryIn) -> None:
    if body.kind == "acceptance":
        raise EntryOfAcceptance(
            "Record the acceptance with POST /v1/contracts/{id}/acceptances; it books its own entry."
        )
    if body.currency not in (None, head.currency):
        raise LedgerCurrencyMismatch(f"The contract's ledger is in {head.currency}, not in {body.currency}.")
    if body.booked_on > clock.today():
        raise BookingInTheFuture(f"{body.booked_on} is in the future; book on the day itself.")


async def _reverse(session: AsyncSession, head: ContractHead, body: EntryIn, *, entry_id: UUID) -> LedgerEntry:
    entry = await get_entry(session, entry_id=entry_id)
    if entry is None or entry.contract_id != head.contract_id:
        raise EntryNotReversible(f"Contract {head.contract_id} has no entry {entry_id}.")
    if entry.kind == "reversal":
        raise EntryNotReversible("A reversal is not reversed; post the entry anew instead.")
    if await is_reversed(session, entry_id=entry_id):
        raise EntryAlreadyReversed(f"Entry {entry_id} was taken back already; post a new entry instead.")
    if entry.kind == "acceptance" and head.state in FINAL:
        raise ContractStateConflict(
            f"The contract is {head.state}; what it was ended with is not taken back.", state=head.state, actions=[]
        )
    before = await totals_of(session, contract_id=head.contract_id)
    require_room(before, after(before, entry.kind, -entry.amount), value=head.value, currency=head.currency)
    return _take_back(session, head, entry, booked_on=body.booked_on, note=body.note, voucher=body.voucher)


def _take_back(
    session: AsyncSession,
    head: ContractHead,
    entry: LedgerEntry,
    *,
    booked_on: date,
    note: str | None,
    voucher: str | None = None,
) -> LedgerEntry:
    return _post(
        session,
        head,
        kind="reversal",
        accounts=(entry.credit_account, entry.debit_account),
        amount=entry.amount,
        booked_on=booked_on,
        voucher=voucher,
        milestone_id=entry.milestone_id,
        reverses=entry.id,
        note=note,
    )


def _post(
    session: AsyncSession,
    head: ContractHead,
    *,
    kind: str,
    accounts: tuple[str, str],
    amount: Decimal,
    booked_on: date | None,
    voucher: str | None = None,
    external_id: str | None = None,
    milestone_id: UUID | None = None,
    reverses: UUID | None = None,
    note: str | None = None,
) -> LedgerEntry:
    entry = LedgerEntry(
        id=new_id(),
        contract_id=head.contract_id,
        region=head.region,
        kind=kind,
        debit_account=accounts[0],
        credit_account=accounts[1],
        amount=amount,
        currency=head.currency,
        booked_on=booked_on,
        voucher=voucher,
        external_id=external_id,
        milestone_id=milestone_id,
        reverses=reverses,
        note=note,
        recorded_at=clock.now(),
    )
    session.add(entry)
    outbox.emit(session, entry_event(entry), subject=head.contract_id, region=head.region)
    noted = {"entry_id": str(entry.id), "kind": kind}
    audit.record(session, "ledger.posted", noun="contract", noun_id=head.contract_id, region=head.region, fields=noted)
    return entry
