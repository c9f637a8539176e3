"""The clock of campaigns: once a day new units get their return, and deadlines are told."""

from datetime import timedelta
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from contracts.campaigns.reminding import remind
from contracts.campaigns.service import open_late_returns
from shared.jobs import ClaimedJob, Continue, Job

__all__ = ["remind_job"]

_CHUNK = 200


async def campaign_day(session: AsyncSession, job: ClaimedJob) -> Continue | None:
    """First the returns of units that came later, campaign by campaign, then the reminders in chunks."""
    if job.cursor != "remind":
        after = UUID(job.cursor) if job.cursor else None
        last = await open_late_returns(session, after=after)
        return Continue(str(last) if last else "remind")
    return Continue("remind") if await remind(session, limit=_CHUNK) == _CHUNK else None


remind_job = Job("contracts.campaigns", campaign_day, every=timedelta(days=1))
