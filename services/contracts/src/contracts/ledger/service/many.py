"""Booking many entries of imported contracts in few statements, and taking one back."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from contracts.contracts.service import ContractHead
from contracts.ledger.accounts import ACCOUNTS_OF
from contracts.ledger.models import LedgerEntry
from contracts.ledger.queries import entries_by_external_id, get_entry, is_reversed, reversed_among, used_vouchers
from contracts.ledger.schemas import EntryIn
from contracts.ledger.service.post import post_entry
from contracts.ledger.service.write import add_entry, take_back
from shared import clock
from shared.problems import Conflict

__all__ = ["Booked", "ImportedEntry", "record_imported_entries", "retract_entry"]

_RAISE = text("UPDATE contracts SET facts_version = facts_version + 1 WHERE id = ANY(:ids)")


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportedEntry:
    """Money of a contract of the past; `head` is in the caller's scope. `booked_on` is null where nobody knows it."""

    head: ContractHead
    external_id: str
    kind: str
    amount: Decimal
    booked_on: date | None
    voucher: str | None = None
    milestone_id: UUID | None = None
    cause: str | None = None
    note: str | None = None


class Booked(NamedTuple):
    """What became of an entry: created | updated | unchanged, or why it was not booked."""

    entry_id: UUID | None
    outcome: str | None
    refusal: str | None = None
    corrected: UUID | None = None


async def record_imported_entries(session: AsyncSession, entries: Sequence[ImportedEntry]) -> list[Booked]:
    """Book entries of contracts of the past, each once; answers what became of each, in order.

    A known entry that the source corrected is taken back and booked anew, so that nothing is overwritten. No limit by
    the contract value applies to the past. A voucher that the contract has booked is refused.
    """
    if not entries:
        return []
    keys = [(each.head.contract_id, each.external_id) for each in entries]
    known = await entries_by_external_id(session, keys)
    vouchers = await used_vouchers(
        session, [(each.head.contract_id, each.voucher) for each in entries if each.voucher is not None]
    )
    await session.execute(_RAISE, {"ids": sorted({each.head.contract_id for each in entries})})
    back = (
        await reversed_among(session, [one.id for each in known.values() for one in each.values()]) if known else set()
    )
    booked: list[Booked] = []
    for each in entries:
        name, current = _latest(known.get(each.head.contract_id, {}), each.external_id)
        if current is not None:
            same = (current.kind, current.amount, current.booked_on) == (each.kind, each.amount, each.booked_on)
            if same and current.id not in back:
                booked.append(Booked(current.id, "unchanged"))
                continue
        voucher = (each.head.contract_id, each.voucher)
        if each.voucher is not None and voucher in vouchers and (current is None or current.voucher != each.voucher):
            booked.append(Booked(None, None, f"voucher {each.voucher} is booked in this contract already"))
            continue
        if current is not None and current.id not in back:
            take_back(
                session, each.head, current, booked_on=clock.today(), note="corrected in the source of the import"
            )
        entry = add_entry(
            session,
            each.head,
            kind=each.kind,
            accounts=ACCOUNTS_OF[each.kind],
            amount=each.amount,
            booked_on=each.booked_on,
            voucher=None if voucher in vouchers else each.voucher,
            external_id=name,
            milestone_id=each.milestone_id,
            cause=each.cause,
            note=each.note,
        )
        if each.voucher is not None:
            vouchers.add((each.head.contract_id, each.voucher))
        booked.append(Booked(entry.id, "updated" if current else "created", corrected=current.id if current else None))
    await session.flush()
    return booked


def _latest(known: Mapping[str, LedgerEntry], external_id: str) -> tuple[str, LedgerEntry | None]:
    """The next free key and the latest entry: corrections are kept as `<id>#2`, `<id>#3`, ..."""
    key, current, number = external_id, None, 1
    while key in known:
        current, number = known[key], number + 1
        key = f"{external_id}#{number}"
    return key, current


async def retract_entry(session: AsyncSession, head: ContractHead, *, entry_id: UUID, note: str) -> str | None:
    """Take an entry back in full; answers why not, None when it is done.

    The contract is locked by the caller. What later entries rest on is not taken back: the ledger's rules say so.
    """
    entry = await get_entry(session, entry_id=entry_id)
    if entry is None:
        return "the entry is in a region outside your scope"
    if await is_reversed(session, entry_id=entry_id):
        return "the entry was taken back before"
    back = EntryIn(kind="reversal", reverses=entry_id, booked_on=clock.today(), note=note)
    try:
        await post_entry(session, back, contract_id=head.contract_id, head=head)
    except Conflict as refusal:
        return refusal.detail
    await session.execute(_RAISE, {"ids": [head.contract_id]})
    await session.flush()
    return None
