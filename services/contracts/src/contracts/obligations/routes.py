"""Rights and duties over HTTP: a contract's register, to-do lists, calendars, the public's view."""

from datetime import date
from typing import Annotated, Literal
from uuid import UUID

from fastapi import Path, Query, Request, Response
from sqlalchemy.ext.asyncio import AsyncSession

from contracts.inspections.queries import inspected_contract
from contracts.obligations import queries, service
from contracts.obligations.models import Obligation
from contracts.obligations.register import register_of
from contracts.obligations.schemas import (
    ActOut,
    CalendarIn,
    CalendarMadeOut,
    CalendarOut,
    CalendarsOut,
    FinanceTodoOut,
    ObligationsOut,
    OpenVouchersOut,
    ProofIn,
    PublicObligationsOut,
    TodoOut,
    WaiverIn,
)
from contracts.obligations.views import hidden_from, obligations_out, todo_out
from contracts.places import region_of
from contracts.settings import ContractsSettings
from contracts.vouchers.queries import open_vouchers
from shared.auth import Principal, allow, require_region
from shared.db import ReadSession, WriteSession
from shared.pagination import Page, PageQuery, Paging, encode_cursor, page_response
from shared.problems import Unprocessable
from shared.web import router, set_region

__all__ = ["calendars", "routes"]

routes = router(tags=["rights and duties"])
# Its answers hold secrets that are shown once: none is stored for a repetition.
calendars = router(tags=["rights and duties"], recorded=False)

Reader = Annotated[Principal, allow("finance", "purchaser", "provider", "evaluator", "auditor", "operator")]
Organised = Annotated[Principal, allow("finance", "purchaser", "provider", "evaluator", "auditor", "operator")]
Treasurer = Annotated[Principal, allow("finance", "auditor", "operator")]
# Planned and unannounced at the same time, of one organisation.
_UNANNOUNCED = 1000
RegionPath = Annotated[str, Path(description="Region code, for example CN-2301.", max_length=16)]
Until = Annotated[date | None, Query(description="Only with a last day up to this one.")]
Nature = Annotated[Literal["duty", "right"] | None, Query(description="duty: to do; right: to receive.")]
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
    until: Until = None,
    nature: Nature = None,
) -> Page[TodoOut]:
    """Open, due and overdue, over all contracts of the caller's regions. Duties without a last day are left out."""
    await service.require_organisation(session, principal, organisation_id)
    whose = await queries.organisation_of(session, organisation_id)
    items, next_cursor = await _todo(session, whose, page, until=until, nature=nature, of=organisation_id)
    return page_response(request, response, items, next_cursor=next_cursor)


async def _todo(
    session: AsyncSession,
    whose: queries.Whose,
    page: Paging,
    *,
    until: date | None,
    nature: str | None,
    of: UUID | None = None,
) -> tuple[list[TodoOut], str | None]:
    after = _after(page.cursor)
    found = await queries.todo_of(session, whose=whose, limit=page.limit, after=after, until=until, nature=nature)
    if of is not None and nature != "right":
        hidden = await queries.unannounced_of(session, of, limit=_UNANNOUNCED)
        beyond = [row for row in hidden if after is None or (row.due_on, row.id) > after]
        found = sorted(
            [*found, *(row for row in beyond if until is None or row.due_on <= until)],
            key=lambda row: (row.due_on, row.id),
        )
    shown = found[: page.limit]
    next_cursor = encode_cursor(shown[-1].due_on, shown[-1].id) if len(found) > page.limit else None
    titles = await queries.titles_of(session, (row.contract_id for row in shown))
    standings = {}
    if of is not None:
        ids = [row.contract_id for row in shown]
        standings = await queries.standings_of(session, organisation_id=of, contract_ids=ids)

    def item(row: Obligation) -> TodoOut:
        return todo_out(row, titles.get(row.contract_id), standings.get((row.contract_id, row.side), queries.ALONE))

    return [item(row) for row in shown], next_cursor


@routes.get("/regions/{code}/todo", summary="What the finance department of a region has to do or watches over")
async def list_finance_todo(
    *,
    code: RegionPath,
    session: ReadSession,
    principal: Treasurer,
    page: PageQuery,
    request: Request,
    response: Response,
    until: Until = None,
) -> FinanceTodoOut:
    """Its own duties, payments that purchasers owe, alerts to be decided, and vouchers that wait to be reconciled."""
    region = region_of(code, pointer="path:code")
    require_region(principal, region)
    items, next_cursor = await _todo(session, queries.finance_of(region), page, until=until, nature=None)
    told = page_response(request, response, items, next_cursor=next_cursor)
    vouchers = [] if page.cursor else await open_vouchers(session, region=region)
    return FinanceTodoOut(
        items=told.items, next=told.next, vouchers=[OpenVouchersOut.model_validate(row) for row in vouchers]
    )


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
    return await _made(session, request, organisation_id, body or CalendarIn())


@calendars.post("/regions/{code}/calendars", status_code=201, summary="Make a finance department's calendar address")
async def create_finance_calendar(
    code: RegionPath, session: WriteSession, request: Request, _: Treasurer, body: CalendarIn | None = None
) -> CalendarMadeOut:
    """What `GET /v1/regions/{code}/todo` lists, on each last day; the address holds a secret and is shown once."""
    return await _made(session, request, region_of(code, pointer="path:code"), body or CalendarIn())


async def _made(session: AsyncSession, request: Request, owner: UUID | str, wanted: CalendarIn) -> CalendarMadeOut:
    feed, secret = await service.create_feed(session, owner=owner, language=wanted.language, note=wanted.note)
    settings: ContractsSettings = request.app.state.settings
    path = f"/v1/calendars/{secret}.ics"
    plain = {name: getattr(feed, name) for name in CalendarOut.model_fields}
    return CalendarMadeOut(**plain, path=path, url=f"{settings.public_url}{path}" if settings.public_url else None)


@routes.get("/organisations/{organisation_id}/calendars", summary="List calendar addresses")
async def list_calendars(organisation_id: UUID, session: ReadSession, principal: Organised) -> CalendarsOut:
    """Without their secrets."""
    await service.require_organisation(session, principal, organisation_id)
    found = await queries.feeds_of(session, owner=organisation_id)
    return CalendarsOut(items=[CalendarOut.model_validate(feed) for feed in found])


@routes.get("/regions/{code}/calendars", summary="List a finance department's calendar addresses")
async def list_finance_calendars(code: RegionPath, session: ReadSession, principal: Treasurer) -> CalendarsOut:
    """Of this very region, without their secrets."""
    region = region_of(code, pointer="path:code")
    require_region(principal, region)
    found = await queries.feeds_of(session, owner=region)
    return CalendarsOut(items=[CalendarOut.model_validate(feed) for feed in found])


@routes.post("/regions/{code}/calendars/{feed_id}/revoke", summary="Shut a finance department's calendar address")
async def revoke_finance_calendar(code: RegionPath, feed_id: UUID, session: WriteSession, _: Treasurer) -> CalendarOut:
    """For good, at once; make another one instead."""
    owner = region_of(code, pointer="path:code")
    return CalendarOut.model_validate(await service.revoke_feed(session, owner=owner, feed_id=feed_id))


@routes.post("/organisations/{organisation_id}/calendars/{calendar_id}/revoke", summary="Shut a calendar address")
async def revoke_calendar(organisation_id: UUID, calendar_id: UUID, session: WriteSession, _: Organised) -> CalendarOut:
    """For good, at once; make another one instead."""
    feed = await service.revoke_feed(session, owner=organisation_id, feed_id=calendar_id)
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
