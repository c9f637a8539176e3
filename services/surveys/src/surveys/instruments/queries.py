"""Reading instruments: the shipped ones and those that waves used."""

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from surveys.instruments.answers import Questionnaire
from surveys.instruments.document import Instrument
from surveys.instruments.errors import InstrumentNotFound
from surveys.instruments.items import (
    NO,
    YES,
    DateItem,
    EffortItem,
    Item,
    MatrixItem,
    MultipleItem,
    NpsItem,
    NumberItem,
    RatingItem,
    SingleItem,
    TextItem,
    YesNoItem,
)
from surveys.instruments.languages import LanguageProperties, language_properties, navigation, navigation_status
from surveys.instruments.models import StoredInstrument
from surveys.instruments.parts import Scale
from surveys.instruments.shipped import shipped
from surveys.instruments.variables import Variable, VariableKind

# What other slices may use of the instruments: they import it from here.
__all__ = [
    "NO",
    "YES",
    "DateItem",
    "EffortItem",
    "Instrument",
    "Item",
    "LanguageProperties",
    "MatrixItem",
    "MultipleItem",
    "NpsItem",
    "NumberItem",
    "Questionnaire",
    "RatingItem",
    "Scale",
    "SingleItem",
    "TextItem",
    "Variable",
    "VariableKind",
    "YesNoItem",
    "get_instrument",
    "language_properties",
    "list_instruments",
    "navigation",
    "navigation_status",
    "questionnaire",
    "questionnaire_by_hash",
]

_CACHED = 1024  # a document that never changes is read once


async def list_instruments(session: AsyncSession, *, instrument_id: str | None = None) -> list[Instrument]:
    """Every instrument at every version, or every version of one: by id, newest version first."""
    statement = select(StoredInstrument.sha256, StoredInstrument.id, StoredInstrument.version)
    merged = shipped()
    if instrument_id is not None:
        statement = statement.where(StoredInstrument.id == instrument_id)
        merged = {key: found for key, found in merged.items() if found.id == instrument_id}
    rows = (await session.execute(statement)).all()
    stored = await _load(session, [row.sha256 for row in rows])
    # What a wave used wins over what is shipped under the same name: it is the one that has answers.
    known = merged | {(row.id, row.version): stored[row.sha256] for row in rows}
    return sorted(known.values(), key=lambda found: (found.id, [-part for part in _numbers(found.version)]))


async def get_instrument(session: AsyncSession, instrument_id: str, *, version: str | None = None) -> Instrument:
    """An instrument, by default at its newest version.

    Raises:
        InstrumentNotFound: there is none.
    """
    found = await list_instruments(session, instrument_id=instrument_id)
    if version is not None:
        found = [instrument for instrument in found if instrument.version == version]
    if not found:
        wanted = instrument_id if version is None else f"{instrument_id} {version}"
        raise InstrumentNotFound(f"There is no instrument {wanted}; GET /v1/instruments lists them.")
    return found[0]


async def questionnaire_by_hash(session: AsyncSession, sha256: str) -> Questionnaire:
    """The instrument that a wave pinned, ready to check answers. It was stored when the wave opened.

    Raises:
        InstrumentNotFound: no wave and no upload has one with this hash.
    """
    if sha256 in _compiled:
        return _compiled[sha256]
    found = await _load(session, [sha256])
    if sha256 not in found:
        raise InstrumentNotFound(f"No questionnaire with the hash {sha256} was used; a wave names its own.")
    return questionnaire(found[sha256])


async def _load(session: AsyncSession, hashes: Sequence[str]) -> dict[str, Instrument]:
    """Stored instruments by hash; each is read once per process, because it never changes."""
    missing = [sha256 for sha256 in hashes if sha256 not in _read]
    found = {sha256: _read[sha256] for sha256 in hashes if sha256 in _read}
    if missing:
        statement = select(StoredInstrument.sha256, StoredInstrument.document)
        rows = await session.execute(statement.where(StoredInstrument.sha256.in_(missing)))
        fresh = {row.sha256: Instrument.model_validate(row.document) for row in rows}
        if len(_read) + len(fresh) > _CACHED:
            _read.clear()
        _read.update(fresh)
        found |= fresh
    return found


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
_read: dict[str, Instrument] = {}


def _numbers(version: str) -> Sequence[int]:
    return [int(part) for part in version.split(".")]
