"""The use of results over HTTP: what is demanded, what was applied, the rates, the rules, the calendar."""

from datetime import date
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import Path, Query, Request, Response

from scoring.results import queries, service
from scoring.results.calendar import shipped_calendar
from scoring.results.models import ResultUse, RuleSetRow
from scoring.results.rates import By, application_rates
from scoring.results.rules import RuleSet, rule_set_hash, shipped_rule_sets
from scoring.results.schemas import (
    ApplyIn,
    CalendarDayOut,
    CalendarIn,
    CalendarOut,
    RateOut,
    ResultUseOut,
    RuleSetOut,
    WaiveIn,
)
from scoring.results.scope import OFFICERS, id_after, own_side
from shared import clock
from shared.auth import Principal, allow
from shared.concurrency import IfMatch, etag
from shared.db import ReadSession, WriteSession
from shared.pagination import Page, PageQuery, encode_cursor, page_response
from shared.web import router, set_region

__all__ = ["routes"]

routes = router(tags=["results"])

Reader = Annotated[Principal, allow("finance", "purchaser", "auditor", "operator", "provider")]
Anybody = Annotated[Principal, allow("finance", "purchaser", "provider", "evaluator", "auditor", "operator", "public")]
Owner = Annotated[Principal, allow("finance", "purchaser")]
Finance = Annotated[Principal, allow("finance")]
Keeper = Annotated[Principal, allow("finance", "operator")]
LEAST_GROUP = 5
"""Determinations that a group of the rates must have for everybody to read it. Own choice."""

Country = Annotated[str, Path(pattern="^[A-Z]{2}$", description="ISO 3166 code.", examples=["CN"])]


@routes.get("/results", summary="List what results demand")
async def list_results(
    *,
    session: ReadSession,
    principal: Reader,
    page: PageQuery,
    request: Request,
    response: Response,
    contract_id: Annotated[UUID | None, Query(description="Only of this contract.")] = None,
    determination_id: Annotated[UUID | None, Query(description="Only of this determination.")] = None,
    purchaser_id: Annotated[UUID | None, Query(description="Only of this department.")] = None,
    kind: Annotated[
        Literal["support", "improve", "cut", "withhold", "payment", "renewal", "budget", "publish"] | None,
        Query(description="Only of this kind."),
    ] = None,
    state: Annotated[
        Literal["open", "blocked", "suspended", "applied", "waived", "void"] | None,
        Query(description="Only in this state."),
    ] = None,
    owner: Annotated[Literal["finance", "purchaser"] | None, Query(description="Only for this owner.")] = None,
    overdue: Annotated[bool, Query(description="Only open ones whose last day has passed.")] = False,
) -> Page[ResultUseOut]:
    """In the order of opening; a provider sees what is about itself."""
    found = await queries.list_uses(
        session,
        limit=page.limit,
        after=id_after(page),
        provider=own_side(principal),
        contract_id=contract_id,
        determination_id=determination_id,
        purchaser_id=purchaser_id,
        kind=kind,
        state=state,
        owner=owner,
        overdue_on=clock.today() if overdue else None,
    )
    shown = found[: page.limit]
    next_cursor = encode_cursor(shown[-1].id) if len(found) > page.limit else None
    return page_response(request, response, [_out(use) for use in shown], next_cursor=next_cursor)


@routes.get("/results/rates", summary="How far results are used")
async def get_rates(
    session: ReadSession,
    principal: Anybody,
    by: Annotated[By, Query(description="department | province | city | county | kind | all.")] = "department",
    first: Annotated[date | None, Query(description="Opened on this day of the offices or later.")] = None,
    last: Annotated[date | None, Query(description="Opened on this day of the offices or earlier.")] = None,
) -> list[RateOut]:
    """The application rate per department, region or kind.

    What is blocked or suspended could not be applied and stands beside the rate; what was waived counts against it.
    Everybody reads it but, unlike the officers, no group of fewer than five determinations: those of a few contracts
    would say what is not published yet.
    """
    rates = await application_rates(session, by=by, first=first, last=last)
    if not principal.roles & OFFICERS:
        rates = [rate for rate in rates if rate.determinations >= LEAST_GROUP]
    return [RateOut.model_validate(rate) for rate in rates]


@routes.get("/results/rules", summary="Rule sets")
async def list_rules(session: ReadSession, principal: Anybody) -> list[RuleSetOut]:  # noqa: ARG001
    """Which result demands what, of whom, until when; each rule with its source and how sure it is."""
    shipped = [_shipped(rule_set) for rule_set in shipped_rule_sets()]
    return shipped + [_submitted(row) for row in await queries.list_rule_set_rows(session)]


