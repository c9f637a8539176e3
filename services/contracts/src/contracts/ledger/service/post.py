"""Posting an entry by hand or for an acceptance, and taking one back."""

from datetime import date
from decimal import Decimal
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from contracts.budgets.queries import get_project, lock_project
from contracts.contracts.errors import ContractStateConflict
from contracts.contracts.queries import milestone_ids
from contracts.contracts.service import ContractHead, follow_final_value, open_for_fact
from contracts.contracts.transitions import FINAL
from contracts.ledger.accounts import (
    ACCOUNTS_OF,
    Totals,
    after,
    require_accepted,
    require_deductible,
    require_paid_by,
    require_room,
)
from contracts.ledger.budget import Line, require_budget, share_to_pay_from
from contracts.ledger.errors import (
    BookingInTheFuture,
    BudgetOverspent,
    BudgetYearMismatch,
    EntryAlreadyReversed,
    EntryNotReversible,
    EntryOfAcceptance,
    LedgerCurrencyMismatch,
    MilestoneUnknown,
    VoucherAlreadyUsed,
)
from contracts.ledger.models import LedgerEntry
from contracts.ledger.queries import (
    get_entry,
    is_reversed,
    payments_by_day,
    savings_of,
    standing_lines,
    totals_in,
    totals_of,
    voucher_is_used,
)
from contracts.ledger.schemas import EntryIn
from contracts.ledger.service.parts import Owner, lines_in_framework, require_room_in_parts
from contracts.ledger.service.write import add_entry, parts_of, take_back
from contracts.policies.service import require_direct
from contracts.register_jobs import refresh_register
from contracts.structure.service import NamedParts
from shared import clock

__all__ = ["PAID_OUT", "post_acceptance", "post_entry"]

# Money that leaves the treasury: what a region's settings may want in three hands (action `payment`).
PAID_OUT = ("payment", "interestPayment", "compensationPayment")
_SETTLED = text("SELECT final_value IS NOT NULL FROM contracts WHERE id = :contract_id")


async def post_entry(
    session: AsyncSession, body: EntryIn, *, contract_id: UUID, head: ContractHead | None = None
) -> LedgerEntry:
    """Post an entry by hand; `head` is the contract where the caller has opened it and knows who may post.

    409 for money over the contract value, over that of the lot, member or call-off that it is for, over the share of a
    budget project or over what is owed, a refund over what
    was paid, a second reversal, a used voucher, another currency, a date in the future, and a contract that never was
    in force.
    """
    head = head or await open_for_fact(session, contract_id=contract_id)
    if body.kind in PAID_OUT:
        await require_direct(session, "payment", region=head.region)
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
    lines = await standing_lines(session, contract_id=contract_id)
    before = totals_in([*lines, *await lines_in_framework(session, head)])
    require_room(before, after(before, body.kind, amount), value=head.limit, currency=head.currency)
    parts = NamedParts(body.lot_id, body.call_off_id, body.member_id)
    called = await require_room_in_parts(session, head, parts, kind=body.kind, amount=amount)
    owner = called or await _own(session, head, before)
    new = after(owner.before, body.kind, amount)
    saving = amount if body.cause == "saving" and body.kind == "deduction" else Decimal(0)
    await _require_accepted(session, owner, new, saving=saving, currency=head.currency)
    if body.kind == "refund":
        moves = await payments_by_day(session, contract_id=owner.contract_id)
        require_paid_by(moves, day=body.booked_on, amount=amount, currency=head.currency)
    year = body.budget_year or body.booked_on.year
    project_id = body.budget_project_id or share_to_pay_from(lines, kind=body.kind, year=year, amount=amount)
    if body.budget_project_id is not None:
        year = await _year_of_project(session, head, body, amount=amount)
    require_budget(lines, Line(body.kind, project_id, year, amount), currency=head.currency)
    entry = add_entry(
        session,
        head,
        kind=body.kind,
        accounts=ACCOUNTS_OF[body.kind],
        amount=amount,
        booked_on=body.booked_on,
        voucher=body.voucher,
        milestone_id=body.milestone_id,
        budget_project_id=project_id,
        budget_year=year,
        cause=body.cause or ("result" if body.kind in ("deduction", "penalty") else None),
        note=body.note,
        parts=parts,
    )
    await _follow(session, head, owner, new)
    return entry


