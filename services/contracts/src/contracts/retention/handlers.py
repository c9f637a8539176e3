"""The clock of retention: once a day each noun in turn, chunk by chunk."""

from datetime import timedelta
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from contracts.retention.models import NOUNS
from contracts.retention.service import erase_due
from shared.jobs import ClaimedJob, Continue, Job

__all__ = ["erase_job"]

_CHUNK = 50


async def erase(session: AsyncSession, job: ClaimedJob) -> Continue | None:
    """One chunk of one noun. The cursor is (noun, last id)."""
    noun, after = job.cursor or (NOUNS[0], None)
    last = await erase_due(session, noun=noun, after=UUID(after) if after else None, limit=_CHUNK)
    if last is not None:
        return Continue([noun, str(last)])
    following = NOUNS.index(noun) + 1
    return Continue([NOUNS[following], None]) if following < len(NOUNS) else None


erase_job = Job("contracts.erase", erase, every=timedelta(days=1))
