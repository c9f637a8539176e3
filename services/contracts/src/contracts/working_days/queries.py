"""Counting working days: Monday to Friday, with the exceptions that are recorded.

Source of the exceptions: the State Council's yearly notice on public holidays, which an operator records. A year
without records counts weekends only, so that a clock may end too early (docs/money.md).
"""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from contracts.clocks import shortened
from contracts.working_days.models import WorkingDayException

__all__ = ["add_working_days", "exceptions_between", "last_day", "list_exceptions", "working_day_after"]

_SATURDAY = 5


def add_working_days(start: date, days: int, exceptions: Mapping[date, bool]) -> date:
    """The last of `days` working days that follow `start`; `start` itself does not count."""
    day = start
    while days > 0:
        day += timedelta(days=1)
        if exceptions.get(day, day.weekday() < _SATURDAY):
            days -= 1
    return day


async def list_exceptions(session: AsyncSession, *, year: int) -> Sequence[WorkingDayException]:
    """The exceptions of a year in order."""
    statement = select(WorkingDayException).where(WorkingDayException.day.between(date(year, 1, 1), date(year, 12, 31)))
    return (await session.execute(statement.order_by(WorkingDayException.day))).scalars().all()


async def exceptions_between(session: AsyncSession, *, first: date, last: date) -> dict[date, bool]:
    """Whether each recorded day of a period is worked."""
    statement = select(WorkingDayException.day, WorkingDayException.working)
    rows = await session.execute(statement.where(WorkingDayException.day.between(first, last)))
    return {row.day: row.working for row in rows}


async def working_day_after(session: AsyncSession, *, start: date, days: int) -> date:
    """The last of `days` working days after `start`, by the recorded calendar; divided in a demonstration."""
    days = shortened(days)
    last = start + timedelta(days=days * 4 + 30)
    return add_working_days(start, days, await exceptions_between(session, first=start, last=last))


async def last_day(session: AsyncSession, *, start: date, within: int, unit: str) -> date:
    """The last day of a period of calendarDays or workingDays after `start`; divided in a demonstration."""
    if unit == "calendarDays":
        return start + timedelta(days=shortened(within))
    return await working_day_after(session, start=start, days=within)
