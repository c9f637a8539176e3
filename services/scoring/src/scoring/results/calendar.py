"""Working days: weekdays, less public holidays, plus make-up days, as a list states them and officers correct it."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, timezone
from functools import cache
from importlib.resources import files

from shared.periods import shortened

__all__ = ["Calendar", "shipped_calendar"]


@dataclass(frozen=True, slots=True)
class Calendar:
    """The working days of a country. `years` are those whose holidays the list knows; in others weekdays work."""

    country: str
    utc_offset_hours: int
    years: frozenset[int]
    exceptions: Mapping[date, bool]

    def is_working(self, day: date) -> bool:
        """Whether offices work on that day."""
        return self.exceptions.get(day, day.weekday() < 5)

    def after(self, day: date, working_days: int) -> date:
        """The last day of a period of so many working days; the day on which it begins does not count."""
        left = working_days
        while left > 0:
            day += timedelta(days=1)
            left -= self.is_working(day)
        return day

    def limit(self, day: date, working_days: int) -> date:
        """The last day of a time limit that a rule states: `after`, divided by a demonstration's clock divisor."""
        return self.after(day, shortened(working_days))

    def between(self, first: date, last: date) -> int:
        """Working days after `first` up to and with `last`; 0 when `last` is not later."""
        return sum(self.is_working(first + timedelta(days=n)) for n in range(1, (last - first).days + 1))

    def day_of(self, moment: datetime) -> date:
        """The day of an instant where the country's offices are."""
        return moment.astimezone(timezone(timedelta(hours=self.utc_offset_hours))).date()

    def corrected(self, entries: Mapping[date, bool]) -> "Calendar":
        """The same with an officer's entries, which win."""
        return Calendar(self.country, self.utc_offset_hours, self.years, {**self.exceptions, **entries})


@cache
def shipped_calendar(country: str) -> Calendar:
    """The list that is shipped for a country; weekdays in UTC where there is none."""
    found = files("scoring.results") / "data" / f"calendar-{country.lower()}.json"
    if not found.is_file():
        return Calendar(country, int(UTC.utcoffset(None).total_seconds()), frozenset(), {})
    document = json.loads(found.read_text(encoding="utf-8"))
    off = {date.fromisoformat(day): False for day in document["workdays_off"]}
    on = {date.fromisoformat(day): True for day in document["weekends_on"]}
    return Calendar(country, document["utc_offset_hours"], frozenset(document["years"]), off | on)
