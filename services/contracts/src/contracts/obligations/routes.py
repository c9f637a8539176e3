"""Rights and duties over HTTP: a contract's register, to-do lists, calendars, the public's view."""

from datetime import date
from typing import Annotated, Literal
from uuid import UUID

from fastapi import Query, Request, Response

from contracts.inspections.queries import inspected_contract
from contracts.obligations import queries, service
from contracts.obligations.register import register_of
from contracts.obligations.schemas import (
    ActOut,
    CalendarIn,
    CalendarMadeOut,
    CalendarOut,
    CalendarsOut,
    ObligationsOut,
    ProofIn,
    PublicObligationsOut,
    TodoOut,
    WaiverIn,
)
from contracts.obligations.views import hidden_from, obligations_out, todo_out
from contracts.settings import ContractsSettings
from shared.auth import Principal, allow
from shared.db import ReadSession, WriteSession
from shared.pagination import Page, PageQuery, encode_cursor, page_response
from shared.problems import Unprocessable
from shared.web import router, set_region

__all__ = ["calendars", "routes"]

routes = router(tags=["rights and duties"])
# Its answers hold secrets that are shown once: none is stored for a repetition.
calendars = router(tags=["rights and duties"], recorded=False)

Reader = Annotated[Principal, allow("finance", "purchaser", "provider", "evaluator", "auditor", "operator")]
Organised = Annotated[Principal, allow("finance", "purchaser", "provider", "auditor", "operator")]
Doer = Annotated[Principal, allow("finance", "purchaser", "provider", "evaluator")]
Manager = Annotated[Principal, allow("purchaser", "finance")]
Anyone = Annotated[Principal, allow("finance", "purchaser", "provider", "evaluator", "auditor", "operator", "public")]
Side = Literal["purchaser", "provider", "evaluator", "beneficiary", "finance"]
State = Literal["open", "due", "overdue", "done", "doneLate", "waived"]


@routes.get("/contracts/{contract_id}/obligations", summary="The rights and duties of a contract")
async def list_obligations(
    *,
    contract_id: UUID,
    session: ReadSession,
    response: Response,
    principal: Reader,
    side: Annotated[Side | None, Query(description="Only of this side.")] = None,
    state: Annotated[State | None, Query(description="Only in this state.")] = None,
) -> ObligationsOut:
    """Worked out as it is asked for: from the contract, its rule set, and every fact that is recorded by now."""
    record = await inspected_contract(session, contract_id=contract_id)
    set_region(response, record.state.region)
    register = await register_of(session, record)
    return obligations_out(register, hidden=hidden_from(register, principal), side=side, state=state)


@routes.post(
    "/contracts/{contract_id}/obligations/{obligation_id}/proof", status_code=201, summary="State that a duty was done"
)
async def record_proof(
    *,
    contract_id: UUID,
    obligation_id: UUID,
    body: ProofIn,
    session: WriteSession,
    response: Response,
    _: Doer,
) -> ActOut:
    """For duties that no recorded fact can show, with the hash of a document; the others are refused with the fact."""
    act = await service.record_proof(session, body, contract_id=contract_id, wanted=obligation_id)
    set_region(response, act.region)
    return ActOut.model_validate(act)


@routes.post(
    "/contracts/{contract_id}/obligations/{obligation_id}/waiver", status_code=201, summary="Ask to waive a duty"
)
async def request_waiver(
    *,
    contract_id: UUID,
    obligation_id: UUID,
    body: WaiverIn,
    session: WriteSession,
    response: Response,
    _: Manager,
) -> ActOut:
    """Needs a reason, and has no effect until a second person approves it."""
    act = await service.request_waiver(session, contract_id=contract_id, wanted=obligation_id, reason=body.reason)
    set_region(response, act.region)
    return ActOut.model_validate(act)


@routes.post("/contracts/{contract_id}/obligations/{obligation_id}/waiver/approve", summary="Approve a waiver")
async def approve_waiver(
    contract_id: UUID, obligation_id: UUID, session: WriteSession, response: Response, _: Manager
) -> ActOut:
    """By somebody else than who asked; approving it again changes nothing."""
    act = await service.approve_waiver(session, contract_id=contract_id, wanted=obligation_id)
    set_region(response, act.region)
    return ActOut.model_validate(act)


