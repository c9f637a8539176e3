"""The one source of time. All code asks here, so that a test can stop the clock and a demonstration can speed it up."""

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta

__all__ = ["advance", "frozen", "now", "today"]

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


def today() -> date:
    """The present date in UTC."""
    return now().date()


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
