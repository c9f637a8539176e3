"""The safety net: whatever takes effect opens its consequences, also when its job was lost with a restored database."""

from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from scoring.determinations.queries import list_determinations, standings
from scoring.results import queries
from scoring.results.service.open import open_results
from shared import clock

__all__ = ["open_missed"]


async def open_missed(session: AsyncSession, *, after: UUID | None, limit: int) -> UUID | None:
    """Look at the next determinations in force: open what was missed. Returns the last id, None at the end."""
    found = await list_determinations(session, contract_id=None, provider=None, after=after, limit=limit, in_force=True)
    opened = await queries.opened_among(session, [determination.id for determination, _ in found])
    missing = [each for each in found if each[0].id not in opened]
    now = clock.now()
    for determination_id, standing in (await standings(session, missing)).items():
        if standing.in_effect(now):
            await open_results(session, determination_id)
    return found[-1][0].id if len(found) == limit else None
