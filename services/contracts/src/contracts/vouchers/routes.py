"""Treasury vouchers over HTTP."""

from typing import Annotated
from uuid import UUID

from fastapi import Query, Request, Response

from contracts.lists import id_after
from contracts.monitoring.queries import end_of
from contracts.vouchers import queries, service, unmatching
from contracts.vouchers.reconciliation import reconcile
from contracts.vouchers.schemas import (
    BookIn,
    DismissIn,
    MatchIn,
    Month,
    MonthOut,
    Queue,
    RegionText,
    RematchIn,
    RematchOut,
    UnmatchIn,
    UnmatchingOut,
    UnprovedOut,
    VoucherFileIn,
    VoucherFileOut,
    VoucherOut,
)
from shared.auth import Principal, allow, require_region
from shared.concurrency import IfMatch, etag
from shared.db import AsyncSession, ReadSession, WriteSession, principal_in
from shared.pagination import Page, PageQuery, encode_cursor, page_response
from shared.web import router, set_region

__all__ = ["routes"]

routes = router(tags=["treasury vouchers"])

Treasurer = Annotated[Principal, allow("finance", "operator")]
Reader = Annotated[Principal, allow("finance", "purchaser", "auditor", "operator")]
Booker = Annotated[Principal, allow("finance")]
InRegion = Annotated[RegionText, Query(description="Region whose treasury it is.")]


async def _answer(session: AsyncSession, response: Response, voucher_id: UUID) -> VoucherOut:
    voucher = await queries.get_voucher(session, voucher_id=voucher_id)
    response.headers["ETag"] = etag(voucher["version"])
    set_region(response, voucher["region"])
    return VoucherOut.model_validate(voucher)


@routes.post("/vouchers/files", status_code=201, summary="Import a month's statement of the treasury")
async def import_vouchers(
    body: VoucherFileIn, session: WriteSession, request: Request, response: Response, _: Treasurer
) -> VoucherFileOut:
    """Each voucher goes to a queue: matched, partlyMatched, unmatched or duplicate. Nothing is booked by an import."""
    limit = request.app.state.settings.max_voucher_lines
    file = await service.import_vouchers(session, body, limit=limit)
    queues = await queries.queues_of_file(session, file_id=file.id)
    set_region(response, file.region)
    plain = {name: getattr(file, name) for name in VoucherFileOut.model_fields if name not in ("difference", "queues")}
    difference = file.total - sum(queue["amount"] for queue in queues)
    return VoucherFileOut.model_validate(plain | {"difference": difference, "queues": queues})


@routes.post("/vouchers:rematch", summary="Match a month anew")
async def rematch_vouchers(body: RematchIn, session: WriteSession, _: Treasurer) -> RematchOut:
    """After entries were posted or taken back; vouchers that were matched by hand keep their entries."""
    return RematchOut(changed=await service.rematch_vouchers(session, body))


@routes.get("/vouchers", summary="List vouchers")
async def list_vouchers(
    *,
    session: ReadSession,
    _: Reader,
    page: PageQuery,
    request: Request,
    response: Response,
    queue: Annotated[Queue | None, Query(description="Queue.")] = None,
    month: Annotated[Month | None, Query(description="First day of the month.")] = None,
    source: Annotated[str | None, Query(description="System of the treasury.", max_length=100)] = None,
    contract_id: Annotated[UUID | None, Query(description="Contract.")] = None,
) -> Page[VoucherOut]:
    """Vouchers of your regions in the order of import; a queue is a list to work through."""
    filters = {"queue": queue, "month": month, "source": source, "contract_id": contract_id}
    found = await queries.list_vouchers(session, limit=page.limit, after=id_after(page), filters=filters)
    shown = found[: page.limit]
    next_cursor = encode_cursor(shown[-1]["id"]) if len(found) > page.limit else None
    return page_response(
        request, response, [VoucherOut.model_validate(voucher) for voucher in shown], next_cursor=next_cursor
    )


@routes.get("/vouchers/unproved", summary="List the ledger's payments that no voucher proves")
async def list_unproved(
    *,
    session: ReadSession,
    principal: Reader,
    page: PageQuery,
    request: Request,
    response: Response,
    region: InRegion,
    month: Annotated[Month, Query(description="First day of the month.")],
) -> Page[UnprovedOut]:
    """Payments, refunds, interest paid and penalties received in the region and everything below it."""
    require_region(principal, region)
    found = await queries.list_unproved(
        session, region=region, first=month, last=end_of(month), limit=page.limit, after=id_after(page)
    )
    shown = found[: page.limit]
    next_cursor = encode_cursor(shown[-1]["entry_id"]) if len(found) > page.limit else None
    return page_response(
        request, response, [UnprovedOut.model_validate(entry) for entry in shown], next_cursor=next_cursor
    )


