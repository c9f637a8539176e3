"""Reading results."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.ext.asyncio import AsyncSession

from surveys.results.errors import WaveNotClosed
from surveys.results.models import WaveResult
from surveys.waves.queries import ContractStub, Wave, get_wave

__all__ = ["get_result", "results_of"]


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
