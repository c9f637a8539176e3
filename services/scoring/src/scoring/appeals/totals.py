from datetime import date
from typing import NamedTuple

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from scoring.appeals.models import Appeal
from shared import clock

__all__ = ["AppealTotal", "appeal_totals"]


class AppealTotal(NamedTuple):
    """Appeals with one outcome, or in one state while there is none; `overdue` are those whose clock has run out."""

    outcome: str
    number: int
    overdue: int


async def appeal_totals(session: AsyncSession, *, year: int) -> list[AppealTotal]:
    """Appeals of the caller's regions that were filed in a calendar year."""
    outcome = func.coalesce(Appeal.outcome, Appeal.state)
    statement = (
        select(outcome, func.count(), func.count().filter(Appeal.due_on < clock.today()))
        .where(
            Appeal.filed_at >= clock.start_of(date(year, 1, 1)), Appeal.filed_at < clock.start_of(date(year + 1, 1, 1))
        )
        .group_by(outcome)
        .order_by(outcome)
    )
    return [AppealTotal(*row) for row in await session.execute(statement)]
