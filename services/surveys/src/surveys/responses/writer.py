"""The answer writer: many responses share one commit, and each request waits for its own.

A peak of a campaign must not cost one disk flush for each citizen. While one commit is under way the responses that
arrive meanwhile are collected; the next commit takes them all in one set-based insert. There is no timer: an idle
service writes a single response at once.

The freeze of a wave is kept by its advisory lock. A writer holds it shared for the length of its transaction and reads
the wave's state only after it has it, so that no answer lands after the closing has counted. A wave that is just being
closed must not hold up the answers to others: its responses leave the batch and wait in a task of their own.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal
from uuid import UUID

import asyncpg

from shared import clock
from shared.db import is_unavailable
from surveys.responses.content import Content
from surveys.responses.errors import AnswerQueueFull
from surveys.waves.service import freeze_key

__all__ = ["Answer", "AnswerWriter", "Outcome"]

Pool = asyncpg.Pool
Connection = asyncpg.pool.PoolConnectionProxy


@dataclass(frozen=True, slots=True)
class Answer:
    """A response on its way into the database."""

    wave_id: UUID
    submission_id: UUID
    content: Content


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a response: stored now, stored before with the same or with other content, or refused."""

    kind: Literal["created", "same", "other", "not_open"]
    received_on: date | None = None


_LOCK = "SELECT key, pg_try_advisory_xact_lock_shared(key) AS locked FROM unnest($1::bigint[]) AS key"
_LOCK_WAITING = "SELECT pg_advisory_xact_lock_shared($1)"
_INSERT = """
    INSERT INTO responses (wave_id, submission_id, content_sha256, answers, disposition, mode, language, stratum,
        duration_seconds, enumerator_id, collected_on, submitted_on)
    SELECT item.wave_id, item.submission_id, item.content_sha256, item.answers::jsonb, item.disposition, item.mode,
        item.language, item.stratum, item.duration_seconds, item.enumerator_id, item.collected_on, $13
    FROM unnest($1::uuid[], $2::uuid[], $3::bytea[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[],
            $9::integer[], $10::text[], $11::timestamptz[], $12::date[])
        AS item(wave_id, submission_id, content_sha256, answers, disposition, mode, language, stratum,
            duration_seconds, enumerator_id, collected_at, collected_on)
    JOIN waves AS wave ON wave.id = item.wave_id AND wave.state = 'open' AND wave.opens_at <= $14
        AND CASE WHEN item.collected_at IS NULL THEN $14 < wave.closes_at
            ELSE $14 < wave.freezes_at AND item.collected_at BETWEEN wave.opens_at AND wave.closes_at END
    ORDER BY item.wave_id, item.submission_id
    ON CONFLICT (wave_id, submission_id) DO NOTHING
    RETURNING wave_id, submission_id, content_sha256
"""
_STORED = """
    SELECT wave_id, submission_id, content_sha256, submitted_on
    FROM responses JOIN unnest($1::uuid[], $2::uuid[]) AS item(wave_id, submission_id) USING (wave_id, submission_id)
"""


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

    async def write(self, answers: Sequence[Answer]) -> list[Outcome | Exception]:
        """Store a batch in one commit of its own, each alone after an error."""
        waiting = [_Waiting(answer, asyncio.get_running_loop().create_future()) for answer in answers]
        await self._settle(waiting)
        return await asyncio.gather(*(each.outcome for each in waiting), return_exceptions=True)  # type: ignore[return-value]

    def _start(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _drain(self) -> None:
        try:
            while self._queue:
                # One turn of the loop lets every request that is ready join this commit.
                await asyncio.sleep(0)
                taken = [self._queue.popleft() for _ in range(min(self._batch, len(self._queue)))]
                if taken:
                    await self._settle(taken)
        finally:
            self._running -= 1

    async def _settle(self, waiting: Sequence["_Waiting"], *, patient: bool = False) -> None:
        """Write together; after an error each alone, so that one bad response does not fail its neighbours."""
        try:
            self._tell(waiting, await self._commit([each.answer for each in waiting], patient=patient))
        except Exception as error:  # noqa: BLE001 - decided just below
            if len(waiting) == 1:
                waiting[0].fail(error)
            else:
                await self._settle_alone(waiting, patient=patient)

    async def _settle_alone(self, waiting: Sequence["_Waiting"], *, patient: bool) -> None:
        gone: Exception | None = None
        for each in waiting:
            if gone is not None:
                each.fail(gone)
                continue
            try:
                self._tell([each], await self._commit([each.answer], patient=patient))
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

    async def _commit(self, answers: Sequence[Answer], *, patient: bool = False) -> list[Outcome | None]:
        """One transaction. None for a response whose wave is just being closed, unless `patient` waits for that."""
        today, now = clock.today(), clock.now()
        pool = await self._pool()
        async with pool.acquire() as connection:
            async with connection.transaction():
                locked = await _lock(connection, {answer.wave_id for answer in answers}, patient=patient)
                usable = [answer for answer in answers if answer.wave_id in locked]
                inserted = await connection.fetch(_INSERT, *_columns(usable), today, now) if usable else []
            created = {(row[0], row[1]): bytes(row[2]) for row in inserted}
            stored: dict[tuple[UUID, UUID], tuple[bytes, date]] = {
                key: (value, today) for key, value in created.items()
            }
            left = [answer for answer in usable if (answer.wave_id, answer.submission_id) not in created]
            if left:
                rows = await connection.fetch(
                    _STORED, [each.wave_id for each in left], [each.submission_id for each in left]
                )
                stored |= {(row[0], row[1]): (bytes(row[2]), row[3]) for row in rows}
        return [_outcome(answer, created, stored) if answer.wave_id in locked else None for answer in answers]


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


async def _lock(connection: Connection, waves: set[UUID], *, patient: bool) -> set[UUID]:
    """Take the waves' locks shared; returns those that were to be had."""
    by_key = {freeze_key(wave_id): wave_id for wave_id in waves}
    if patient:
        for key in sorted(by_key):
            await connection.fetch(_LOCK_WAITING, key)
        return waves
    rows = await connection.fetch(_LOCK, sorted(by_key))
    return {by_key[row["key"]] for row in rows if row["locked"]}


def _columns(answers: Sequence[Answer]) -> tuple[list[Any], ...]:
    contents = [answer.content for answer in answers]
    return (
        [answer.wave_id for answer in answers],
        [answer.submission_id for answer in answers],
        [content.sha256 for content in contents],
        [content.answers for content in contents],
        [content.disposition for content in contents],
        [content.mode for content in contents],
        [content.language for content in contents],
        [content.stratum for content in contents],
        [content.duration_seconds for content in contents],
        [content.enumerator_id for content in contents],
        [content.collected_at for content in contents],
        [None if content.collected_at is None else content.collected_at.date() for content in contents],
    )


def _outcome(
    answer: Answer, created: dict[tuple[UUID, UUID], bytes], stored: dict[tuple[UUID, UUID], tuple[bytes, date]]
) -> Outcome:
    """Of two equal responses in one batch the first is the one that was created."""
    key = (answer.wave_id, answer.submission_id)
    if created.get(key) == answer.content.sha256:
        del created[key]
        return Outcome("created", stored[key][1])
    if key not in stored:
        return Outcome("not_open")
    sha256, received_on = stored[key]
    return Outcome("same" if sha256 == answer.content.sha256 else "other", received_on)