@routes.get("/public/contracts/{published_id}/obligations", summary="Who owed what, and whether it was done")
async def show_public_obligations(
    published_id: UUID, session: ReadSession, response: Response, _: Anyone
) -> PublicObligationsOut:
    """The public's view of a contract that is or was in force: the same for everybody, whatever the token."""
    found = await service.read_public(session, contract_id=published_id)
    response.headers["Cache-Control"] = "public, max-age=300"
    return found


@routes.get("/organisations/{organisation_id}/todo", summary="What an organisation has to do, by last day")
async def list_todo(
    *,
    organisation_id: UUID,
    session: ReadSession,
    principal: Organised,
    page: PageQuery,
    request: Request,
    response: Response,
    until: Annotated[date | None, Query(description="Only with a last day up to this one.")] = None,
    nature: Annotated[Literal["duty", "right"] | None, Query(description="duty: to do; right: to receive.")] = None,
) -> Page[TodoOut]:
    """Open, due and overdue, over all contracts of the caller's regions. Duties without a last day are left out."""
    await service.require_organisation(session, principal, organisation_id)
    after = _after(page.cursor)
    found = await queries.todo_of(
        session, organisation_id=organisation_id, limit=page.limit, after=after, until=until, nature=nature
    )
    shown = found[: page.limit]
    next_cursor = encode_cursor(shown[-1].due_on, shown[-1].id) if len(found) > page.limit else None
    titles = await queries.titles_of(session, (row.contract_id for row in shown))
    items = [todo_out(row, titles.get(row.contract_id)) for row in shown]
    return page_response(request, response, items, next_cursor=next_cursor)


def _after(cursor: list[object] | None) -> tuple[date, UUID] | None:
    if cursor is None:
        return None
    try:
        day, row = cursor
        return date.fromisoformat(str(day)), UUID(str(row))
    except (TypeError, ValueError) as error:
        raise Unprocessable(
            "The cursor belongs to another list.",
            errors=[{"pointer": "query:cursor", "detail": "not a cursor of this list"}],
        ) from error


@calendars.post("/organisations/{organisation_id}/calendars", status_code=201, summary="Make a calendar address")
async def create_calendar(
    organisation_id: UUID, session: WriteSession, request: Request, _: Organised, body: CalendarIn | None = None
) -> CalendarMadeOut:
    """An iCalendar address with a secret of its own, for calendar programs, which send no token. Shown once."""
    wanted = body or CalendarIn()
    feed, secret = await service.create_feed(
        session, organisation_id=organisation_id, language=wanted.language, note=wanted.note
    )
    settings: ContractsSettings = request.app.state.settings
    path = f"/v1/calendars/{secret}.ics"
    plain = {name: getattr(feed, name) for name in CalendarOut.model_fields}
    return CalendarMadeOut(**plain, path=path, url=f"{settings.public_url}{path}" if settings.public_url else None)


@routes.get("/organisations/{organisation_id}/calendars", summary="List calendar addresses")
async def list_calendars(organisation_id: UUID, session: ReadSession, principal: Organised) -> CalendarsOut:
    """Without their secrets."""
    await service.require_organisation(session, principal, organisation_id)
    found = await queries.feeds_of(session, organisation_id=organisation_id)
    return CalendarsOut(items=[CalendarOut.model_validate(feed) for feed in found])


@routes.post("/organisations/{organisation_id}/calendars/{calendar_id}/revoke", summary="Shut a calendar address")
async def revoke_calendar(organisation_id: UUID, calendar_id: UUID, session: WriteSession, _: Organised) -> CalendarOut:
    """For good, at once; make another one instead."""
    feed = await service.revoke_feed(session, organisation_id=organisation_id, feed_id=calendar_id)
    return CalendarOut.model_validate(feed)


@calendars.get(
    "/calendars/{secret}.ics",
    summary="Read a calendar",
    response_class=Response,
    responses={200: {"content": {"text/calendar": {}}, "description": "RFC 5545, all-day entries."}},
)
async def read_calendar(secret: str, session: ReadSession, _: Anyone) -> Response:
    """What the organisation has to do and may ask for, on each last day. The address is the key: keep it secret."""
    content = await service.read_feed(session, secret=secret)
    return Response(content, media_type="text/calendar; charset=utf-8", headers={"Content-Disposition": "inline"})
