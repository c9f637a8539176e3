"""Work of Python while the database is busy, so that a batch need not wait for each of the two in turn."""

import asyncio
from collections.abc import Callable, Coroutine
from contextvars import copy_context
from typing import Any, TypeVar

__all__ = ["beside"]

Done = TypeVar("Done")


async def beside(waiting: Coroutine[Any, Any, object], work: Callable[[], Done]) -> Done:
    """Run `work` in a thread while `waiting` waits; answers what `work` answers.

    Both have ended when this returns or raises, so that nothing goes on behind a savepoint that was rolled back; the
    error of `waiting` comes before that of `work`. A session is not for two threads: `work` touches none.
    """
    worked = asyncio.get_running_loop().run_in_executor(None, copy_context().run, work)
    try:
        await waiting
    finally:
        # Not `await worked`: its own error must not hide that of `waiting`.
        await asyncio.wait([worked])
    return worked.result()
