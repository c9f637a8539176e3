"""One job queue per service, in its own PostgreSQL: everything that has a clock or takes long.

Why an own table: a job's effect, its outbox rows and its completion must be one commit (docs/decisions). A replica
claims a job by a row lock (FOR UPDATE SKIP LOCKED) held for the transaction; a killed replica's lock dies with its
connection, so that no lease has to run out. A long job runs chunk by chunk: it returns `Continue` with a cursor, and
each chunk is a transaction of its own.
"""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import structlog
from pydantic_core import to_json
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from shared import clock
from shared.db import Database, is_unavailable, storable
from shared.ids import new_id
from shared.telemetry import metrics

__all__ = ["ADDED", "ClaimedJob", "Continue", "Job", "Worker", "enqueue", "purge_job"]

_log = structlog.get_logger(__name__)
ADDED = "gongping.jobs"  # in a session's info: its transaction added work that is due
_RETRY = (1, 5, 30, 120, 600)  # seconds; after the last the job is `failed` and shown as such


@dataclass(frozen=True, slots=True)
class ClaimedJob:
    """A job in hand."""

    id: UUID
    kind: str
    key: str
    payload: dict[str, Any]
    cursor: Any
    attempts: int


@dataclass(frozen=True, slots=True)
class Continue:
    """Not done: call again with this cursor, in the next transaction."""

    cursor: Any
    progress: dict[str, Any] | None = None


Run = Callable[[AsyncSession, ClaimedJob], Awaitable[Continue | None]]


@dataclass(frozen=True, slots=True)
class Job:
    """What runs a kind of job. `every` makes it recur under one unique key."""

    kind: str
    run: Run
    every: timedelta | None = None


async def enqueue(
    session: AsyncSession,
    kind: str,
    *,
    key: str,
    run_at: datetime | None = None,
    payload: dict[str, Any] | None = None,
) -> None:
    """Add a job to the transaction; an open job of the same kind and key stays as it is, one that is running too."""
    moment = clock.now()
    connection = await session.connection()
    await connection.execute(
        text(
            "INSERT INTO job (id, kind, key, state, run_at, payload, attempts, created_at) "
            "VALUES (:id, :kind, :key, 'open', :run_at, CAST(:payload AS jsonb), 0, :now) "
            "ON CONFLICT (kind, key) WHERE state = 'open' DO NOTHING"
        ),
        {
            "id": new_id(),
            "kind": kind,
            "key": key,
            "run_at": run_at or moment,
            "payload": to_json(payload or {}).decode(),
            "now": moment,
        },
    )
    if run_at is None or run_at <= moment:
        session.info[ADDED] = True


def purge_job(days: int) -> Job:
    """The recurring job that forgets jobs that were done longer ago; failed ones stay until somebody decides."""

    async def purge(session: AsyncSession, _: ClaimedJob) -> Continue | None:
        gone = await session.execute(
            text(
                "DELETE FROM job WHERE id IN (SELECT id FROM job WHERE state = 'done' AND finished_at < :before "
                "LIMIT 1000) RETURNING id"
            ),
            {"before": clock.now() - timedelta(days=days)},
        )
        return Continue(None) if gone.first() is not None else None

    return Job("jobs.purge", purge, every=timedelta(days=1))


_CLAIM = text(
    "SELECT id, kind, key, payload, cursor, attempts FROM job WHERE state = 'open' AND run_at <= :now "
    "AND kind = ANY(CAST(:kinds AS text[])) ORDER BY run_at LIMIT 1 FOR UPDATE SKIP LOCKED"
)


