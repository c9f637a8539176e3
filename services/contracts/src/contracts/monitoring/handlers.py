"""The clocks of monitoring: the month that has ended is monitored, and what nobody decided is suspended."""

from datetime import timedelta
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from contracts.monitoring.parameters import monitoring
from contracts.monitoring.service import monitor_month, suspend_undecided
from shared import clock
from shared.jobs import ClaimedJob, Continue, Job

__all__ = ["monitor_job", "suspend_job"]

_FIRST = UUID(int=0)


async def monitor(session: AsyncSession, job: ClaimedJob) -> Continue | None:
    """One chunk of the contracts in force, for the month before this one."""
    month = (clock.today().replace(day=1) - timedelta(days=1)).replace(day=1)
    after = UUID(job.cursor) if job.cursor else _FIRST
    last = await monitor_month(session, month=month, after=after, limit=monitoring().chunk)
    return Continue(str(last)) if last else None


async def suspend(session: AsyncSession, job: ClaimedJob) -> Continue | None:
    """One chunk of the alerts that are overdue."""
    after = UUID(job.cursor) if job.cursor else _FIRST
    last = await suspend_undecided(session, after=after, limit=monitoring().chunk)
    return Continue(str(last)) if last else None


monitor_job = Job("contracts.monitor", monitor, every=timedelta(days=1))
suspend_job = Job("contracts.suspend_undecided", suspend, every=timedelta(hours=6))
