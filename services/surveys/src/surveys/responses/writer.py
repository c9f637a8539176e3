"""The answer writer: many responses share one commit, and each request waits for its own.

A peak of a campaign must not cost one disk flush for each citizen. While one commit is under way the responses that
arrive meanwhile are collected; the next commit takes them all in one set-based insert. There is no timer: an idle
service writes a single response at once.

A wave that is just being closed must not hold up the answers to others: its responses leave the batch and wait in a
task of their own.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from typing import Any
from uuid import UUID

import asyncpg

from shared.db import is_unavailable
from surveys.responses.commit import Answer, AnswersRacedError, Connection, Outcome, commit
from surveys.responses.errors import AnswerQueueFull

__all__ = ["Answer", "AnswerWriter", "Outcome"]

Pool = asyncpg.Pool


class AnswerWriter:
    """Writes the responses of one process.

    Arguments:
        pool: gives the driver's own connection pool.
        batch: responses that share one commit at most.
        writers: commits at the same time.
        limit: responses that may wait; one more is refused.
    """

    def __init__(
        self, pool: Callable[[], Awaitable[Pool]], *, batch: int = 256, writers: int = 2, limit: int = 10_000
    ) -> None:
        self._pool = pool
        self._batch = batch
        self._writers = writers
        self._limit = limit
        self._queue: deque[_Waiting] = deque()
        self._held_up: dict[UUID, list[_Waiting]] = {}
        self._unfinished = 0
        self._running = 0
        self._tasks: set[asyncio.Task[None]] = set()

    async def submit(self, answer: Answer) -> Outcome:
        """Store a response; returns when it is durable.

        Raises:
            AnswerQueueFull: too many wait already; nothing was stored.
        """
        if self._unfinished >= self._limit:
            raise AnswerQueueFull("Too many responses wait to be stored; send it again in a second, with the same id.")
        waiting = _Waiting(answer, asyncio.get_running_loop().create_future())
        self._unfinished += 1
        self._queue.append(waiting)
        if self._running < self._writers:
            self._running += 1
            self._start(self._drain())
        try:
            return await waiting.outcome
        finally:
            self._unfinished -= 1

    async def write(self, answers: Sequence[Answer]) -> Sequence[Outcome | BaseException]:
        """Store a batch in one commit of its own, each alone after an error."""
        try:
            pool = await self._pool()
            async with pool.acquire() as connection:
                outcomes = await commit(connection, answers)
        except Exception:  # noqa: BLE001 - decided for each response
            outcomes = []
        settled = [outcome for outcome in outcomes if outcome is not None]
        if len(settled) == len(answers):
            return settled
        waiting = [_Waiting(answer, asyncio.get_running_loop().create_future()) for answer in answers]
        if not outcomes:
            await self._settle_alone(waiting)
        else:
            self._tell(waiting, outcomes)
        return await asyncio.gather(*(each.outcome for each in waiting), return_exceptions=True)

    def _start(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _drain(self) -> None:
        try:
            while self._queue:
                taken: list[_Waiting] = []
                try:
                    pool = await self._pool()
                    # One connection for as long as there is work: giving it back costs a round trip.
                    async with pool.acquire() as connection:
                        while self._queue:
                            # One turn of the loop lets every request that is ready join this commit.
                            await asyncio.sleep(0)
                            taken = self._take()
                            self._tell(taken, await commit(connection, [each.answer for each in taken]))
                            taken = []
                except Exception as error:  # noqa: BLE001 - decided for each response
                    await self._settle_alone(taken) if taken else self._refuse(error)
        finally:
            self._running -= 1

    def _take(self) -> list["_Waiting"]:
        return [self._queue.popleft() for _ in range(min(self._batch, len(self._queue)))]

    def _refuse(self, error: Exception) -> None:
        """Not even a connection is to be had: whoever waits is told so at once."""
        while self._queue:
            self._queue.popleft().fail(error)

    async def _settle(self, waiting: Sequence["_Waiting"], *, patient: bool = False) -> None:
        """Write together; after an error each alone, so that one bad response does not fail its neighbours."""
        try:
            pool = await self._pool()
            async with pool.acquire() as connection:
                answers = [each.answer for each in waiting]
                self._tell(waiting, await commit(connection, answers, patient=patient))
        except Exception:  # noqa: BLE001 - decided for each response
            await self._settle_alone(waiting, patient=patient)

    async def _settle_alone(self, waiting: Sequence["_Waiting"], *, patient: bool = False) -> None:
        gone: Exception | None = None
        for each in waiting:
            if gone is not None:
                each.fail(gone)
                continue
            try:
                pool = await self._pool()
                async with pool.acquire() as connection:
                    self._tell([each], await _commit_alone(connection, each.answer, patient=patient))
            except Exception as error:  # noqa: BLE001 - handed to the request that waits for it
                each.fail(error)
                # A database that is away would be asked once for each response: the rest is told at once.
                gone = error if is_unavailable(error) else None

    def _tell(self, waiting: Sequence["_Waiting"], outcomes: Sequence[Outcome | None]) -> None:
        for each, outcome in zip(waiting, outcomes, strict=True):
            if outcome is not None:
                each.succeed(outcome)
            else:
                self._hold(each)

    def _hold(self, waiting: "_Waiting") -> None:
        """Let a response wait for the closing of its wave, one task and one connection for each such wave."""
        wave_id = waiting.answer.wave_id
        if wave_id in self._held_up:
            self._held_up[wave_id].append(waiting)
        else:
            self._held_up[wave_id] = [waiting]
            self._start(self._wait_for(wave_id))

    async def _wait_for(self, wave_id: UUID) -> None:
        # The list may grow while the lock is waited for; it is taken only afterwards.
        while True:
            waiting, self._held_up[wave_id] = self._held_up[wave_id], []
            if not waiting:
                del self._held_up[wave_id]
                return
            for start in range(0, len(waiting), self._batch):
                await self._settle(waiting[start : start + self._batch], patient=True)


async def _commit_alone(connection: Connection, answer: Answer, *, patient: bool) -> list[Outcome | None]:
    """Who lost a race finds the winner's row at the second try."""
    try:
        return await commit(connection, [answer], patient=patient)
    except AnswersRacedError:
        return await commit(connection, [answer], patient=patient)


class _Waiting:
    """A response and the request that waits for it."""

    __slots__ = ("answer", "outcome")

    def __init__(self, answer: Answer, outcome: asyncio.Future[Outcome]) -> None:
        self.answer = answer
        self.outcome = outcome

    def succeed(self, outcome: Outcome) -> None:
        if not self.outcome.done():  # the client may have gone away
            self.outcome.set_result(outcome)

    def fail(self, error: Exception) -> None:
        if not self.outcome.done():
            self.outcome.set_exception(error)
