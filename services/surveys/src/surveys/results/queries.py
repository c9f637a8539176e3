"""Reading results."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.ext.asyncio import AsyncSession

from surveys.results.errors import WaveNotClosed
from surveys.results.models import WaveResult
from surveys.waves.queries import ContractStub, Wave, get_wave, list_waves

__all__ = ["WaveResult", "earlier_results", "get_result", "results_of", "revisions_of"]

WAVES_OF_A_CONTRACT = 200


async def get_result(session: AsyncSession, wave_id: UUID) -> tuple[WaveResult, Wave, ContractStub]:
    """The newest result of a closed wave.

    Raises:
        WaveNotFound: there is no such wave in the principal's regions.
        WaveNotClosed: it is still open.
    """
    wave, contract = await get_wave(session, wave_id)
    result = (await results_of(session, [wave_id])).get(wave_id)
    if result is None:
        raise WaveNotClosed(
            f"Results come when the wave is closed, at {wave.freezes_at:%Y-%m-%dT%H:%M:%SZ} or by POST …/close."
        )
    return result, wave, contract


async def results_of(session: AsyncSession, wave_ids: Sequence[UUID]) -> dict[UUID, WaveResult]:
    """The newest result of each of some waves."""
    statement = (
        select(WaveResult)
        .where(WaveResult.wave_id.in_(wave_ids))
        .order_by(WaveResult.wave_id, WaveResult.revision.desc())
        .ext(distinct_on(WaveResult.wave_id))
    )
    return {result.wave_id: result for result in await session.scalars(statement)}


async def revisions_of(session: AsyncSession, wave_id: UUID) -> list[WaveResult]:
    """Every revision of a wave's result, the first one first."""
    statement = select(WaveResult).where(WaveResult.wave_id == wave_id).order_by(WaveResult.revision)
    return list(await session.scalars(statement))


async def earlier_results(
    session: AsyncSession, contract_id: UUID, *, before: datetime
) -> list[tuple[Wave, WaveResult]]:
    """The contract's waves that were closed before an instant with their newest results, the latest first."""
    waves = await list_waves(session, contract_id=contract_id, state="closed", after=None, limit=WAVES_OF_A_CONTRACT)
    earlier = [wave for wave, _ in waves if wave.closed_at is not None and wave.closed_at < before]
    results = await results_of(session, [wave.id for wave in earlier])
    found = [(wave, results[wave.id]) for wave in earlier if wave.id in results]
    return sorted(found, key=lambda each: (each[0].closed_at or before, each[0].id), reverse=True)
