"""Reading acceptances."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from contracts.acceptances.models import Acceptance, ClosedWave

__all__ = ["acceptances_by_id", "closed_wave_contract", "list_acceptances"]


async def list_acceptances(
    session: AsyncSession, *, contract_id: UUID, limit: int, after: UUID | None
) -> Sequence[Acceptance]:
    """Acceptances of a contract in the order of recording; one more than `limit` when there are more."""
    statement = select(Acceptance).where(Acceptance.contract_id == contract_id)
    if after is not None:
        statement = statement.where(Acceptance.id > after)
    return (await session.execute(statement.order_by(Acceptance.id).limit(limit + 1))).scalars().all()


async def acceptances_by_id(session: AsyncSession, *, contract_id: UUID, acceptance_id: UUID) -> Sequence[Acceptance]:
    """An acceptance of a contract and the one that was held again for it, as far as there are any."""
    statement = select(Acceptance).where(
        Acceptance.contract_id == contract_id,
        (Acceptance.id == acceptance_id) | (Acceptance.repeats == acceptance_id),
    )
    return (await session.execute(statement)).scalars().all()


async def closed_wave_contract(session: AsyncSession, *, wave_id: UUID) -> UUID | None:
    """The contract of a wave that the surveys service told to be closed; None for one that was not heard of here."""
    statement = select(ClosedWave.contract_id).where(ClosedWave.wave_id == wave_id)
    return (await session.execute(statement)).scalar_one_or_none()
