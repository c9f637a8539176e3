"""Reading settlements."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from contracts.settlements.models import Settlement

__all__ = ["list_settlements", "standing_settlement"]


async def list_settlements(session: AsyncSession, *, contract_id: UUID) -> Sequence[Settlement]:
    """Every settlement of a contract in the order of their proposal, withdrawn ones included."""
    statement = select(Settlement).where(Settlement.contract_id == contract_id).order_by(Settlement.id)
    return (await session.execute(statement)).scalars().all()


async def standing_settlement(session: AsyncSession, *, contract_id: UUID) -> Settlement | None:
    """The one that was not withdrawn; None when there is none in the caller's scope."""
    statement = select(Settlement).where(Settlement.contract_id == contract_id, Settlement.state != "withdrawn")
    return (await session.execute(statement)).scalar_one_or_none()
