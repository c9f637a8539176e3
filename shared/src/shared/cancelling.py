"""Ending tasks for certain."""

import asyncio
from collections.abc import Sequence
from typing import Any

__all__ = ["cancelled"]

PATIENCE = 3.0  # seconds that a task has for what it does at its end


async def cancelled(tasks: Sequence["asyncio.Task[Any]"]) -> None:
    """Cancel tasks until all have ended, those included that they add to the sequence meanwhile.

    Once is not always enough: before Python 3.12 `asyncio.wait_for`, which the broker's client uses for every request,
    swallows a cancellation that comes with the answer (python/cpython#86296), and the task would work on for ever.
    """
    while running := [task for task in tasks if not task.done()]:
        for task in running:
            task.cancel()
        await asyncio.wait(running, timeout=PATIENCE)
