"""Importing statements of a treasury, and bringing each voucher to its queue."""

import hashlib
from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Any
from uuid import UUID

from pydantic_core import to_json
from sqlalchemy import select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from contracts.contracts.service import open_for_fact
from contracts.ledger.queries import voucher_is_used
from contracts.ledger.schemas import EntryIn
from contracts.ledger.service import post_entry
from contracts.policies.service import signed
from contracts.vouchers import queries
from contracts.vouchers.errors import VoucherFileAlreadyImported, VoucherMatchRefused, VoucherNotOpen
from contracts.vouchers.matching import ENTRY_KINDS, Entry, entries_for, queue_of
from contracts.vouchers.models import Voucher, VoucherFile, VoucherMatch
from contracts.vouchers.schemas import BookIn, DismissIn, MatchIn, RematchIn, VoucherFileIn
from shared import audit, clock
from shared.auth import require_region
from shared.concurrency import check_version
from shared.db import principal_in
from shared.ids import new_id
from shared.problems import TooLarge, Unprocessable

__all__ = [
    "book_voucher",
    "dismiss_voucher",
    "import_vouchers",
    "match_voucher",
    "recognise",
    "rematch_vouchers",
    "reopen_voucher",
    "settle_voucher",
]

_OPEN = ("unmatched", "partlyMatched")


async def import_vouchers(session: AsyncSession, body: VoucherFileIn, *, limit: int) -> VoucherFile:
    """Record a statement and match its vouchers by number.

    A number that came before in the year (in this file or another of the treasury) goes to the queue of duplicates.
    403 for a region outside the caller's scope, 413 for too many lines, 422 for days to come,
    VoucherFileAlreadyImported for known content.
    """
    require_region(principal_in(session), body.region)
    if len(body.lines) > limit:
        raise TooLarge(f"{len(body.lines)} lines; send at most {limit} in one file.", limit=limit)
    today = clock.today()
    early = [position for position, line in enumerate(body.lines) if line.paid_on > today]
    if early:
        raise Unprocessable(
            "A statement tells what was paid, and these days are still to come.",
            errors=[
                {"pointer": f"/lines/{position}/paid_on", "detail": f"is after {today}"} for position in early[:100]
            ],
        )
    content_hash = hashlib.sha256(to_json(body)).hexdigest()
    # One import of a treasury at a time, so that a number of two files at once is still found twice.
    lock = text("SELECT pg_advisory_xact_lock(hashtextextended('vouchers:' || :region || ':' || :source, 0))")
    await session.execute(lock, {"region": body.region, "source": body.source})
    known = await queries.file_by_hash(session, region=body.region, source=body.source, content_hash=content_hash)
    if known is not None:
        raise VoucherFileAlreadyImported("This statement was imported already; nothing is changed.", file_id=str(known))
    moment = clock.now()
    file = VoucherFile(
        id=new_id(),
        **{name: value for name, value in body if name != "lines"},
        lines=len(body.lines),
        content_hash=content_hash,
        recorded_by=principal_in(session).subject,
        recorded_at=moment,
    )
    session.add(file)
    await session.flush()
    numbers = sorted({line.number for line in body.lines})
    first = await queries.known_numbers(
        session, region=body.region, source=body.source, year=body.month.year, numbers=numbers
    )
    told = sorted({line.contract_number for line in body.lines if line.contract_number})
    contracts = await queries.contracts_by_number(session, region=body.region, numbers=told)
    vouchers = []
    for position, line in enumerate(body.lines, 1):
        voucher = Voucher(
            id=new_id(),
            version=1,
            file_id=file.id,
            line=position,
            region=body.region,
            source=body.source,
            month=body.month,
            currency=body.currency,
            **dict(line),
            contract_id=contracts.get(line.contract_number or ""),
            queue="duplicate" if line.number in first else "unmatched",
            duplicate_of=first.get(line.number),
            recorded_at=moment,
            updated_at=moment,
        )
        first.setdefault(line.number, voucher.id)
        vouchers.append(voucher)
    session.add_all(vouchers)
    await session.flush()
    await _match_by_number(session, vouchers, region=body.region, year=body.month.year)
    noted = {"lines": len(vouchers), "month": f"{body.month:%Y-%m}", "source": body.source}
    audit.record(session, "vouchers.imported", noun="voucher_file", noun_id=file.id, region=body.region, fields=noted)
    return file


