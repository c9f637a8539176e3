"""Whether an appeal stands in the way of replacing a determination."""

from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

__all__ = ["appeals_awaited"]

# The appeals' own slice rests on this one; all that is asked of their table is whether a decision is awaited.
_AWAITED = text(
    """
    SELECT DISTINCT a.id, a.state
    FROM determination_acts d JOIN appeals a ON a.id = d.appeal_id
    WHERE d.determination_id = :determination_id AND d.kind = 'suspension'
        AND (a.state = 'filed'
            OR (a.state, a.outcome, a.against) = ('decided', 'changed', 'determination')
                AND a.new_determination_id IS NULL)
    ORDER BY a.id
    """
)


async def appeals_awaited(session: AsyncSession, determination_id: UUID) -> list[tuple[UUID, str]]:
    """Appeals (id, state) that concern a determination and are undecided, or decided as changed and not carried out."""
    found = await session.execute(_AWAITED, {"determination_id": determination_id})
    return [(row.id, row.state) for row in found]
