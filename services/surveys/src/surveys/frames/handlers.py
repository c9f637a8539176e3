"""The daily job that forgets who was asked."""

from datetime import timedelta
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from shared.jobs import ClaimedJob, Continue, Job
from surveys.frames.service import forget_frames

__all__ = ["forget_frames_job"]


async def run_forget_frames(session: AsyncSession, job: ClaimedJob) -> Continue | None:
    """Delete frames, tokens and enumerators whose retention is over, a chunk of waves in one transaction."""
    last = await forget_frames(session, after=UUID(job.cursor) if job.cursor else None)
    return None if last is None else Continue(str(last))


forget_frames_job = Job("surveys.forget_frames", run_forget_frames, every=timedelta(days=1))