async def rematch_vouchers(session: AsyncSession, body: RematchIn) -> int:
    """Match a month anew: entries posted since, entries taken back since. Answers how many vouchers changed queue."""
    require_region(principal_in(session), body.region)
    statement = select(Voucher).where(
        Voucher.region == body.region,
        Voucher.source == body.source,
        Voucher.month == body.month,
        Voucher.queue.in_((*_OPEN, "matched")),
    )
    vouchers = (await session.execute(statement.order_by(Voucher.id).with_for_update())).scalars().all()
    before = {voucher.id: voucher.queue for voucher in vouchers}
    await _match_by_number(session, vouchers, region=body.region, year=body.month.year)
    changed = sum(1 for voucher in vouchers if voucher.queue != before[voucher.id])
    audit.record(
        session,
        "vouchers.rematched",
        noun="voucher_month",
        noun_id=f"{body.source} {body.month:%Y-%m}",
        region=body.region,
        fields={"changed": changed},
    )
    return changed


async def match_voucher(session: AsyncSession, body: MatchIn, *, voucher_id: UUID, if_match: int | None) -> None:
    """Say by hand which entries an open voucher proves: of its kind and currency, standing, unproved, of its region."""
    voucher = await _open(session, voucher_id, if_match)
    wanted = set(body.entry_ids)
    found = await queries.entries_by_id(session, region=voucher.region, ids=list(wanted))
    fitting = {
        entry.entry_id
        for entry in found
        if entry.kind in ENTRY_KINDS[voucher.kind] and entry.currency == voucher.currency
    }
    if fitting != wanted:
        raise VoucherMatchRefused(
            f"A voucher proves standing entries of kind {' or '.join(ENTRY_KINDS[voucher.kind])} in {voucher.currency} "
            f"in {voucher.region} that no other voucher proves.",
            entry_ids=sorted(str(entry_id) for entry_id in wanted - fitting),
        )
    await _prove(session, voucher, found, made_by="hand")
    await settle_voucher(session, voucher, act="voucher.matched")


async def book_voucher(session: AsyncSession, body: BookIn, *, voucher_id: UUID, if_match: int | None) -> None:
    """Book what is open of a voucher in a contract's ledger, on the day the treasury paid; the entry is proved by it.

    Every rule of the ledger applies. VoucherMatchRefused for more than is open, and while the ledger has an unproved
    entry under the number: it is the same money, to be matched and not booked again.
    """
    voucher = await _open(session, voucher_id, if_match)
    head = await open_for_fact(session, contract_id=body.contract_id)  # nobody posts there from here on
    year, number = voucher.month.year, voucher.number
    same = await queries.entries_by_voucher(session, region=voucher.region, year=year, numbers=[number])
    if booked := entries_for(same, kind=voucher.kind, currency=voucher.currency, contract_id=None):
        raise VoucherMatchRefused(
            f"The ledger has entries under number {voucher.number} that no voucher proves. Match them (POST "
            "/v1/vouchers:rematch), or reverse them; then book what is left.",
            entry_ids=sorted(str(entry.entry_id) for entry in booked),
        )
    left = voucher.amount - sum(await _proved(session, voucher), Decimal(0))
    amount = body.amount or left
    if amount > left or amount <= 0:
        raise VoucherMatchRefused(f"{max(left, Decimal(0)):.2f} {voucher.currency} of the voucher are open.")
    used = await voucher_is_used(session, contract_id=body.contract_id, voucher=voucher.number)
    with signed(session):  # the treasury has paid and says so: there is nothing left to review or to sign
        entry = await post_entry(
            session,
            EntryIn(
                kind="payment" if voucher.kind == "payment" else "refund",
                amount=amount,
                currency=voucher.currency,
                booked_on=voucher.paid_on,
                # Once per contract: what follows after a reversal is tied to the voucher by the match alone.
                voucher=None if used else voucher.number,
                milestone_id=body.milestone_id,
                budget_project_id=body.budget_project_id,
                note=f"treasury voucher {voucher.number} ({voucher.source})",
            ),
            contract_id=body.contract_id,
            head=head,
        )
    await session.flush()
    voucher.contract_id = body.contract_id
    proved = Entry(entry.id, entry.contract_id, entry.kind, entry.amount, entry.currency, entry.voucher)
    await _prove(session, voucher, [proved], made_by="booking")
    await settle_voucher(session, voucher, act="voucher.booked")


async def dismiss_voucher(session: AsyncSession, body: DismissIn, *, voucher_id: UUID, if_match: int | None) -> None:
    """Say why a voucher belongs to no contract; only one that proves nothing."""
    voucher = await _open(session, voucher_id, if_match)
    if voucher.queue != "unmatched":
        raise VoucherNotOpen("The voucher proves entries already; book or match what is open of it.")
    voucher.queue, voucher.reason = "dismissed", body.reason
    await _noted(session, voucher, act="voucher.dismissed")


