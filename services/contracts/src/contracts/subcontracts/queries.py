"""Reading subcontracts."""

from collections.abc import Sequence
from decimal import Decimal
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from contracts.subcontracts.models import Subcontract

__all__ = ["consented_value", "find_subcontract", "list_subcontracts"]


async def list_subcontracts(session: AsyncSession, *, contract_id: UUID) -> Sequence[Subcontract]:
    """Every subcontract of a contract in the order of proposal, refused and ended ones included."""
    statement = select(Subcontract).where(Subcontract.contract_id == contract_id).order_by(Subcontract.id)
    return (await session.execute(statement)).scalars().all()


async def find_subcontract(session: AsyncSession, *, contract_id: UUID, subcontract_id: UUID) -> Subcontract | None:
    """One subcontract of a contract; None when there is none in the caller's scope."""
    statement = select(Subcontract).where(Subcontract.id == subcontract_id, Subcontract.contract_id == contract_id)
    return (await session.execute(statement)).scalar_one_or_none()


async def consented_value(session: AsyncSession, *, contract_id: UUID) -> Decimal:
    """Value of the parts that the purchaser has consented to; what has ended was given away too and counts."""
    statement = select(func.coalesce(func.sum(Subcontract.value), 0)).where(
        Subcontract.contract_id == contract_id,
        Subcontract.decided_at.is_not(None),
        Subcontract.state.in_(("consented", "ended")),
    )
    value: Decimal = (await session.execute(statement)).scalar_one()
    return Decimal(value)
