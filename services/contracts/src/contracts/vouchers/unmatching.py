"""Taking back a wrong match of a voucher: asked for with a reason, done by a second person, nothing deleted."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncSession

from contracts.ledger.queries import get_entry, reversed_among
from contracts.ledger.schemas import EntryIn
from contracts.ledger.service import post_entry
from contracts.vouchers import queries
from contracts.vouchers.errors import (
    UnmatchingAlreadyRequested,
    UnmatchingNeedsSecondPerson,
    UnmatchingNotRequested,
    VoucherMatchRefused,
    VoucherMonthReconciled,
    VoucherNotOpen,
)
from contracts.vouchers.models import Voucher, VoucherMatch, VoucherUnmatching
from contracts.vouchers.reconciliation import reconcile
from contracts.vouchers.schemas import UnmatchIn
from contracts.vouchers.service import recognise, settle_voucher
from shared import audit, clock
from shared.concurrency import check_version
from shared.db import principal_in
from shared.ids import new_id

__all__ = ["approve_unmatching", "reject_unmatching", "request_unmatching"]

_BY_PEOPLE = ("hand", "booking")


async def request_unmatching(
    session: AsyncSession, body: UnmatchIn, *, voucher_id: UUID, if_match: int | None
) -> VoucherUnmatching:
    """Ask to take back what was matched by hand or booked; nothing changes until a second person approves it.

    VoucherNotOpen for a voucher that proves nothing, VoucherMatchRefused for entries that it does not prove or that it
    found by its number, VoucherMonthReconciled unless the request says that it reopens the month,
    UnmatchingAlreadyRequested.
    """
    voucher = await _proving(session, voucher_id, if_match)
    if await queries.open_unmatching(session, voucher_id=voucher_id) is not None:
        raise UnmatchingAlreadyRequested("A second person approves it, or it is rejected first (.../unmatch/reject).")
    standing = await queries.standing_matches(session, voucher_id=voucher_id)
    wanted = set(body.entry_ids or [match.entry_id for match in standing if match.made_by in _BY_PEOPLE])
    _require_by_people(standing, wanted)
    await _require_reopened(session, voucher, named=body.reopens_month)
    asked = VoucherUnmatching(
        id=new_id(),
        voucher_id=voucher_id,
        region=voucher.region,
        entry_ids=sorted(wanted),
        reopens_month=body.reopens_month,
        state="requested",
        reason=body.reason,
        requested_by=principal_in(session).subject,
        requested_at=clock.now(),
    )
    session.add(asked)
    await session.flush()
    _noted(session, asked, "voucher.unmatch_requested")
    return asked


async def approve_unmatching(session: AsyncSession, *, voucher_id: UUID, if_match: int | None) -> VoucherUnmatching:
    """Take the matches back in one transaction: what was booked from the voucher is reversed, other entries stay.

    The voucher goes back into its queue. Every rule of the ledger applies to the reversals. UnmatchingNotRequested,
    UnmatchingNeedsSecondPerson, VoucherMonthReconciled, and VoucherMatchRefused where an entry is not proved any more.
    """
    voucher = await _proving(session, voucher_id, if_match)
    asked = await _requested(session, voucher_id)
    if asked.requested_by == principal_in(session).subject:
        raise UnmatchingNeedsSecondPerson("You asked for it; somebody else approves it.")
    standing = await queries.standing_matches(session, voucher_id=voucher_id)
    wanted = set(asked.entry_ids)
    _require_by_people(standing, wanted)
    await _require_reopened(session, voucher, named=asked.reopens_month)
    await _take_back(session, voucher, [match for match in standing if match.entry_id in wanted], reason=asked.reason)
    _decide(session, asked, state="done")
    await session.flush()  # the matches name it
    await session.execute(
        update(VoucherMatch)
        .where(VoucherMatch.voucher_id == voucher_id, VoucherMatch.entry_id.in_(wanted))
        .where(VoucherMatch.unmatching_id.is_(None))
        .values(unmatching_id=asked.id)
        .execution_options(synchronize_session=False)
    )
    if len(wanted) == len(standing):
        await recognise(session, voucher)
    await settle_voucher(session, voucher, act="voucher.unmatched")
    return asked


async def reject_unmatching(session: AsyncSession, *, voucher_id: UUID, note: str) -> VoucherUnmatching:
    """Leave the matches as they are, with the reason; also by who asked for it. UnmatchingNotRequested."""
    await queries.lock_voucher(session, voucher_id=voucher_id)
    asked = await _requested(session, voucher_id)
    asked.note = note
    _decide(session, asked, state="rejected")
    await session.flush()
    _noted(session, asked, "voucher.unmatch_rejected")
    return asked


async def _proving(session: AsyncSession, voucher_id: UUID, if_match: int | None) -> Voucher:
    voucher = await queries.lock_voucher(session, voucher_id=voucher_id)
    check_version(if_match, voucher.version)
    if voucher.queue not in ("matched", "partlyMatched"):
        raise VoucherNotOpen(f"The voucher is {voucher.queue} and proves nothing.", queue=voucher.queue)
    return voucher


async def _requested(session: AsyncSession, voucher_id: UUID) -> VoucherUnmatching:
    asked = await queries.open_unmatching(session, voucher_id=voucher_id)
    if asked is None:
        raise UnmatchingNotRequested("Ask for it first, with the reason: POST /v1/vouchers/{id}/unmatch.")
    return asked


def _require_by_people(standing: Sequence[VoucherMatch], wanted: set[UUID]) -> None:
    by_people = {match.entry_id for match in standing if match.made_by in _BY_PEOPLE}
    if wanted and wanted <= by_people:
        return
    raise VoucherMatchRefused(
        "Taken back is what was matched by hand or booked from the voucher. An entry that has its number itself is "
        "reversed in its contract's ledger (POST /v1/contracts/{id}/ledger), then POST /v1/vouchers:rematch.",
        entry_ids=sorted(str(entry_id) for entry_id in wanted - by_people),
    )


async def _require_reopened(session: AsyncSession, voucher: Voucher, *, named: bool) -> None:
    if named:
        return
    months = await reconcile(
        session, region=voucher.region, source=voucher.source, year=voucher.month.year, currency=voucher.currency
    )
    if any(month.month == voucher.month and month.reconciled for month in months):
        raise VoucherMonthReconciled(
            f"{voucher.month:%Y-%m} of {voucher.source} in {voucher.region} is reconciled; taking a match back opens "
            "it again. Where that is meant, ask with reopens_month: true.",
            month=f"{voucher.month:%Y-%m}",
        )


async def _take_back(session: AsyncSession, voucher: Voucher, matches: Sequence[VoucherMatch], *, reason: str) -> None:
    booked = [match.entry_id for match in matches if match.made_by == "booking"]
    gone = await reversed_among(session, booked)
    for entry_id in booked:
        if entry_id in gone:
            continue  # somebody has reversed it before; the match alone is left
        entry = await get_entry(session, entry_id=entry_id)
        if entry is None:
            raise VoucherMatchRefused("The entry is in a region outside your scope.", entry_ids=[str(entry_id)])
        note = f"treasury voucher {voucher.number} ({voucher.source}) unmatched: {reason}"[:2000]
        body = EntryIn(kind="reversal", reverses=entry_id, booked_on=clock.today(), note=note)
        await post_entry(session, body, contract_id=entry.contract_id)
        await session.flush()


def _decide(session: AsyncSession, asked: VoucherUnmatching, *, state: str) -> None:
    asked.state, asked.decided_by, asked.decided_at = state, principal_in(session).subject, clock.now()


def _noted(session: AsyncSession, asked: VoucherUnmatching, act: str) -> None:
    fields = {"unmatching_id": str(asked.id), "entries": len(asked.entry_ids)}
    audit.record(session, act, noun="voucher", noun_id=asked.voucher_id, region=asked.region, fields=fields)
