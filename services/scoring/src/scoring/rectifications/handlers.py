"""The jobs of rectifications: what a result demands, and the clocks."""

from datetime import timedelta
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from scoring.rectifications.service import follow_use, tell_due_rectifications
from scoring.results.service import OPEN_RECTIFICATION
from shared.jobs import ClaimedJob, Continue, Job

__all__ = ["follow_use_job", "rectification_clocks_job"]


async def run_follow(session: AsyncSession, job: ClaimedJob) -> None:
    """A use of a result asks for a rectification, or is void."""
    await follow_use(session, UUID(job.key))


async def run_clocks(session: AsyncSession, job: ClaimedJob) -> Continue | None:
    """One chunk of what is due; called again while there is more."""
    last = await tell_due_rectifications(session, after=UUID(job.cursor) if job.cursor else None)
    return None if last is None else Continue(str(last))


follow_use_job = Job(OPEN_RECTIFICATION, run_follow)
rectification_clocks_job = Job("scoring.rectification_clocks", run_clocks, every=timedelta(hours=1))
