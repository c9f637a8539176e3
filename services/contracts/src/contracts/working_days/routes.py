"""The working-day calendar over HTTP."""

from datetime import date
from typing import Annotated

from fastapi import Query

from contracts.working_days import queries, service
from contracts.working_days.schemas import WorkingDayIn, WorkingDayOut
from shared.auth import Principal, allow
from shared.db import ReadSession, WriteSession
from shared.web import router

__all__ = ["routes"]

routes = router(tags=["working days"])

Anyone = Annotated[Principal, allow("finance", "purchaser", "provider", "evaluator", "auditor", "operator", "public")]
Operator = Annotated[Principal, allow("operator")]


@routes.get("/working-days", summary="List the days that are not what their weekday says")
async def list_working_days(
    session: ReadSession,
    _: Anyone,
    year: Annotated[int, Query(description="Year.", ge=1990, le=2100)],
) -> list[WorkingDayOut]:
    """Public holidays and worked weekends of a year; every other day is worked from Monday to Friday."""
    return [WorkingDayOut.model_validate(row) for row in await queries.list_exceptions(session, year=year)]


@routes.put("/working-days/{day}", summary="Record a public holiday or a worked weekend")
async def record_working_day(day: date, body: WorkingDayIn, session: WriteSession, _: Operator) -> WorkingDayOut:
    """National reference data, from the State Council's yearly notice. Clocks that run already keep their end."""
    return WorkingDayOut.model_validate(await service.record_working_day(session, body, day=day))
