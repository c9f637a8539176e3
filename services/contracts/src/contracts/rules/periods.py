"""Months and working days."""

from collections.abc import Mapping
from datetime import date, timedelta

from contracts.clocks import shortened

__all__ = ["Calendar", "due_on", "months_of_term"]

Calendar = Mapping[date, bool]
"""Days that are not what their weekday says: False a public holiday, True a weekend day that is worked."""


def due_on(start: date, *, within: int, unit: str, calendar: Calendar) -> date:
    """The last day of a period. The first day is the one after `start` (Civil Code art. 201).

    Without exceptions in `calendar`, Monday to Friday are the working days. In a demonstration the period is divided
    (`contracts.clocks`).
    """
    within = shortened(within)
    if unit == "calendarDays":
        return start + timedelta(days=within)
    day, left = start, within
    while left:
        day += timedelta(days=1)
        if calendar.get(day, day.weekday() < 5):
            left -= 1
    return day


def months_of_term(starts_on: date, ends_on: date) -> int:
    """Months that a term takes, begun ones counted whole: 10 January to 9 January next year are 12.

    Where a month has no such day, it ends with its last one (Civil Code art. 202): 29 February to 28 February of the
    next year are 12, and 31 March to 30 April is one.
    """
    months = (ends_on.year - starts_on.year) * 12 + ends_on.month - starts_on.month
    return months + (ends_on.day >= starts_on.day)
