"""After a framework came into force or was retired: the re-scoring under it, in lanes of its own."""

from sqlalchemy.ext.asyncio import AsyncSession

from scoring.frameworks.service import FRAMEWORK_CHANGED
from scoring.scores.rescore import enqueue_rescore
from shared.jobs import ClaimedJob, Job

__all__ = ["FRAMEWORK_JOB"]


async def _rescore(session: AsyncSession, job: ClaimedJob) -> None:
    """Ask for the re-scoring; contracts of other regions and categories are passed over."""
    wanted = job.payload
    await enqueue_rescore(session, chunk=wanted["chunk"], lanes=wanted["lanes"], framework_id=wanted["framework_id"])


FRAMEWORK_JOB = Job(FRAMEWORK_CHANGED, _rescore)
