"""Rectifications over HTTP."""

from typing import Annotated, Literal
from uuid import UUID

from fastapi import Query, Request, Response
from sqlalchemy.ext.asyncio import AsyncSession

from scoring.rectifications import queries, service
from scoring.rectifications.models import Rectification
from scoring.rectifications.schemas import (
    ConclusionIn,
    EntryOut,
    PostIn,
    ReasonIn,
    RectificationIn,
    RectificationOut,
    ReportIn,
    ResolutionIn,
)
from scoring.rectifications.steps import allowed
from scoring.results.scope import id_after, own_side
from shared import clock
from shared.auth import Principal, allow
from shared.concurrency import IfMatch, etag
from shared.db import ReadSession, WriteSession
from shared.pagination import Page, PageQuery, encode_cursor, page_response
from shared.web import router, set_region

__all__ = ["routes"]

routes = router(tags=["rectifications"])

Reader = Annotated[Principal, allow("finance", "purchaser", "auditor", "operator", "provider")]
Authority = Annotated[Principal, allow("finance", "purchaser", "auditor")]
Party = Annotated[Principal, allow("provider", "purchaser")]
Talker = Annotated[Principal, allow("finance", "purchaser", "auditor", "provider")]


@routes.post("/rectifications", status_code=201, summary="Open a rectification")
async def open_rectification(
    body: RectificationIn,
    session: WriteSession,
    principal: Authority,  # noqa: ARG001
    response: Response,
) -> RectificationOut:
    """As a draft. A determination of fair or poor opens its own, already with its elimination period."""
    made = await service.open_rectification(session, body)
    response.headers["Location"] = f"/v1/rectifications/{made.id}"
    return await _answer(response, session, made)


@routes.get("/rectifications", summary="List rectifications")
async def list_rectifications(
    *,
    session: ReadSession,
    principal: Reader,
    page: PageQuery,
    request: Request,
    response: Response,
    contract_id: Annotated[UUID | None, Query(description="Only of this contract.")] = None,
    state: Annotated[
        Literal["draft", "active", "addressed", "declined", "completed", "closed", "stopped", "cancelled"] | None,
        Query(description="Only in this state."),
    ] = None,
    responsible: Annotated[
        Literal["provider", "purchaser"] | None, Query(description="Only those that this party must put right.")
    ] = None,
    overdue: Annotated[bool, Query(description="Only those whose period has run out.")] = False,
) -> Page[RectificationOut]:
    """In the order of opening; a provider sees those about itself, once they are active."""
    found = await queries.list_rectifications(
        session,
        limit=page.limit,
        after=id_after(page),
        provider=own_side(principal),
        contract_id=contract_id,
        state=state,
        responsible=responsible,
        overdue_on=clock.today() if overdue else None,
    )
    shown = found[: page.limit]
    next_cursor = encode_cursor(shown[-1].id) if len(found) > page.limit else None
    return page_response(request, response, [_out(each, None) for each in shown], next_cursor=next_cursor)


@routes.get("/rectifications/{rectification_id}", summary="Read a rectification")
async def get_rectification(
    rectification_id: UUID, session: ReadSession, principal: Reader, response: Response
) -> RectificationOut:
    """With its history and what can be done next."""
    found = await queries.find_rectification(session, rectification_id, provider=own_side(principal))
    return await _answer(response, session, found)


@routes.post("/rectifications/{rectification_id}/activate", summary="Begin the monitoring")
async def activate_rectification(  # noqa: PLR0917 - FastAPI calls it by name
    rectification_id: UUID,
    body: ReasonIn,
    session: WriteSession,
    principal: Authority,  # noqa: ARG001
    if_match: IfMatch,
    response: Response,
) -> RectificationOut:
    """The parties see it from now on; the conclusion is due in the rule set's working days."""
    done = await service.activate_rectification(session, rectification_id, reason=body.reason, if_match=if_match)
    return await _answer(response, session, done)


@routes.post("/rectifications/{rectification_id}/cancel", summary="Drop a draft")
async def cancel_rectification(  # noqa: PLR0917 - FastAPI calls it by name
    rectification_id: UUID,
    body: ReasonIn,
    session: WriteSession,
    principal: Authority,  # noqa: ARG001
    if_match: IfMatch,
    response: Response,
) -> RectificationOut:
    """With the reason."""
    done = await service.cancel_rectification(session, rectification_id, reason=body.reason, if_match=if_match)
    return await _answer(response, session, done)


@routes.post("/rectifications/{rectification_id}/conclude", summary="Say what was found")
async def conclude_rectification(  # noqa: PLR0917 - FastAPI calls it by name
    rectification_id: UUID,
    body: ConclusionIn,
    session: WriteSession,
    principal: Authority,  # noqa: ARG001
    if_match: IfMatch,
    response: Response,
) -> RectificationOut:
    """With findings the elimination period begins (`addressed`); without any the matter is `declined`."""
    done = await service.conclude_rectification(session, rectification_id, body, if_match=if_match)
    return await _answer(response, session, done)


