"""Everything about the use of results as it stands now, for a listener that starts anew."""

from collections.abc import AsyncIterator
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from scoring.results import queries
from scoring.results.service.clocks import notice_event
from scoring.results.service.store import use_event
from shared.events import EventData, ResultUseChanged, ResultUseClosed, ResultUseOpened

__all__ = ["standing_uses"]

_PAGE = 500
_CLOSED = ("applied", "waived")


async def standing_uses(session: AsyncSession) -> AsyncIterator[tuple[EventData, UUID | str, str]]:
    """Every use of a result at its version, then every notice about a clock."""
    after: UUID | None = None
    more = True
    while more:
        uses = await queries.list_uses(session, limit=_PAGE, after=after)
        more = len(uses) > _PAGE
        for use in uses[:_PAGE]:
            event = (
                ResultUseOpened if use.version == 1 else ResultUseClosed if use.state in _CLOSED else ResultUseChanged
            )
            yield use_event(use, event), use.contract_id, use.region
            after = use.id
    last = UUID(int=0)
    while told := await queries.next_told(session, after=last, limit=_PAGE):
        for each in told:
            yield notice_event(each), each.contract_id, each.region
        last = told[-1].id
