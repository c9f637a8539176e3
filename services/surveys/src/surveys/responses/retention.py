"""What is kept for how long: deletion really deletes."""

from datetime import timedelta

from sqlalchemy import delete, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from shared import clock
from surveys.responses.models import Draft
from surveys.responses.proofs import delete_expired_proofs
from surveys.settings import policy
from surveys.waves.queries import Wave

__all__ = ["DELETED_AT_ONCE", "delete_old_answers", "delete_stale"]

DELETED_AT_ONCE = 20_000

_DELETE = text(
    "DELETE FROM responses WHERE ctid = ANY(ARRAY(SELECT responses.ctid FROM responses "
    "JOIN waves ON waves.id = responses.wave_id WHERE waves.closed_at < :before LIMIT :most))"
)


async def delete_stale(session: AsyncSession) -> None:
    """Delete the drafts of waves that take no more answers, and the proofs of work that have expired."""
    over = select(Wave.id).where((Wave.state == "closed") | (Wave.freezes_at <= clock.now()))
    await session.execute(delete(Draft).where(Draft.wave_id.in_(over)))
    await delete_expired_proofs(session)


async def delete_old_answers(session: AsyncSession) -> bool:
    """Delete single answers of waves that closed long ago, a chunk at a time; True when there may be more.

    The results, the ledger's root and the releases of the wave stay: they hold no single answer.
    """
    before = clock.now() - timedelta(days=policy().answer_retention_days)
    result = await session.execute(_DELETE, {"before": before, "most": DELETED_AT_ONCE})
    return int(result.rowcount) >= DELETED_AT_ONCE  # type: ignore[attr-defined] # a DELETE has a count
