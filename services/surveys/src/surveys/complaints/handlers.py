"""The clocks of the complaints: citizens are asked, cases end, contact data go."""

from datetime import timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from shared import clock
from shared.jobs import ClaimedJob, Continue, Job
from surveys.complaints.service import SWEEP, ask_due, delete_contacts

__all__ = ["complaint_clocks_job"]


async def sweep(session: AsyncSession, _: ClaimedJob) -> Continue | None:
    """One chunk of what is due; called again while there is more."""
    now = clock.now()
    asked = await ask_due(session, now=now)
    await delete_contacts(session, now=now)
    return Continue(None) if asked == SWEEP else None


complaint_clocks_job = Job("surveys.complaint_clocks", sweep, every=timedelta(hours=1))
