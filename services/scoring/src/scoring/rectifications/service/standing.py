"""Every rectification as it stands now, for a listener that starts anew."""

from collections.abc import AsyncIterator
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from scoring.rectifications import queries
from scoring.rectifications.service.store import rectification_event
from shared.events import EventData, RectificationChanged, RectificationOpened

__all__ = ["standing_rectifications"]

_PAGE = 500


async def standing_rectifications(session: AsyncSession) -> AsyncIterator[tuple[EventData, UUID | str, str]]:
    """Every rectification at its version."""
    after: UUID | None = None
    more = True
    while more:
        found = await queries.list_rectifications(session, limit=_PAGE, after=after)
        more = len(found) > _PAGE
        for each in found[:_PAGE]:
            event = RectificationOpened if each.version == 1 else RectificationChanged
            yield rectification_event(each, event), each.contract_id, each.region
            after = each.id
