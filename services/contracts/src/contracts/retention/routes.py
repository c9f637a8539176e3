"""Retention over HTTP."""

from typing import Annotated
from uuid import UUID

from fastapi import Query, Request, Response

from contracts.contracts.queries import require_visible
from contracts.lists import id_after
from contracts.retention import queries, service
from contracts.retention.models import LegalHold
from contracts.retention.proposals import Noun, proposals
from contracts.retention.schemas import (
    DueOut,
    ErasureOut,
    HoldIn,
    HoldOut,
    HoldsOut,
    PeriodIn,
    PeriodOut,
    ProposalOut,
    ReleaseIn,
    RetentionOut,
)
from shared import clock
from shared.auth import Principal, allow
from shared.concurrency import IfMatch, etag
from shared.db import ReadSession, WriteSession
from shared.pagination import Page, PageQuery, encode_cursor, page_response
from shared.web import router, set_region

__all__ = ["routes"]

routes = router(tags=["retention"])

Keeper = Annotated[Principal, allow("finance", "operator")]
Reader = Annotated[Principal, allow("finance", "auditor", "operator")]
HoldReader = Annotated[Principal, allow("finance", "purchaser", "auditor", "operator")]
Holder = Annotated[Principal, allow("finance", "auditor", "operator")]


@routes.get("/retention", summary="How long each noun is kept")
async def show_retention(session: ReadSession, _: Reader) -> RetentionOut:
    """The shipped proposals with their source, and the periods that were set."""
    return RetentionOut(
        proposals=[ProposalOut.model_validate(one) for one in proposals().values()],
        periods=[PeriodOut.model_validate(one) for one in await queries.list_periods(session)],
    )


@routes.post("/retention/periods", status_code=201, summary="Set a period")
async def set_period(body: PeriodIn, session: WriteSession, _: Keeper) -> PeriodOut:
    """No effect until a second person confirms it. Records are kept at least as long as their rule set says."""
    return PeriodOut.model_validate(await service.set_period(session, body))


@routes.post("/retention/periods/{period_id}/confirm", summary="Confirm a period as the second person")
async def confirm_period(period_id: UUID, session: WriteSession, _: Keeper) -> PeriodOut:
    """From now on the job erases by it, once a day. 409 for the person who set it."""
    return PeriodOut.model_validate(await service.confirm_period(session, period_id=period_id))


@routes.get("/retention/due", summary="Contracts whose period is over")
async def list_due(
    *,
    session: ReadSession,
    _: Reader,
    page: PageQuery,
    noun: Annotated[Noun, Query(description="records | freeText | personalFields; empty for individuals, imports.")],
    request: Request,
    response: Response,
) -> Page[DueOut]:
    """What the job erases next, and what a hold keeps; contracts of your regions in the order of their ids."""
    limit = page.limit + 1
    found = (
        []
        if noun in ("individuals", "imports")
        else await queries.due_contracts(session, noun=noun, limit=limit, after=id_after(page), held=True)
    )
    shown = found[: page.limit]
    next_cursor = encode_cursor(shown[-1].id) if len(found) > page.limit else None
    items = [
        DueOut(
            contract_id=row.id,
            region=row.region,
            simulated=row.simulated,
            years=row.years,
            scope=row.scope,
            held=row.held,
        )
        for row in shown
    ]
    return page_response(request, response, items, next_cursor=next_cursor)


@routes.get("/retention/erasures", summary="What was erased")
async def list_erasures(
    *, session: ReadSession, _: Reader, page: PageQuery, request: Request, response: Response
) -> Page[ErasureOut]:
    """In the order of erasing; it names no content."""
    found = await queries.list_erasures(session, limit=page.limit, after=id_after(page))
    shown = found[: page.limit]
    next_cursor = encode_cursor(shown[-1].id) if len(found) > page.limit else None
    items = [ErasureOut.model_validate(one) for one in shown]
    return page_response(request, response, items, next_cursor=next_cursor)


@routes.get("/contracts/{contract_id}/holds", summary="What keeps a contract from being erased")
async def list_holds(contract_id: UUID, session: ReadSession, response: Response, _: HoldReader) -> HoldsOut:
    """Holds, and appeals that are not decided."""
    set_region(response, await require_visible(session, contract_id=contract_id))
    holds = await queries.holds_of(session, contract_id=contract_id)
    appeals = await queries.open_appeals(session, contract_id=contract_id)
    today = clock.today()
    standing = any(one.released_at is None and (one.until is None or one.until >= today) for one in holds)
    return HoldsOut(
        holds=[HoldOut.model_validate(one) for one in holds], appeals=appeals, held=standing or bool(appeals)
    )


def _answer(response: Response, hold: LegalHold) -> HoldOut:
    response.headers["ETag"] = etag(hold.version)
    set_region(response, hold.region)
    return HoldOut.model_validate(hold)


@routes.post("/contracts/{contract_id}/holds", status_code=201, summary="Place a legal hold")
async def place_hold(contract_id: UUID, body: HoldIn, session: WriteSession, response: Response, _: Holder) -> HoldOut:
    """Nothing of the contract is erased while it stands."""
    return _answer(response, await service.place_hold(session, body, contract_id=contract_id))


@routes.post("/contracts/{contract_id}/holds/{hold_id}/release", summary="Release a legal hold")
async def release_hold(
    *,
    contract_id: UUID,
    hold_id: UUID,
    body: ReleaseIn,
    session: WriteSession,
    response: Response,
    if_match: IfMatch,
    _: Holder,
) -> HoldOut:
    """409 when it was released before."""
    hold = await service.release_hold(
        session, contract_id=contract_id, hold_id=hold_id, reason=body.reason, if_match=if_match
    )
    return _answer(response, hold)
