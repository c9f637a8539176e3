"""Reading waves and the contracts that they belong to."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import exists, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from surveys.waves.errors import ContractUnknown, WaveNotFound
from surveys.waves.models import ContractObservation, ContractStub, Wave

__all__ = [
    "ContractStub",
    "Wave",
    "all_waves",
    "closed_waves",
    "get_contract",
    "get_wave",
    "latest_observation",
    "list_waves",
]


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


async def latest_observation(
    session: AsyncSession, contract_id: UUID, indicator_code: str
) -> ContractObservation | None:
    """The newest value of an indicator of a contract that no other observation corrects; None when there is none.

    Scoring reads observations by the same order: observed_on, recorded_at, id.
    """
    correction = aliased(ContractObservation)
    statement = (
        select(ContractObservation)
        .where(
            ContractObservation.contract_id == contract_id,
            ContractObservation.indicator_code == indicator_code,
            ~exists().where(correction.supersedes == ContractObservation.id, correction.contract_id == contract_id),
        )
        .order_by(
            ContractObservation.observed_on.desc(),
            ContractObservation.recorded_at.desc(),
            ContractObservation.id.desc(),
        )
        .limit(1)
    )
    return await session.scalar(statement)


async def closed_waves(session: AsyncSession, wave_ids: Sequence[UUID], *, before: datetime) -> dict[UUID, str]:
    """Those of some waves that were closed before an instant, with their regions."""
    statement = select(Wave.id, Wave.region).where(Wave.id.in_(wave_ids), Wave.closed_at < before).order_by(Wave.id)
    return {row.id: row.region for row in await session.execute(statement)}
