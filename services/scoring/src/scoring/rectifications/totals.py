from datetime import date
from typing import NamedTuple

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from scoring.rectifications.models import Rectification
from shared import clock

__all__ = ["RectificationTotal", "rectification_totals"]


class RectificationTotal(NamedTuple):
    """Rectifications in one state; `overdue` are those whose clock has run out."""

    state: str
    number: int
    overdue: int


async def rectification_totals(session: AsyncSession, *, year: int) -> list[RectificationTotal]:
    """Rectifications of the caller's regions that were opened in a calendar year, by their present state."""
    opened = Rectification.opened_at
    statement = (
        select(Rectification.state, func.count(), func.count().filter(Rectification.due_on < clock.today()))
        .where(opened >= clock.start_of(date(year, 1, 1)), opened < clock.start_of(date(year + 1, 1, 1)))
        .group_by(Rectification.state)
        .order_by(Rectification.state)
    )
    return [RectificationTotal(*row) for row in await session.execute(statement)]
