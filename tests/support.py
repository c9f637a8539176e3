"""What tests of every part use: waiting for a condition instead of for a time."""

import asyncio
import inspect
import time
from collections.abc import Callable
from typing import Any

__all__ = ["ANY_VERSION", "eventually"]

ANY_VERSION = {"If-Match": "*"}  # headers of an edit that may replace whatever version there is


async def eventually(condition: Callable[[], Any], *, timeout: float = 20, every: float = 0.02) -> Any:
    """Ask again and again until the condition (a function, or one that is awaited) is true; its value is returned.

    The last value, or the last AssertionError of the condition, is named when the time is over.
    """
    deadline = time.monotonic() + timeout
    while True:
        failed: AssertionError | None = None
        value: Any = None
        try:
            value = condition()
            if inspect.isawaitable(value):
                value = await value
        except AssertionError as error:
            failed = error
        if value and failed is None:
            return value
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {timeout} s: {value!r}") from failed
        await asyncio.sleep(every)
