"""The one source of time. All code asks here, so that a test can stop the clock and a demonstration can speed it up."""

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from datetime import time as time_of_day
from zoneinfo import ZoneInfo

__all__ = ["EARLIEST", "LATEST", "ZONE", "advance", "day_of", "frozen", "now", "start_of", "today"]

ZONE = ZoneInfo(os.environ.get("GONGPING_TIME_ZONE", "Asia/Shanghai"))
"""Whose days count: a booking of 07:00 in Beijing is of that day, though the day has not begun in Greenwich. China has
one time for the whole country; a deployment elsewhere names its own (IANA)."""

EARLIEST, LATEST = date(1900, 1, 1), date(2999, 12, 31)
"""What may be told as a day. Other systems write 0001-01-01 and 9999-12-31 for "no day"; to the database they would be
infinite, and no period could be counted from them."""

# GONGPING_CLOCK_SPEED = N lets N seconds of product time pass in one real second (demonstrations only).
_SPEED = float(os.environ.get("GONGPING_CLOCK_SPEED", "1"))
_STARTED = time.time()
_frozen: datetime | None = None


def now() -> datetime:
    """The present instant, aware, in UTC."""
    if _frozen is not None:
        return _frozen
    real = time.time()
    return datetime.fromtimestamp(real if _SPEED == 1 else _STARTED + (real - _STARTED) * _SPEED, UTC)


def day_of(instant: datetime) -> date:
    """The day on which an aware instant falls in the offices of the deployment."""
    return instant.astimezone(ZONE).date()


def start_of(day: date) -> datetime:
    """The instant, aware, in UTC, at which a day begins in the offices of the deployment."""
    return datetime.combine(day, time_of_day(), ZONE).astimezone(UTC)


def today() -> date:
    """The present day in the offices of the deployment."""
    return day_of(now())


@contextmanager
def frozen(at: datetime) -> Iterator[None]:
    """Stop the clock at an aware instant for the duration of the block (tests)."""
    global _frozen  # noqa: PLW0603 - one clock per process is the point of this module
    before, _frozen = _frozen, at
    try:
        yield
    finally:
        _frozen = before


def advance(by: timedelta) -> None:
    """Move a stopped clock forward."""
    global _frozen  # noqa: PLW0603 - see frozen
    if _frozen is None:
        raise RuntimeError("the clock is running; stop it with frozen() first")
    _frozen += by
