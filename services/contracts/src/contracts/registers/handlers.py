"""The clock of the registers: differences are folded into sums, so that reading them stays quick."""

from datetime import timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from contracts.registers.service import fold_sums
from shared.jobs import ClaimedJob, Continue, Job

__all__ = ["fold_job"]

KEYS = 5000
"""Keys folded in one transaction."""


async def fold(session: AsyncSession, job: ClaimedJob) -> Continue | None:
    """One chunk of the keys with more than one row."""
    more = await fold_sums(session, limit=KEYS)
    return Continue(str(int(job.cursor or "0") + 1)) if more else None


fold_job = Job("contracts.fold_sums", fold, every=timedelta(minutes=10))
