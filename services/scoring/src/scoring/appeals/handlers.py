"""The clocks of appeals, and what goes on once a flag is decided anew."""

from datetime import timedelta
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from scoring.appeals.service import settle_awaited, tell_due_appeals
from scoring.calibrations.service import FLAG_DECIDED
from shared.jobs import ClaimedJob, Continue, Job

__all__ = ["appeal_clocks_job", "flag_decided_job"]


async def run_clocks(session: AsyncSession, job: ClaimedJob) -> Continue | None:
    """One chunk of what is due; called again while there is more."""
    last = await tell_due_appeals(session, after=UUID(job.cursor) if job.cursor else None)
    return None if last is None else Continue(str(last))


async def run_flag_decided(session: AsyncSession, _: ClaimedJob) -> None:
    """What an appeal against the earlier decision suspends goes on where the marks are cleared now."""
    await settle_awaited(session)


appeal_clocks_job = Job("scoring.appeal_clocks", run_clocks, every=timedelta(hours=1))
flag_decided_job = Job(FLAG_DECIDED, run_flag_decided)
