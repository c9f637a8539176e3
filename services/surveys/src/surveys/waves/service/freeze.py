"""Closing a wave to answers."""

from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from shared import audit, clock
from shared.concurrency import check_version
from surveys.waves import queries
from surveys.waves.errors import WaveAlreadyClosed
from surveys.waves.models import ContractStub, Wave

__all__ = ["WaveAlreadyClosed", "freeze_key", "freeze_wave"]


async def freeze_wave(
    session: AsyncSession, wave_id: UUID, *, if_match: int | None = None
) -> tuple[Wave, ContractStub]:
    """Close a wave: from here on no answer is accepted, and every accepted one is visible to this transaction.

    The answer writer holds the wave's advisory lock shared while it writes. This takes it alone: it waits for the
    writes under way, and those that come later see the closed wave. Heavyweight locks are granted in the order of
    asking, so that a stream of answers cannot starve the closing, as row locks would let it.

    Raises:
        WaveNotFound: there is none in the principal's regions.
        WaveAlreadyClosed: it is closed.
        PreconditionFailed: it changed since the version that the caller read.
    """
    _, contract = await queries.get_wave(
        session, wave_id
    )  # before the lock: a foreign caller must not hold anything up
    await session.execute(select(func.pg_advisory_xact_lock(freeze_key(wave_id))))
    statement = select(Wave).where(Wave.id == wave_id).with_for_update().execution_options(populate_existing=True)
    wave = (await session.scalars(statement)).one()
    if wave.state == "closed":
        raise WaveAlreadyClosed(f"The wave was closed at {wave.closed_at:%Y-%m-%dT%H:%M:%SZ}; read its results.")
    check_version(if_match, wave.version)
    wave.state = "closed"
    wave.closed_at = clock.now()
    wave.version += 1
    audit.record(
        session, "wave.closed", noun="wave", noun_id=wave.id, region=wave.region, fields=["state", "closed_at"]
    )
    await session.flush()
    return wave, contract


def freeze_key(wave_id: UUID) -> int:
    """The key of the wave's advisory lock: the last 64 bits of its id, as a signed number."""
    return int.from_bytes(wave_id.bytes[8:], "big", signed=True)
