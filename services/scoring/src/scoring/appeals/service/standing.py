"""Every appeal as it stands now, for a listener that starts anew."""

from collections.abc import AsyncIterator
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from scoring.appeals import queries
from scoring.appeals.service.store import appeal_event
from shared.events import AppealChanged, AppealFiled, EventData

__all__ = ["standing_appeals"]

_PAGE = 500


async def standing_appeals(session: AsyncSession) -> AsyncIterator[tuple[EventData, UUID | str, str]]:
    """Every appeal at its version."""
    after: UUID | None = None
    more = True
    while more:
        found = await queries.list_appeals(session, limit=_PAGE, after=after)
        more = len(found) > _PAGE
        for each in found[:_PAGE]:
            event = AppealFiled if each.version == 1 else AppealChanged
            yield appeal_event(each, event), each.contract_id, each.region
            after = each.id