class Worker:
    """Claims and runs due jobs until it is stopped."""

    def __init__(self, database: Database, jobs: Iterable[Job], *, poll_seconds: float = 1.0) -> None:
        self._database = database
        self._jobs = {job.kind: job for job in jobs}
        self._poll = poll_seconds
        self._wake = asyncio.Event()

    def wake(self) -> None:
        """Look for due jobs now."""
        self._wake.set()

    async def run(self) -> None:
        """Work for ever; ends by cancellation, which rolls the job in hand back."""
        delay = 1.0
        while True:
            try:
                await self._ensure_recurring()
                break
            except Exception as error:  # noqa: BLE001 - the database may come later
                _log.warning("job queue not ready", error=str(error))
                await asyncio.sleep(delay)
                delay = min(delay * 2, 10)
        while True:
            try:
                self._wake.clear()  # before looking: what is enqueued meanwhile must be seen
                while await self.run_one():
                    pass
                delay = 1.0
                # Not wait_for, which before Python 3.12 can swallow a cancellation that comes with the wake-up.
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(self._poll):
                        await self._wake.wait()
            except Exception as error:  # noqa: BLE001 - a worker outlives every error of the database
                _log.warning("job queue pauses", error=str(error), delay=delay)
                await asyncio.sleep(delay)
                delay = min(delay * 2, 10)

    async def _ensure_recurring(self) -> None:
        async with self._database.transaction() as session:
            for job in self._jobs.values():
                if job.every is not None:
                    await enqueue(session, job.kind, key="recurring")

    async def run_one(self) -> bool:
        """Run one due job; False when there is none."""
        claimed: ClaimedJob | None = None
        try:
            async with self._database.transaction() as session:
                row = (await session.execute(_CLAIM, {"now": clock.now(), "kinds": list(self._jobs)})).first()
                if row is None:
                    return False
                claimed = ClaimedJob(row.id, row.kind, row.key, row.payload, row.cursor, row.attempts)
                job = self._jobs[claimed.kind]
                outcome = await job.run(session, claimed)
                await _finish(session, job, claimed, outcome)
        except Exception as error:
            if claimed is None or is_unavailable(error):
                raise
            _log.error("job failed", kind=claimed.kind, key=claimed.key, attempts=claimed.attempts + 1, exc_info=error)
            await self._record_failure(claimed, error)
        return True

    async def _record_failure(self, claimed: ClaimedJob, error: Exception) -> None:
        recurring = self._jobs[claimed.kind].every is not None
        final = claimed.attempts >= len(_RETRY) and not recurring
        if final:
            metrics.failed_jobs.labels(claimed.kind).inc()
        delay = _RETRY[min(claimed.attempts, len(_RETRY) - 1)]
        async with self._database.transaction() as session:
            await session.execute(
                text(
                    "UPDATE job SET attempts = attempts + 1, error = :error, run_at = :run_at, state = :state, "
                    "finished_at = CASE WHEN :state = 'failed' THEN CAST(:now AS timestamptz) END "
                    # Another worker may have done it since this one let go of the row.
                    "WHERE id = :id AND state = 'open' AND attempts = :attempts"
                ),
                {
                    "id": claimed.id,
                    "attempts": claimed.attempts,
                    "error": storable(f"{type(error).__name__}: {error}"),
                    "run_at": clock.now() + timedelta(seconds=delay),
                    "state": "failed" if final else "open",
                    "now": clock.now(),
                },
            )


async def _finish(session: AsyncSession, job: Job, claimed: ClaimedJob, outcome: Continue | None) -> None:
    moment = clock.now()
    values: dict[str, Any] = {"id": claimed.id, "now": moment}
    if isinstance(outcome, Continue):
        sql = (
            "UPDATE job SET cursor = CAST(:cursor AS jsonb), progress = CAST(:progress AS jsonb), attempts = 0, "
            # Behind whatever else is due now: a long job must not hold up the others.
            "run_at = :now WHERE id = :id"
        )
        values |= {"cursor": to_json(outcome.cursor).decode(), "progress": to_json(outcome.progress).decode()}
    elif job.every is not None:
        sql = (
            "UPDATE job SET run_at = :next, cursor = NULL, attempts = 0, error = NULL, finished_at = :now "
            "WHERE id = :id"
        )
        values["next"] = moment + job.every
    else:
        sql = "UPDATE job SET state = 'done', error = NULL, finished_at = :now WHERE id = :id"
    await session.execute(text(sql), values)
