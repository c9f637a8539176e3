"""The job that closes a wave when its grace has run out."""

from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from shared.jobs import ClaimedJob, Job
from surveys.results.service import close_wave
from surveys.waves.service import CLOSE_WAVE, WaveAlreadyClosed

__all__ = ["close_wave_job"]


async def run_close_wave(session: AsyncSession, job: ClaimedJob) -> None:
    """Close the wave unless somebody closed it by hand before."""
    try:
        await close_wave(session, UUID(job.key))
    except WaveAlreadyClosed:
        return


close_wave_job = Job(CLOSE_WAVE, run_close_wave)
