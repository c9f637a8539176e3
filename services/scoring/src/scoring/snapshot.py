"""Everything that this service publishes, as it stands now: for a listener that starts anew or has lost its state."""

from collections.abc import AsyncIterator
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from scoring.appeals.service import standing_appeals
from scoring.determinations.queries import acts_of, list_determinations
from scoring.determinations.service import acted_event, issued_event
from scoring.evaluations.service import standing_events
from scoring.rectifications.service import standing_rectifications
from scoring.results.service import standing_uses
from scoring.scores.queries import next_heads
from scoring.scores.service import standing_event
from shared.events import EventData

__all__ = ["snapshot"]

_PAGE = 500


async def snapshot(session: AsyncSession) -> AsyncIterator[tuple[EventData, UUID | str, str]]:
    """Live scores, evaluations with their cases, determinations with what was done with them, and what follows.

    What follows: uses of results with their clocks, rectifications, appeals.
    """
    after: tuple[UUID, str] = (UUID(int=0), "")
    while heads := await next_heads(session, after=after, limit=_PAGE):
        for head in heads:
            yield standing_event(head), head.contract_id, head.region
        after = (heads[-1].contract_id, heads[-1].framework_id)
    async for each in standing_events(session):
        yield each
    last: UUID | None = None
    while found := await list_determinations(session, contract_id=None, provider=None, after=last, limit=_PAGE):
        for determination, _ in found:
            yield issued_event(determination), determination.contract_id, determination.region
        by_id = {determination.id: determination for determination, _ in found}
        for act in await acts_of(session, by_id):
            yield acted_event(by_id[act.determination_id], act), by_id[act.determination_id].contract_id, act.region
        last = found[-1][0].id
    for standing in (standing_uses, standing_rectifications, standing_appeals):
        async for each in standing(session):
            yield each
