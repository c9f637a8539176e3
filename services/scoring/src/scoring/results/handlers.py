"""The jobs of the use of results: what takes effect opens its consequences, clocks are told."""

from datetime import timedelta
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from scoring.determinations.service import IN_EFFECT
from scoring.results.service import CHUNK, open_missed, open_results, tell_due_uses
from shared.jobs import ClaimedJob, Continue, Job

__all__ = ["open_missed_job", "open_results_job", "result_clocks_job"]


async def run_open(session: AsyncSession, job: ClaimedJob) -> None:
    """A determination took effect, or went out of force."""
    await open_results(session, UUID(job.key))


async def run_missed(session: AsyncSession, job: ClaimedJob) -> Continue | None:
    """One chunk of the determinations in force; once a day."""
    last = await open_missed(session, after=UUID(job.cursor) if job.cursor else None, limit=CHUNK)
    return None if last is None else Continue(str(last))


async def run_clocks(session: AsyncSession, job: ClaimedJob) -> Continue | None:
    """One chunk of what is due; called again while there is more."""
    last = await tell_due_uses(session, after=UUID(job.cursor) if job.cursor else None)
    return None if last is None else Continue(str(last))


open_results_job = Job(IN_EFFECT, run_open)
open_missed_job = Job("scoring.open_missed_results", run_missed, every=timedelta(days=1))
result_clocks_job = Job("scoring.result_clocks", run_clocks, every=timedelta(hours=1))