@routes.get("/vouchers/reconciliation", summary="Reconcile a year month by month")
async def show_reconciliation(
    *,
    session: ReadSession,
    response: Response,
    _: Reader,
    region: InRegion,
    year: Annotated[int, Query(description="Year.", ge=1990, le=2100)],
    source: Annotated[str, Query(description="System of the treasury.", max_length=100)] = "treasury",
    currency: Annotated[str, Query(description="ISO 4217 code.", pattern=r"^[A-Z]{3}$")] = "CNY",
) -> list[MonthOut]:
    """What the files state, what their lines say and what the ledger has: three sums that must agree."""
    require_region(principal_in(session), region)
    set_region(response, region)
    await queries.require_whole_year(session, region=region, year=year)
    return await reconcile(session, region=region, source=source, year=year, currency=currency)


@routes.get("/vouchers/{voucher_id}", summary="Show a voucher")
async def show_voucher(voucher_id: UUID, session: ReadSession, response: Response, _: Reader) -> VoucherOut:
    """With what it proves and what is open of it."""
    return await _answer(session, response, voucher_id)


@routes.post("/vouchers/{voucher_id}/match", summary="Match a voucher by hand")
async def match_voucher(
    *, voucher_id: UUID, body: MatchIn, session: WriteSession, response: Response, _: Booker, if_match: IfMatch
) -> VoucherOut:
    """Names the ledger entries that it proves; one voucher may prove entries of several contracts."""
    await service.match_voucher(session, body, voucher_id=voucher_id, if_match=if_match)
    return await _answer(session, response, voucher_id)


@routes.post("/vouchers/{voucher_id}/book", summary="Book a voucher in a contract's ledger")
async def book_voucher(
    *, voucher_id: UUID, body: BookIn, session: WriteSession, response: Response, _: Booker, if_match: IfMatch
) -> VoucherOut:
    """Posts the open amount, or a part of it, on the day the treasury paid; every rule of the ledger applies."""
    await service.book_voucher(session, body, voucher_id=voucher_id, if_match=if_match)
    return await _answer(session, response, voucher_id)


@routes.post("/vouchers/{voucher_id}/dismiss", summary="Dismiss a voucher that belongs to no contract")
async def dismiss_voucher(
    *, voucher_id: UUID, body: DismissIn, session: WriteSession, response: Response, _: Booker, if_match: IfMatch
) -> VoucherOut:
    """Kept with the reason; it no longer counts against the ledger."""
    await service.dismiss_voucher(session, body, voucher_id=voucher_id, if_match=if_match)
    return await _answer(session, response, voucher_id)


@routes.post("/vouchers/{voucher_id}/reopen", summary="Reopen a dismissed voucher")
async def reopen_voucher(
    *, voucher_id: UUID, body: DismissIn, session: WriteSession, response: Response, _: Booker, if_match: IfMatch
) -> VoucherOut:
    """The dismissal was a mistake: the voucher counts against the ledger again; the reason is kept."""
    await service.reopen_voucher(session, body, voucher_id=voucher_id, if_match=if_match)
    return await _answer(session, response, voucher_id)


@routes.post("/vouchers/{voucher_id}/unmatch", summary="Ask to take a wrong match back")
async def unmatch_voucher(
    *, voucher_id: UUID, body: UnmatchIn, session: WriteSession, response: Response, _: Booker, if_match: IfMatch
) -> UnmatchingOut:
    """Of what was matched by hand or booked from the voucher; it has no effect until a second person approves it."""
    asked = await unmatching.request_unmatching(session, body, voucher_id=voucher_id, if_match=if_match)
    set_region(response, asked.region)
    return UnmatchingOut.model_validate(asked)


@routes.post("/vouchers/{voucher_id}/unmatch/approve", summary="Take a wrong match back")
async def approve_unmatching(
    *, voucher_id: UUID, session: WriteSession, response: Response, _: Booker, if_match: IfMatch
) -> VoucherOut:
    """A second person's act: what was booked from the voucher is reversed, and it is back in its queue."""
    await unmatching.approve_unmatching(session, voucher_id=voucher_id, if_match=if_match)
    return await _answer(session, response, voucher_id)


@routes.post("/vouchers/{voucher_id}/unmatch/reject", summary="Leave a match as it is")
async def reject_unmatching(
    *, voucher_id: UUID, body: DismissIn, session: WriteSession, response: Response, _: Booker
) -> UnmatchingOut:
    """The request is closed with the reason; also by who asked for it."""
    asked = await unmatching.reject_unmatching(session, voucher_id=voucher_id, note=body.reason)
    set_region(response, asked.region)
    return UnmatchingOut.model_validate(asked)


@routes.get("/vouchers/{voucher_id}/unmatchings", summary="List requests to take matches back")
async def list_unmatchings(
    voucher_id: UUID, session: ReadSession, response: Response, _: Reader
) -> list[UnmatchingOut]:
    """Every request of the voucher with what was decided, in the order in which they were asked for."""
    voucher = await queries.get_voucher(session, voucher_id=voucher_id)
    set_region(response, voucher["region"])
    found = await queries.list_unmatchings(session, voucher_id=voucher_id)
    return [UnmatchingOut.model_validate(asked) for asked in found]
