"""Reasons for caution, which stay with the wave until its results: what the frame's checks found out."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from shared.concurrency import check_version
from surveys.waves import queries
from surveys.waves.errors import WaveAlreadyClosed
from surveys.waves.models import ContractStub, Wave

__all__ = ["CAUTIONS", "fit_to_frame", "lock_open_wave", "set_caution"]

# code -> what it means; a wave with any of them has no result that is `ok`
CAUTIONS = {
    "provider_supervised": "The provider was present at the answers; such answers alone make no score.",
    "no_frame": "A census or sample was declared, but no list was loaded: people answered without a token, so that "
    "nobody knows who they were and how often each answered.",
    "frame_unaudited": "The provider holds the list of those who were asked, and no other source has confirmed it.",
    "frame_gap_paid_units": "The list differs by more than the limit from the service units that were paid.",
    "frame_gap_population": "The list differs by more than the limit from the beneficiaries that the contract names.",
    "frame_gap_audit": "More than the limit of a random sample from another source was not on the list.",
}


async def lock_open_wave(
    session: AsyncSession, wave_id: UUID, *, if_match: int | None = None
) -> tuple[Wave, ContractStub]:
    """An open wave of the caller's regions, locked until the end of the transaction.

    Raises:
        WaveNotFound: there is none in the principal's regions.
        WaveAlreadyClosed: it is closed, and stays as it is.
        PreconditionFailed: it changed since the version that the caller read.
    """
    _, contract = await queries.get_wave(session, wave_id)
    statement = select(Wave).where(Wave.id == wave_id).with_for_update().execution_options(populate_existing=True)
    wave = (await session.scalars(statement)).one()
    if wave.state == "closed":
        raise WaveAlreadyClosed(f"The wave was closed at {wave.closed_at:%Y-%m-%dT%H:%M:%SZ}; it stays as it is.")
    check_version(if_match, wave.version)
    return wave, contract


def set_caution(wave: Wave, caution: str, *, present: bool) -> bool:
    """Add or take back a reason for caution of a locked wave; whether that changed anything.

    Raises:
        KeyError: there is no such reason.
    """
    CAUTIONS[caution]
    if (caution in wave.cautions) == present:
        return False
    others = [each for each in wave.cautions if each != caution]
    wave.cautions = sorted([*others, caution] if present else others)
    wave.version += 1
    return True


def fit_to_frame(
    wave: Wave,
    *,
    population: int,
    invited: int | None,
    strata: Sequence[dict[str, Any]],
    margins: Sequence[dict[str, Any]],
) -> None:
    """State of a locked wave what its frame says: N, the sample's size, the strata's N_h, the margins' totals."""
    wave.population = population
    wave.invited = invited
    wave.strata = list(strata)
    wave.margins = list(margins)
    wave.version += 1
