"""Writing an entry: the row, its event and its audit row in the same transaction."""

from datetime import date
from decimal import Decimal
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from contracts.contracts.service import ContractHead
from contracts.ledger.models import LedgerEntry
from contracts.structure.service import NamedParts
from shared import audit, clock, outbox
from shared.events import LedgerPosted
from shared.ids import new_id

__all__ = ["NO_PARTS", "add_entry", "entry_event", "parts_of", "take_back"]

NO_PARTS = NamedParts()
_BUDGET_YEARS = range(1990, 2101)  # as the table's CHECK has it: an older date of an import is of no budget year


def entry_event(entry: LedgerEntry) -> LedgerPosted:
    """The entry as its event carries it; an imported entry without a date carries the day on which it was recorded."""
    return LedgerPosted(
        entry_id=entry.id,
        contract_id=entry.contract_id,
        region=entry.region,
        kind=entry.kind,
        amount=entry.amount,
        currency=entry.currency,
        booked_on=entry.booked_on or clock.day_of(entry.recorded_at),
        voucher=entry.voucher,
        reverses=entry.reverses,
        recorded_at=entry.recorded_at,
        budget_project_id=entry.budget_project_id,
        budget_year=entry.budget_year,
        cause=entry.cause,
        payable=_payable(entry),
        **parts_of(entry)._asdict(),
    )


def parts_of(entry: LedgerEntry) -> NamedParts:
    """The parts of the contract that an entry belongs to."""
    return NamedParts(entry.lot_id, entry.call_off_id, entry.member_id)


def _payable(entry: LedgerEntry) -> Decimal | None:
    """Change of the accepted value payable before deductions that a poor result caused; None where it has no part.

    Accepted value adds to it, a lawful saving lessens it, taking either back does the opposite.
    """
    if entry.budget_year is None:
        return None  # told before there was this field: the same entry is told in the same words for ever
    sides = (entry.debit_account, entry.credit_account)
    if sides == ("services", "payables") or (entry.cause == "saving" and sides == ("deductions", "payables")):
        return entry.amount
    if sides == ("payables", "services") or (entry.cause == "saving" and sides == ("payables", "deductions")):
        return -entry.amount
    return None


def take_back(
    session: AsyncSession,
    head: ContractHead,
    entry: LedgerEntry,
    *,
    booked_on: date,
    note: str | None,
    voucher: str | None = None,
) -> LedgerEntry:
    """Book the opposite of an entry; its budget line, its cause and its parts go with it."""
    return add_entry(
        session,
        head,
        kind="reversal",
        accounts=(entry.credit_account, entry.debit_account),
        amount=entry.amount,
        booked_on=booked_on,
        voucher=voucher,
        milestone_id=entry.milestone_id,
        budget_project_id=entry.budget_project_id,
        budget_year=entry.budget_year,
        cause=entry.cause,
        reverses=entry.id,
        note=note,
        parts=parts_of(entry),
    )


def add_entry(
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
    budget_project_id: UUID | None = None,
    budget_year: int | None = None,
    cause: str | None = None,
    delivered_on: date | None = None,
    reverses: UUID | None = None,
    note: str | None = None,
    parts: NamedParts = NO_PARTS,
) -> LedgerEntry:
    """Add an entry with its event and its audit row; every rule has been asked before."""
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
        budget_project_id=budget_project_id,
        budget_year=budget_year or (booked_on.year if booked_on and booked_on.year in _BUDGET_YEARS else None),
        cause=cause,
        delivered_on=delivered_on,
        reverses=reverses,
        note=note,
        **parts._asdict(),
        recorded_at=clock.now(),
    )
    session.add(entry)
    outbox.emit(session, entry_event(entry), subject=head.contract_id, region=head.region)
    noted = {"entry_id": str(entry.id), "kind": kind}
    audit.record(session, "ledger.posted", noun="contract", noun_id=head.contract_id, region=head.region, fields=noted)
    return entry
