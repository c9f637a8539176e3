from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from scoring.reports.service import ANNUAL, make_annual
from shared.jobs import ClaimedJob, Job

__all__ = ["ANNUAL_JOB", "run_annual"]


async def run_annual(session: AsyncSession, job: ClaimedJob) -> None:
    """Make the annual report that was asked for; one that is there already stays as it is."""
    await make_annual(session, UUID(job.key), public_url=job.payload["public_url"])


ANNUAL_JOB = Job(kind=ANNUAL, run=run_annual)