async def reopen_voucher(session: AsyncSession, body: DismissIn, *, voucher_id: UUID, if_match: int | None) -> None:
    """Take a dismissal back, with the reason: the voucher is matched by its number again, or waits as unmatched."""
    voucher = await queries.lock_voucher(session, voucher_id=voucher_id)
    check_version(if_match, voucher.version)
    if voucher.queue != "dismissed":
        raise VoucherNotOpen(
            f"The voucher is {voucher.queue}; only a dismissed one is reopened. A wrong match is taken back by "
            "two persons (POST /v1/vouchers/{id}/unmatch).",
            queue=voucher.queue,
        )
    voucher.queue, voucher.reason = "unmatched", body.reason
    await session.flush()
    await _match_by_number(session, [voucher], region=voucher.region, year=voucher.month.year)
    await _noted(session, voucher, act="voucher.reopened")


async def _open(session: AsyncSession, voucher_id: UUID, if_match: int | None) -> Voucher:
    voucher = await queries.lock_voucher(session, voucher_id=voucher_id)
    check_version(if_match, voucher.version)
    if voucher.queue not in _OPEN:
        raise VoucherNotOpen(f"The voucher is {voucher.queue}; only an open one is worked on.", queue=voucher.queue)
    return voucher


async def _match_by_number(session: AsyncSession, vouchers: Iterable[Voucher], *, region: str, year: int) -> None:
    """Prove the entries that were booked under each voucher's number, and bring each voucher to its queue."""
    waiting = [voucher for voucher in vouchers if voucher.queue != "duplicate"]
    numbers = [voucher.number for voucher in waiting]
    by_number: dict[str | None, list[Entry]] = {}
    for entry in await queries.entries_by_voucher(session, region=region, year=year, numbers=numbers):
        by_number.setdefault(entry.voucher, []).append(entry)
    rows = []
    for voucher in waiting:
        fitting = entries_for(
            by_number.get(voucher.number, ()),
            kind=voucher.kind,
            currency=voucher.currency,
            contract_id=voucher.contract_id,
        )
        if voucher.contract_id is None and len({entry.contract_id for entry in fitting}) == 1:
            voucher.contract_id = fitting[0].contract_id
        rows += _matches(voucher, fitting, made_by="number")
    if rows:
        await session.execute(insert(VoucherMatch), rows)
    proved = await queries.proved_by(session, voucher_ids=[voucher.id for voucher in waiting])
    for voucher in waiting:
        queue = queue_of(voucher.amount, proved.get(voucher.id, []))
        if queue != voucher.queue:
            voucher.queue, voucher.updated_at = queue, clock.now()
            voucher.version += 1
    await session.flush()


async def _proved(session: AsyncSession, voucher: Voucher) -> list[Decimal]:
    return (await queries.proved_by(session, voucher_ids=[voucher.id])).get(voucher.id, [])


async def _prove(session: AsyncSession, voucher: Voucher, entries: Sequence[Entry], *, made_by: str) -> None:
    await session.execute(insert(VoucherMatch), _matches(voucher, entries, made_by=made_by))


def _matches(voucher: Voucher, entries: Iterable[Entry], *, made_by: str) -> list[dict[str, Any]]:
    same = {"voucher_id": voucher.id, "made_by": made_by, "matched_at": clock.now()}
    return [same | {"id": new_id(), "entry_id": entry.entry_id} for entry in entries]


async def recognise(session: AsyncSession, voucher: Voucher) -> None:
    """Tie a voucher that proves nothing any more to the contract that the treasury states, or to none."""
    told = [voucher.contract_number] if voucher.contract_number else []
    found = await queries.contracts_by_number(session, region=voucher.region, numbers=told)
    voucher.contract_id = found.get(voucher.contract_number or "")


async def settle_voucher(session: AsyncSession, voucher: Voucher, *, act: str) -> None:
    """Bring a voucher to the queue that what it proves puts it in, and note the act."""
    voucher.queue = queue_of(voucher.amount, await _proved(session, voucher))
    await _noted(session, voucher, act=act)


async def _noted(session: AsyncSession, voucher: Voucher, *, act: str) -> None:
    voucher.version += 1
    voucher.updated_at = clock.now()
    voucher.resolved_by = principal_in(session).subject
    await session.flush()
    noted = {"queue": voucher.queue}
    audit.record(session, act, noun="voucher", noun_id=voucher.id, region=voucher.region, fields=noted)
