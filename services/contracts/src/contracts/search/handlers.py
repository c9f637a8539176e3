"""The clock of the search: risk flags are computed for what has changed since the last sweep."""

from datetime import timedelta
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from contracts.search.service import refresh_flags
from shared.jobs import ClaimedJob, Continue, Job

__all__ = ["flags_job"]

CHUNK = 100
"""Contracts computed in one transaction."""


async def flag_changed(session: AsyncSession, job: ClaimedJob) -> Continue | None:
    """One chunk of the contracts that are due."""
    last = await refresh_flags(session, after=UUID(job.cursor) if job.cursor else UUID(int=0), limit=CHUNK)
    return Continue(str(last)) if last else None


flags_job = Job("contracts.flag_changed", flag_changed, every=timedelta(minutes=10))
