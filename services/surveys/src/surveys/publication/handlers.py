"""The job that publishes a wave after it was closed or computed again."""

from uuid import UUID

import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from shared.jobs import ClaimedJob, Job
from surveys.publication.errors import ReleaseTooClose
from surveys.publication.service import publish_wave
from surveys.results.errors import AnswersDeleted
from surveys.results.service import PUBLISH_WAVE

__all__ = ["publish_wave_job"]

_log = structlog.get_logger(__name__)


async def run_publish_wave(session: AsyncSession, job: ClaimedJob) -> None:
    """Publish the newest result; one that may not be published stays as it is, and the releases too."""
    try:
        await publish_wave(session, UUID(job.key))
    except (AnswersDeleted, ReleaseTooClose) as refused:
        _log.warning("a result stays unpublished", wave_id=job.key, reason=refused.detail)


publish_wave_job = Job(PUBLISH_WAVE, run_publish_wave)
