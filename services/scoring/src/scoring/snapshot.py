"""Everything that this service publishes, as it stands now: for a listener that starts anew or has lost its state."""

from collections.abc import AsyncIterator
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from scoring.determinations.queries import list_determinations
from scoring.determinations.service import issued_event
from scoring.scores.queries import next_heads
from scoring.scores.service import standing_event
from shared.events import EventData

__all__ = ["snapshot"]

_PAGE = 500


async def snapshot(session: AsyncSession) -> AsyncIterator[tuple[EventData, UUID | str, str]]:
    """The live score of every contract under every framework, then every determination."""
    after: tuple[UUID, str] = (UUID(int=0), "")
    while heads := await next_heads(session, after=after, limit=_PAGE):
        for head in heads:
            yield standing_event(head), head.contract_id, head.region
        after = (heads[-1].contract_id, heads[-1].framework_id)
    last: UUID | None = None
    while found := await list_determinations(session, contract_id=None, provider=None, after=last, limit=_PAGE):
        for determination, _ in found:
            yield issued_event(determination), determination.contract_id, determination.region
        last = found[-1][0].id
