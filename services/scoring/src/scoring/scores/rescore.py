"""Re-scoring everything: the same evaluation as after an event, in chunks with a saved cursor."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from scoring.evidence.queries import lock_contracts, next_contracts
from scoring.evidence.service import SCORE_CONTRACT
from scoring.frameworks.document import Framework
from scoring.frameworks.service import registry
from scoring.scores.collector import collector_paused
from scoring.scores.service import score_contracts
from scoring.scores.uncertainty import enqueue_following
from shared.jobs import ClaimedJob, Continue, Job, enqueue

__all__ = ["KIND", "RESCORE_JOB", "SCORE_JOB", "enqueue_rescore", "rescore_chunk"]

KIND = "scores.rescore"
_START = UUID(int=0)


async def enqueue_rescore(
    session: AsyncSession, *, chunk: int, lanes: int, framework_id: str | None = None
) -> list[str]:
    """Ask for a re-scoring under one framework or all, `chunk` contracts a commit; returns the keys of the jobs.

    A contract is scored under what is in force for its region and service category. Each lane is a job with a cursor
    of its own, so that as many processes as there are lanes can work on it; the uncertainty records follow, lane by
    lane. Raises FrameworkNotFound.
    """
    name = "all" if framework_id is None else (await registry(session)).find(framework_id).id
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
    frameworks: Sequence[Framework] | None = None,
    framework_id: str | None = None,
    lane: int = 0,
    lanes: int = 1,
) -> tuple[UUID | None, int, int]:
    """Re-score the next `limit` contracts of a lane: the last id (None at the end), how many, and rows changed.

    Under what is in force for each contract (of `framework_id` alone where it is given), or under `frameworks`.
    """
    with collector_paused():
        contract_ids = await next_contracts(session, after=after, limit=limit, lane=lane, lanes=lanes)
        if not contract_ids:
            return None, 0, 0
        changed = await score_contracts(
            session, contract_ids, causes={}, frameworks=frameworks, framework_id=framework_id
        )
        return contract_ids[-1], len(contract_ids), changed


async def _run(session: AsyncSession, job: ClaimedJob) -> Continue | None:
    """One chunk of contracts: a transaction of its own, so that a killed process loses no finished chunk."""
    cursor = job.cursor or {"after": str(_START), "contracts": 0, "changed": 0}
    last, contracts, changed = await rescore_chunk(
        session,
        after=UUID(cursor["after"]),
        limit=job.payload["chunk"],
        framework_id=job.payload["framework_id"],
        lane=job.payload["lane"],
        lanes=job.payload["lanes"],
    )
    if last is None:
        await enqueue_following(session, key=job.key)
        return None
    done = {"contracts": cursor["contracts"] + contracts, "changed": cursor["changed"] + changed}
    return Continue({"after": str(last), **done}, progress=done)


async def _score(session: AsyncSession, job: ClaimedJob) -> None:
    """One contract whose evidence did not come by an event; the same path as after one."""
    await score_contracts(session, await lock_contracts(session, [UUID(job.key)]), causes={})


RESCORE_JOB = Job(KIND, _run)
SCORE_JOB = Job(SCORE_CONTRACT, _score)