@routes.post("/rectifications/{rectification_id}/posts", status_code=201, summary="Ask, or answer")
async def post_to_rectification(
    rectification_id: UUID, body: PostIn, session: WriteSession, principal: Talker, response: Response
) -> EntryOut:
    """A dialogue between authority and parties; the day for the answer is information only."""
    found = await queries.find_rectification(session, rectification_id, provider=own_side(principal))
    set_region(response, found.region)
    return EntryOut.model_validate(await service.post_to_rectification(session, rectification_id, body))


@routes.post("/rectifications/{rectification_id}/report", summary="Report what was put right")
async def report_rectification(  # noqa: PLR0917 - FastAPI calls it by name
    rectification_id: UUID,
    body: ReportIn,
    session: WriteSession,
    principal: Party,
    if_match: IfMatch,
    response: Response,
) -> RectificationOut:
    """By the responsible party, with proof; it may be added to until the resolution."""
    if "purchaser" not in principal.roles:
        await queries.find_rectification(session, rectification_id, provider=own_side(principal))
    done = await service.report_rectification(session, rectification_id, body, if_match=if_match)
    return await _answer(response, session, done)


@routes.post("/rectifications/{rectification_id}/resolve", summary="Judge whether it is put right")
async def resolve_rectification(  # noqa: PLR0917 - FastAPI calls it by name
    rectification_id: UUID,
    body: ResolutionIn,
    session: WriteSession,
    principal: Authority,  # noqa: ARG001
    if_match: IfMatch,
    response: Response,
) -> RectificationOut:
    """Completely, partly or not at all; the last two open what the rule set demands (cut, withhold until done)."""
    done = await service.resolve_rectification(session, rectification_id, body, if_match=if_match)
    return await _answer(response, session, done)


@routes.post("/rectifications/{rectification_id}/complete", summary="End a resolved rectification")
async def complete_rectification(  # noqa: PLR0917 - FastAPI calls it by name
    rectification_id: UUID,
    body: ReasonIn,
    session: WriteSession,
    principal: Authority,  # noqa: ARG001
    if_match: IfMatch,
    response: Response,
) -> RectificationOut:
    """Not before the elimination period ends."""
    done = await service.complete_rectification(session, rectification_id, reason=body.reason, if_match=if_match)
    return await _answer(response, session, done)


@routes.post("/rectifications/{rectification_id}/close", summary="End a matter without findings")
async def close_rectification(  # noqa: PLR0917 - FastAPI calls it by name
    rectification_id: UUID,
    body: ReasonIn,
    session: WriteSession,
    principal: Authority,  # noqa: ARG001
    if_match: IfMatch,
    response: Response,
) -> RectificationOut:
    """Not before its period ends."""
    done = await service.close_rectification(session, rectification_id, reason=body.reason, if_match=if_match)
    return await _answer(response, session, done)


@routes.post("/rectifications/{rectification_id}/stop", summary="Stop a rectification")
async def stop_rectification(  # noqa: PLR0917 - FastAPI calls it by name
    rectification_id: UUID,
    body: ReasonIn,
    session: WriteSession,
    principal: Authority,  # noqa: ARG001
    if_match: IfMatch,
    response: Response,
) -> RectificationOut:
    """With the reason, for example that a court has the matter before it; its clock ends."""
    done = await service.stop_rectification(session, rectification_id, reason=body.reason, if_match=if_match)
    return await _answer(response, session, done)


@routes.post("/rectifications/{rectification_id}/resume", summary="Take up a stopped rectification")
async def resume_rectification(  # noqa: PLR0917 - FastAPI calls it by name
    rectification_id: UUID,
    body: ReasonIn,
    session: WriteSession,
    principal: Authority,  # noqa: ARG001
    if_match: IfMatch,
    response: Response,
) -> RectificationOut:
    """It is monitored and concluded anew."""
    done = await service.resume_rectification(session, rectification_id, reason=body.reason, if_match=if_match)
    return await _answer(response, session, done)


async def _answer(response: Response, session: AsyncSession, found: Rectification) -> RectificationOut:
    await session.flush()
    set_region(response, found.region)
    response.headers["ETag"] = etag(found.version)
    entries = [EntryOut.model_validate(each) for each in await queries.history_of(session, found.id)]
    return _out(found, entries)


def _out(found: Rectification, history: list[EntryOut] | None) -> RectificationOut:
    columns = {column.key: getattr(found, column.key) for column in Rectification.__table__.columns}
    actions = list(allowed(found.state, resolved=found.resolution is not None))
    return RectificationOut.model_validate(columns | {"history": history, "actions": actions})
