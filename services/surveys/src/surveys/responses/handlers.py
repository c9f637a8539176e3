"""Jobs of the responses: the mover, and the deletion of what is no longer needed."""

from datetime import timedelta
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession

from shared.jobs import ClaimedJob, Continue, Job
from surveys.responses.mixing import MOVED_AT_ONCE, mix
from surveys.responses.queries import waves_to_mix
from surveys.responses.retention import delete_old_answers, delete_stale
from surveys.settings import policy

__all__ = ["mix_job", "retention_job"]

MIX_EVERY = timedelta(minutes=1)
RETAIN_EVERY = timedelta(hours=6)
# Deleted rows stay on their pages until they are swept out; these tables are small and live on such rows.
_SWEPT = ("responses_staged", "response_drafts", "response_proofs")


async def run_mix(session: AsyncSession, job: ClaimedJob) -> Continue | None:
    """One batch of one wave in each transaction; a wave comes again at once only where many wait."""
    if job.cursor is None:
        await _sweep(session)
    after = UUID(job.cursor) if job.cursor else None
    least = policy().mix_batch + policy().mix_pool
    for wave_id in await waves_to_mix(session, least=least, after=after):
        moved = await mix(session, wave_id)
        if moved:
            return Continue(str(wave_id) if moved < MOVED_AT_ONCE else job.cursor or "")
    return None


async def run_retention(session: AsyncSession, job: ClaimedJob) -> Continue | None:  # noqa: ARG001 - a job's signature
    """Delete drafts of closed waves, expired proofs of work, and single answers whose time is over."""
    await delete_stale(session)
    return Continue(None) if await delete_old_answers(session) else None


async def _sweep(session: AsyncSession) -> None:
    """Make the database give up the rows that earlier runs deleted; needs a connection outside any transaction."""
    engine = session.bind
    if not isinstance(engine, AsyncEngine):
        raise TypeError("a session of the service is bound to its engine")
    async with engine.execution_options(isolation_level="AUTOCOMMIT").connect() as connection:
        await connection.execute(text(f"VACUUM (SKIP_LOCKED) {', '.join(_SWEPT)}"))


mix_job = Job("surveys.mix_responses", run_mix, every=MIX_EVERY)
retention_job = Job("surveys.response_retention", run_retention, every=RETAIN_EVERY)
