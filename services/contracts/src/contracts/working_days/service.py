"""Recording exceptions of the working-day calendar."""

from datetime import date

from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from contracts.regions.queries import NATIONAL
from contracts.working_days.models import WorkingDayException
from contracts.working_days.schemas import WorkingDayIn
from shared import audit, clock
from shared.db import principal_in

__all__ = ["record_working_day"]


async def record_working_day(session: AsyncSession, body: WorkingDayIn, *, day: date) -> WorkingDayException:
    """Record what a day is, or correct it; clocks that run already keep their end."""
    values = {
        "day": day,
        **body.model_dump(),
        "recorded_by": principal_in(session).subject,
        "recorded_at": clock.now(),
    }
    await session.execute(
        insert(WorkingDayException).values(values).on_conflict_do_update(index_elements=["day"], set_=values)
    )
    noted = {"working": body.working}
    audit.record(session, "working_day.recorded", noun="working_day", noun_id=str(day), region=NATIONAL, fields=noted)
    return WorkingDayException(**values)
