"""Work in a thread beside something that is waited for."""

import asyncio
import threading

import pytest

from shared.overlap import beside


async def test_work_runs_in_a_thread_while_something_else_is_waited_for() -> None:
    """Each waits for the other: one after the other, they would never end."""
    loop, worked = asyncio.get_running_loop(), asyncio.Event()
    begun = threading.Event()

    async def waiting() -> None:
        begun.set()
        await worked.wait()

    def work() -> int:
        assert begun.wait(10)
        loop.call_soon_threadsafe(worked.set)
        return threading.get_ident()

    async with asyncio.timeout(20):
        assert await beside(waiting(), work) != threading.get_ident()


async def test_an_error_waits_for_the_work_and_comes_before_its_own() -> None:
    failed, ended = threading.Event(), threading.Event()

    async def waiting() -> None:
        failed.set()
        raise LookupError

    def work() -> None:
        assert failed.wait(10)
        ended.set()
        raise ZeroDivisionError

    with pytest.raises(LookupError):
        await beside(waiting(), work)
    assert ended.is_set(), "nothing may go on behind a savepoint that was rolled back"


async def test_the_error_of_the_work_is_raised() -> None:
    with pytest.raises(ZeroDivisionError):
        await beside(asyncio.sleep(0), lambda: 1 // 0)