async def post_acceptance(
    session: AsyncSession,
    head: ContractHead,
    *,
    amount: Decimal,
    accepted_on: date,
    delivered_on: date | None = None,
) -> LedgerEntry:
    """Book what was accepted; the contract is locked by the caller. AcceptanceOverValue when it is over the value."""
    before = totals_in(await standing_lines(session, contract_id=head.contract_id))
    require_room(before, after(before, "acceptance", amount), value=head.limit, currency=head.currency)
    entry = add_entry(
        session,
        head,
        kind="acceptance",
        accounts=ACCOUNTS_OF["acceptance"],
        amount=amount,
        booked_on=accepted_on,
        delivered_on=delivered_on,
    )
    await session.flush()
    return entry


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
    lines = await standing_lines(session, contract_id=head.contract_id)
    before = totals_in([*lines, *await lines_in_framework(session, head)])
    if entry.booked_on is not None and body.booked_on < entry.booked_on:
        raise EntryNotReversible(
            f"The entry was booked on {entry.booked_on} and is not taken back before that; booked_on is the day on "
            "which it is taken back."
        )
    require_room(before, after(before, entry.kind, -entry.amount), value=head.limit, currency=head.currency)
    called = await require_room_in_parts(session, head, parts_of(entry), kind=entry.kind, amount=-entry.amount)
    owner = called or await _own(session, head, before)
    new = after(owner.before, entry.kind, -entry.amount)
    await _require_accepted(session, owner, new, saving=Decimal(0), currency=head.currency)
    taken_back = Line(entry.kind, entry.budget_project_id, entry.budget_year, -entry.amount)
    require_budget(lines, taken_back, currency=head.currency)
    reversal = take_back(session, head, entry, booked_on=body.booked_on, note=body.note, voucher=body.voucher)
    await _follow(session, head, owner, new)
    return reversal


async def _own(session: AsyncSession, head: ContractHead, before: Totals) -> Owner:
    """The contract as the owner of an entry; what a framework agreement's ledger has of call-offs is not its own."""
    if head.kind == "framework":
        before = await totals_of(session, contract_id=head.contract_id)
    return Owner(head.contract_id, head.state, before, head.origin)


async def _require_accepted(
    session: AsyncSession, owner: Owner, new: Totals, *, saving: Decimal, currency: str
) -> None:
    """No statement runs for entries that neither save nor take an acceptance back, nor pay after a termination."""
    saved = Decimal(0)
    if saving or new.acceptance < owner.before.acceptance:
        _, saved = await savings_of(session, contract_id=owner.contract_id)
    closed = owner.state == "completed"
    if owner.state == "terminated" and new.executed > owner.before.executed:
        closed = (await session.execute(_SETTLED, {"contract_id": owner.contract_id})).scalar_one()
    require_accepted(owner.before, new, savings=(saved, saved + saving), closed=closed, currency=currency)
    if owner.origin == "native" or owner.before.acceptance:  # most sources of the past state no acceptance
        require_deductible(owner.before, new, ended=owner.state == "terminated", currency=currency)


async def _follow(session: AsyncSession, head: ContractHead, owner: Owner, totals: Totals) -> None:
    """What an ended contract cost in all stays the sum of its money; a call-off hears of what its framework paid."""
    if owner.contract_id != head.contract_id:
        await refresh_register(session, contract_id=owner.contract_id)
    if owner.state in FINAL:
        await session.flush()
        await follow_final_value(session, contract_id=owner.contract_id, value=totals.payment - totals.refund)


async def _year_of_project(session: AsyncSession, head: ContractHead, body: EntryIn, *, amount: Decimal) -> int:
    """The budget year of the project that the body names; locks the project for a new share, so that none is over."""
    if body.budget_project_id is None:
        return body.booked_on.year
    if body.kind != "budget":
        shown = await get_project(session, project_id=body.budget_project_id)
        currency, year = shown["currency"], int(shown["year"])
    else:
        project = await lock_project(session, project_id=body.budget_project_id)
        currency, year = project.currency, project.year
        left = project.full_year_amount - project.allocated
        if amount > left:
            raise BudgetOverspent(
                f"Contracts hold {project.allocated:.2f} of {project.full_year_amount:.2f} {currency}; "
                f"{left:.2f} is left.",
                left=f"{left:.2f}",
            )
    if currency != head.currency:
        raise LedgerCurrencyMismatch(f"The budget project is in {currency}, the ledger in {head.currency}.")
    if body.budget_year not in (None, year):
        raise BudgetYearMismatch(f"The budget project is of {year}, not of {body.budget_year}.", budget_year=year)
    return year
