"""Reading waves and the contracts that they belong to."""

from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from surveys.waves.errors import ContractUnknown, WaveNotFound
from surveys.waves.models import ContractStub, Wave

__all__ = ["ContractStub", "Wave", "all_waves", "get_contract", "get_wave", "list_waves"]


async def get_contract(session: AsyncSession, contract_id: UUID) -> ContractStub:
    """What is known of a contract.

    Raises:
        ContractUnknown: nothing, or it lies outside the principal's regions.
    """
    found = await session.scalar(select(ContractStub).where(ContractStub.id == contract_id))
    if found is None:
        raise ContractUnknown(
            f"Contract {contract_id} is not known to the surveys; if it was just created, its event is on the way."
        )
    return found


async def get_wave(session: AsyncSession, wave_id: UUID) -> tuple[Wave, ContractStub]:
    """A wave with its contract.

    Raises:
        WaveNotFound: there is none in the principal's regions.
    """
    row = (
        await session.execute(
            select(Wave, ContractStub).join(ContractStub, ContractStub.id == Wave.contract_id).where(Wave.id == wave_id)
        )
    ).first()
    if row is None:
        raise WaveNotFound(f"There is no wave {wave_id}.")
    return row.Wave, row.ContractStub


async def list_waves(
    session: AsyncSession, *, contract_id: UUID | None, state: str | None, after: UUID | None, limit: int
) -> list[tuple[Wave, ContractStub]]:
    """Waves in order of opening, at most `limit` after the wave `after`."""
    statement = select(Wave, ContractStub).join(ContractStub, ContractStub.id == Wave.contract_id)
    if contract_id is not None:
        statement = statement.where(Wave.contract_id == contract_id)
    if state is not None:
        statement = statement.where(Wave.state == state)
    if after is not None:
        statement = statement.where(Wave.id > after)
    rows = await session.execute(statement.order_by(Wave.id).limit(limit))
    return [(row.Wave, row.ContractStub) for row in rows]


async def all_waves(session: AsyncSession, *, after: UUID | None, limit: int = 500) -> list[Wave]:
    """A chunk of every wave in order of id, for the snapshot."""
    statement = select(Wave).order_by(Wave.id).limit(limit)
    if after is not None:
        statement = statement.where(Wave.id > after)
    return list(await session.scalars(statement))
