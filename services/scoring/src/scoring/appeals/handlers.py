"""The clocks of appeals."""

from datetime import timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from scoring.appeals.service import tell_due_appeals
from scoring.results.service import CHUNK
from shared.jobs import ClaimedJob, Continue, Job

__all__ = ["appeal_clocks_job"]


async def run_clocks(session: AsyncSession, _: ClaimedJob) -> Continue | None:
    """One chunk of what is due; called again while there is more."""
    return Continue(None) if await tell_due_appeals(session) == CHUNK else None


appeal_clocks_job = Job("scoring.appeal_clocks", run_clocks, every=timedelta(hours=1))
