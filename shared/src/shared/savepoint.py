"""A savepoint per item: what one item of a batch did is undone whole, its events and audit rows included."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from sqlalchemy.ext.asyncio import AsyncSession

from shared import audit, outbox

__all__ = ["savepoint"]


@asynccontextmanager
async def savepoint(session: AsyncSession) -> AsyncIterator[None]:
    """Undo everything of the block when it raises, and let the error through."""
    events, acts = outbox.mark(session), audit.mark(session)
    try:
        async with session.begin_nested():
            yield
            await session.flush()
    except BaseException:
        outbox.discard_to(session, events)
        audit.discard_to(session, acts)
        raise
