"""Re-scoring everything: the same evaluation as after an event, in chunks with a saved cursor."""

import gc
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from scoring.evidence.queries import next_contracts
from scoring.frameworks.document import Framework
from scoring.frameworks.queries import find_framework, frameworks_in_force
from scoring.scores.service import score_contracts
from shared.jobs import ClaimedJob, Continue, Job, enqueue

__all__ = ["KIND", "RESCORE_JOB", "enqueue_rescore", "rescore_chunk"]

KIND = "scores.rescore"
_START = UUID(int=0)


async def enqueue_rescore(
    session: AsyncSession, *, chunk: int, lanes: int, framework_id: str | None = None
) -> list[str]:
    """Ask for a re-scoring under one framework or all, `chunk` contracts a commit; returns the keys of the jobs.

    Each lane is a job with a cursor of its own, so that as many processes as there are lanes can work on it. Raises
    FrameworkNotFound.
    """
    name = "all" if framework_id is None else find_framework(framework_id).id
    keys = [f"{name} {lane + 1}/{lanes}" for lane in range(lanes)]
    for lane, key in enumerate(keys):
        payload = {"framework_id": framework_id, "chunk": chunk, "lane": lane, "lanes": lanes}
        await enqueue(session, KIND, key=key, payload=payload)
    return keys


async def rescore_chunk(
    session: AsyncSession,
    *,
    after: UUID,
    limit: int,
    frameworks: Sequence[Framework],
    lane: int = 0,
    lanes: int = 1,
) -> tuple[UUID | None, int, int]:
    """Re-score the next `limit` contracts of a lane: the last id (None at the end), how many, and rows changed."""
    with _collector_paused():
        contract_ids = await next_contracts(session, after=after, limit=limit, lane=lane, lanes=lanes)
        if not contract_ids:
            return None, 0, 0
        changed = await score_contracts(session, contract_ids, causes={}, frameworks=frameworks)
        return contract_ids[-1], len(contract_ids), changed


@contextmanager
def _collector_paused() -> Iterator[None]:
    """Pause the cyclic collector.

    A chunk makes some hundred thousand small containers and no cycles: the collector would take a quarter of the time
    to find nothing.
    """
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


async def _run(session: AsyncSession, job: ClaimedJob) -> Continue | None:
    """One chunk of contracts: a transaction of its own, so that a killed process loses no finished chunk."""
    cursor = job.cursor or {"after": str(_START), "contracts": 0, "changed": 0}
    framework_id = job.payload["framework_id"]
    frameworks = frameworks_in_force() if framework_id is None else (find_framework(framework_id),)
    last, contracts, changed = await rescore_chunk(
        session,
        after=UUID(cursor["after"]),
        limit=job.payload["chunk"],
        frameworks=frameworks,
        lane=job.payload["lane"],
        lanes=job.payload["lanes"],
    )
    if last is None:
        return None
    done = {"contracts": cursor["contracts"] + contracts, "changed": cursor["changed"] + changed}
    return Continue({"after": str(last), **done}, progress=done)


RESCORE_JOB = Job(KIND, _run)
