from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from scoring.evidence.models import Contract

__all__ = ["contracts_known"]


async def contracts_known(session: AsyncSession) -> int:
    """How many contracts of the caller's regions are known here, stubs left out."""
    statement = select(func.count()).select_from(Contract).where(Contract.version > 0)
    return (await session.execute(statement)).scalar_one()
