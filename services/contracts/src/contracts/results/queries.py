"""Reading what a contract's results led to."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from contracts.results.models import ContractResult

__all__ = ["results_of"]


async def results_of(session: AsyncSession, *, contract_id: UUID) -> Sequence[ContractResult]:
    """Everything that was told about a contract, in the order in which it was made."""
    statement = select(ContractResult).where(ContractResult.contract_id == contract_id).order_by(ContractResult.id)
    return (await session.execute(statement)).scalars().all()
