"""Everything that this service publishes, as it stands now: for a listener that starts anew or has lost its state."""

from collections.abc import AsyncIterator
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from shared.events import EventData
from surveys.complaints.queries import next_complaints
from surveys.complaints.service import complaint_updated
from surveys.results.service import snapshot_of_waves

__all__ = ["snapshot"]

_PAGE = 500


async def snapshot(session: AsyncSession) -> AsyncIterator[tuple[EventData, UUID | str, str]]:
    """Every wave, then every case of a citizen."""
    async for told in snapshot_of_waves(session):
        yield told
    after: UUID | None = None
    while found := await next_complaints(session, after=after, limit=_PAGE):
        for complaint in found:
            yield complaint_updated(complaint), complaint.id, complaint.region
        after = found[-1].id
