"""Helpers of the local deployment's tests."""

import asyncio
import time
from collections.abc import Callable
from typing import Protocol

import pytest


class Eventually(Protocol):
    """Waits for a condition of another process."""

    async def __call__(self, condition: Callable[[], object], *, seconds: float = 20) -> None: ...


@pytest.fixture
def eventually() -> Eventually:
    """Wait until a condition holds; fail when it does not in time."""

    async def wait(condition: Callable[[], object], *, seconds: float = 20) -> None:
        deadline = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < deadline, "the condition did not come true in time"
            await asyncio.sleep(0.02)

    return wait
