from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from scoring.scores.models import ScoreHead

__all__ = ["contracts_scored"]


async def contracts_scored(session: AsyncSession) -> int:
    """How many contracts of the caller's regions have a live score under any framework."""
    statement = select(func.count(func.distinct(ScoreHead.contract_id))).where(ScoreHead.retired_at.is_(None))
    return (await session.execute(statement)).scalar_one()
