"""Reading instruments: the shipped ones and those that waves used."""

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from surveys.instruments.answers import Questionnaire
from surveys.instruments.document import Instrument
from surveys.instruments.errors import InstrumentNotFound
from surveys.instruments.models import StoredInstrument
from surveys.instruments.shipped import shipped

__all__ = [
    "Instrument",
    "Questionnaire",
    "get_instrument",
    "list_instruments",
    "questionnaire",
    "questionnaire_by_hash",
]

_CACHED = 256


async def list_instruments(session: AsyncSession) -> list[Instrument]:
    """Every instrument at every version, by id, newest version first."""
    rows = await session.scalars(select(StoredInstrument))
    known = {(row.id, row.version): Instrument.model_validate(row.document) for row in rows}
    # What a wave used wins over what is shipped under the same name: it is the one that has answers.
    merged = shipped() | known
    return sorted(merged.values(), key=lambda found: (found.id, [-part for part in _numbers(found.version)]))


async def get_instrument(session: AsyncSession, instrument_id: str, *, version: str | None = None) -> Instrument:
    """An instrument, by default at its newest version.

    Raises:
        InstrumentNotFound: there is none.
    """
    found = [instrument for instrument in await list_instruments(session) if instrument.id == instrument_id]
    if version is not None:
        found = [instrument for instrument in found if instrument.version == version]
    if not found:
        wanted = instrument_id if version is None else f"{instrument_id} {version}"
        raise InstrumentNotFound(f"There is no instrument {wanted}; GET /v1/instruments lists them.")
    return found[0]


async def questionnaire_by_hash(session: AsyncSession, sha256: str) -> Questionnaire:
    """The instrument that a wave pinned, ready to check answers. It was stored when the wave opened."""
    row = await session.get_one(StoredInstrument, sha256)
    return questionnaire(Instrument.model_validate(row.document))


def questionnaire(instrument: Instrument) -> Questionnaire:
    """The instrument, ready to check answers; compiled once per content."""
    found = _compiled.get(instrument.sha256)
    if found is None:
        found = Questionnaire(instrument)
        if len(_compiled) >= _CACHED:
            _compiled.clear()
        _compiled[instrument.sha256] = found
    return found


_compiled: dict[str, Questionnaire] = {}


def _numbers(version: str) -> Sequence[int]:
    return [int(part) for part in version.split(".")]
