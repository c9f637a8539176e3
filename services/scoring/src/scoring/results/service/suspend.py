"""While an appeal suspends a determination, publication and what moves money wait; their time runs on afterwards."""

from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from scoring.results import queries
from scoring.results.service.store import announce, change_state
from shared import clock
from shared.events import ResultUseChanged

__all__ = ["resume_uses", "suspend_uses"]


async def suspend_uses(session: AsyncSession, determination_id: UUID, *, appeal_id: UUID) -> int:
    """Suspend the publication and every open consequence that moves money; returns how many."""
    uses = [
        use
        for use in await queries.uses_of(session, determination_id, for_update=True)
        if (use.money or use.kind == "publish") and use.state == "open"
    ]
    for use in uses:
        calendar = await queries.calendar_for(session, use.region)
        change_state(
            use,
            "suspended",
            reason=f"Appeal {appeal_id} suspends publication and what moves money.",
            due_on=use.due_on,
            suspended_on=calendar.day_of(clock.now()),
            appeal_id=appeal_id,
        )
        announce(session, use, ResultUseChanged, action="suspended")
    await session.flush()
    return len(uses)


async def resume_uses(session: AsyncSession, determination_id: UUID) -> int:
    """Let what was suspended go on, as no appeal suspends it any more: as many working days are left as there were.

    Returns how many.
    """
    uses = [
        use for use in await queries.uses_of(session, determination_id, for_update=True) if use.state == "suspended"
    ]
    for use in uses:
        calendar = await queries.calendar_for(session, use.region)
        today = calendar.day_of(clock.now())
        due_on = use.due_on
        if due_on is not None and use.suspended_on is not None:
            due_on = calendar.after(today, calendar.between(use.suspended_on, due_on))
        change_state(use, "open", reason=None, due_on=due_on)
        announce(session, use, ResultUseChanged, action="resumed")
    await session.flush()
    return len(uses)