@routes.post("/results/rules", status_code=201, summary="Hand in a rule set")
async def submit_rules(session: WriteSession, body: RuleSet, principal: Finance) -> RuleSetOut:  # noqa: ARG001
    """A region's own rules; they count for determinations that take effect after a second person approved them."""
    return _submitted(await service.submit_rule_set(session, body))


@routes.post("/results/rules/{rule_set_id}/versions/{version}/approve", summary="Approve a rule set")
async def approve_rules(rule_set_id: str, version: str, session: WriteSession, principal: Finance) -> RuleSetOut:  # noqa: ARG001
    """By another person than the one who handed it in."""
    return _submitted(await service.approve_rule_set(session, rule_set_id, version))


@routes.post("/results/rules/{rule_set_id}/versions/{version}/retire", summary="Retire a rule set")
async def retire_rules(rule_set_id: str, version: str, session: WriteSession, principal: Finance) -> RuleSetOut:  # noqa: ARG001
    """What was opened by it goes on by it."""
    return _submitted(await service.retire_rule_set(session, rule_set_id, version))


@routes.get("/results/calendars/{country}", summary="Working days of a year")
async def get_calendar(
    country: Country,
    session: ReadSession,
    principal: Anybody,  # noqa: ARG001
    year: Annotated[int, Query(ge=2000, le=2200, description="The year.")],
) -> CalendarOut:
    """The days that differ from their weekday. Every time limit here counts working days by it."""
    calendar = await queries.calendar_for(session, f"{country}-")
    first, last = date(year, 1, 1), date(year, 12, 31)
    days = sorted(day for day in calendar.exceptions if first <= day <= last)
    entries = await queries.calendar_days(session, country=country, first=first, last=last)
    return CalendarOut(
        country=country,
        year=year,
        listed=year in shipped_calendar(country).years,
        workdays_off=[day for day in days if not calendar.is_working(day) and day.weekday() < 5],
        weekends_on=[day for day in days if calendar.is_working(day) and day.weekday() >= 5],
        entries=[CalendarDayOut.model_validate(entry) for entry in entries],
    )


@routes.put("/results/calendars/{country}", status_code=204, summary="Correct the calendar")
async def put_calendar(country: Country, body: CalendarIn, session: WriteSession, principal: Keeper) -> None:  # noqa: ARG001
    """Public holidays and make-up days as a notice states them. Time limits that run already keep their last day."""
    await service.set_calendar_days(session, country, body.days)


@routes.get("/results/{use_id}", summary="Read one consequence")
async def get_result(use_id: UUID, session: ReadSession, principal: Reader, response: Response) -> ResultUseOut:
    """With owner, deadline and what closed it."""
    return _answer(response, await queries.find_use(session, use_id, provider=own_side(principal)))


@routes.post("/results/{use_id}/apply", summary="Apply what a result demands")
async def apply_result(  # noqa: PLR0917 - FastAPI calls it by name
    use_id: UUID,
    body: ApplyIn,
    session: WriteSession,
    principal: Owner,  # noqa: ARG001
    if_match: IfMatch,
    response: Response,
) -> ResultUseOut:
    """The owner records the decision with the evidence that closes it. An adverse choice needs a sure determination."""
    return _answer(response, await service.apply_use(session, use_id, body, if_match=if_match))


@routes.post("/results/{use_id}/waive", summary="Leave a demand unapplied")
async def waive_result(  # noqa: PLR0917 - FastAPI calls it by name
    use_id: UUID,
    body: WaiveIn,
    session: WriteSession,
    principal: Owner,  # noqa: ARG001
    if_match: IfMatch,
    response: Response,
) -> ResultUseOut:
    """With a reason; it counts against the application rate."""
    return _answer(response, await service.waive_use(session, use_id, reason=body.reason, if_match=if_match))


def _answer(response: Response, use: ResultUse) -> ResultUseOut:
    set_region(response, use.region)
    response.headers["ETag"] = etag(use.version)
    return _out(use)


def _out(use: ResultUse) -> ResultUseOut:
    columns: dict[str, Any] = {column.key: getattr(use, column.key) for column in ResultUse.__table__.columns}
    overdue = use.state == "open" and use.due_on is not None and use.due_on < clock.today()
    return ResultUseOut.model_validate(columns | {"overdue": overdue})


def _shipped(rule_set: RuleSet) -> RuleSetOut:
    return RuleSetOut(
        id=rule_set.id,
        version=rule_set.version,
        applies_to=rule_set.applies_to,
        sha256=rule_set_hash(rule_set),
        state="shipped",
        submitted_by=None,
        approved_by=None,
        document=rule_set.model_dump(mode="json"),
    )


def _submitted(row: RuleSetRow) -> RuleSetOut:
    return RuleSetOut.model_validate(row)
