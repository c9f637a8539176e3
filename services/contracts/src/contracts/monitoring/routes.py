"""Dual monitoring over HTTP."""

from datetime import date
from typing import Annotated
from uuid import UUID

from fastapi import Query, Request, Response

from contracts.disclosure.queries import require_disclosed
from contracts.lists import id_after
from contracts.monitoring import queries, service
from contracts.monitoring.schemas import AlertKind, AlertOut, AlertState, DecisionIn, MonitoringOut
from contracts.structure.queries import require_call_offs_disclosed
from shared import clock
from shared.auth import Principal, allow
from shared.concurrency import IfMatch, etag
from shared.db import ReadSession, WriteSession
from shared.pagination import Page, PageQuery, encode_cursor, page_response
from shared.web import router, set_region

__all__ = ["routes"]

routes = router(tags=["monitoring"])

Reader = Annotated[Principal, allow("finance", "purchaser", "provider", "evaluator", "auditor", "operator")]
Supervisor = Annotated[Principal, allow("finance", "purchaser", "auditor", "operator")]
Decider = Annotated[Principal, allow("finance", "purchaser")]


@routes.get("/contracts/{contract_id}/monitoring", summary="Show both monitors of a contract")
async def show_monitoring(
    contract_id: UUID,
    session: ReadSession,
    response: Response,
    _: Reader,
    month: Annotated[date | None, Query(description="Any day of the month; the present month when left out.")] = None,
) -> MonitoringOut:
    """Execution against the month's threshold, and the progress of the goals against execution; records nothing."""
    first = (month or clock.today()).replace(day=1)
    region, figures = await service.monitor_contract(session, contract_id=contract_id, month=first)
    await require_disclosed(session, "money", "indicators", contract_id=contract_id)
    await require_call_offs_disclosed(session, framework_id=contract_id)
    set_region(response, region)
    return figures


@routes.get("/monitoring/alerts", summary="List alerts")
async def list_alerts(
    *,
    session: ReadSession,
    _: Supervisor,
    page: PageQuery,
    request: Request,
    response: Response,
    state: Annotated[AlertState | None, Query(description="open | suspended | decided.")] = None,
    kind: Annotated[AlertKind | None, Query(description="executionBelowThreshold | progressGap.")] = None,
    contract_id: Annotated[UUID | None, Query(description="Contract.")] = None,
) -> Page[AlertOut]:
    """Alerts of your regions in the order in which they were raised."""
    filters = {"state": state, "kind": kind, "contract_id": contract_id}
    found = await queries.list_alerts(session, limit=page.limit, after=id_after(page), filters=filters)
    shown = found[: page.limit]
    next_cursor = encode_cursor(shown[-1].id) if len(found) > page.limit else None
    return page_response(
        request, response, [AlertOut.model_validate(alert) for alert in shown], next_cursor=next_cursor
    )


@routes.post("/monitoring/alerts/{alert_id}/decide", summary="Decide an alert")
async def decide_alert(
    *,
    alert_id: UUID,
    body: DecisionIn,
    session: WriteSession,
    response: Response,
    _: Decider,
    if_match: IfMatch,
) -> AlertOut:
    """The act that follows (an adjustment of the budget, a termination, a resumption) is done by itself."""
    alert = await service.decide_alert(session, body, alert_id=alert_id, if_match=if_match)
    response.headers["ETag"] = etag(alert.version)
    set_region(response, alert.region)
    return AlertOut.model_validate(alert)
