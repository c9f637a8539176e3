"""Loading a frame, in as many requests as it takes."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from pydantic_core import to_json
from sqlalchemy import LargeBinary, any_, cast, select, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncSession

from shared import audit
from surveys.frames.errors import FrameAlreadyDrawn, FrameMalformed, FrameNotWanted
from surveys.frames.models import Frame, FrameUnit
from surveys.frames.queries import find_frame
from surveys.frames.rows import ERRORS_SHOWN, Hashed, Unit
from surveys.waves.queries import Wave
from surveys.waves.service import lock_open_wave

__all__ = ["Loaded", "load_frame"]

_INSERT = text(
    "INSERT INTO frame_units (wave_id, reference_hmac, stratum, attributes, language, channel, drawn) "
    "SELECT :wave_id, reference, stratum, CAST(attributes AS jsonb), language, channel, false "
    "FROM unnest(CAST(:references AS bytea[]), CAST(:strata AS text[]), CAST(:attributes AS text[]), "
    "CAST(:languages AS text[]), CAST(:channels AS text[])) AS unit(reference, stratum, attributes, language, channel)"
)


@dataclass(frozen=True, slots=True)
class Loaded:
    """The frame after a request, and how many of its units are new."""

    frame: Frame
    added: int


async def load_frame(session: AsyncSession, wave_id: UUID, hashed: Hashed, *, held_by: str, source: str) -> Loaded:
    """Add units to the frame of an open wave. A unit that is there already with the same content changes nothing.

    Raises:
        WaveNotFound, WaveAlreadyClosed: about the wave.
        FrameNotWanted: the wave is an open link.
        FrameAlreadyDrawn: the sample was drawn; the list is complete.
        FrameMalformed: a stratum or language that the wave has not, another holder or source than before, or a unit
            that is there with other content.
    """
    wave, _ = await lock_open_wave(session, wave_id)
    if wave.design == "open_link":
        raise FrameNotWanted("An open link asks whoever comes; open a census or a probability wave to load a frame.")
    frame = await find_frame(session, wave_id)
    if frame is None:
        frame = Frame(
            wave_id=wave.id,
            version=1,
            region=wave.region,
            state="loading",
            held_by=held_by,
            source=source,
            keyed_by=hashed.keyed_by,
            size=0,
            drawn=0,
            issued=0,
            strata=[],
        )
        session.add(frame)
        await session.flush()
    else:
        _refuse_another(frame, hashed, held_by=held_by, source=source)
    _refuse_foreign(wave, hashed.units)
    fresh = await _fresh(session, wave_id, hashed.units)
    if fresh:
        await session.execute(
            _INSERT,
            {
                "wave_id": wave_id,
                "references": [unit.reference_hmac for unit in fresh],
                "strata": [unit.stratum for unit in fresh],
                "attributes": [to_json(unit.attributes).decode() for unit in fresh],
                "languages": [unit.language for unit in fresh],
                "channels": [unit.channel for unit in fresh],
            },
        )
        frame.size += len(fresh)
        frame.version += 1
        audit.record(session, "frame.loaded", noun="frame", noun_id=wave.id, region=wave.region, fields=["size"])
    return Loaded(frame, len(fresh))


def _refuse_another(frame: Frame, hashed: Hashed, *, held_by: str, source: str) -> None:
    if frame.state != "loading":
        raise FrameAlreadyDrawn("The sample of this frame was drawn; nobody can be added to the list afterwards.")
    named = (("held_by", frame.held_by, held_by), ("source", frame.source, source))
    errors = [
        {"pointer": f"query:{name}", "detail": f"the frame was begun with {before!r}"}
        for name, before, now in named
        if before != now
    ]
    if frame.keyed_by != hashed.keyed_by:
        errors.append({"pointer": "/rows", "detail": f"the frame was begun with keyed hashes of the {frame.keyed_by}"})
    if errors:
        raise FrameMalformed("One frame has one source and one way of hashing.", errors=errors)


def _refuse_foreign(wave: Wave, units: Sequence[Unit]) -> None:
    known = {stratum["code"] for stratum in wave.strata}
    errors: list[dict[str, str]] = []
    for index, unit in enumerate(units):
        if known and unit.stratum not in known:
            errors.append({"pointer": f"/rows/{index}/stratum", "detail": f"must be one of {', '.join(sorted(known))}"})
        elif not known and unit.stratum is not None and wave.design == "probability":
            errors.append({"pointer": f"/rows/{index}/stratum", "detail": "the wave was opened without strata"})
        if unit.language is not None and unit.language not in wave.languages:
            detail = f"the wave offers {', '.join(wave.languages)}"
            errors.append({"pointer": f"/rows/{index}/language", "detail": detail})
    if errors:
        raise FrameMalformed(f"{len(errors)} rows do not fit the wave.", errors=errors[:ERRORS_SHOWN])


async def _fresh(session: AsyncSession, wave_id: UUID, units: Sequence[Unit]) -> list[Unit]:
    """The units that are not there yet."""
    references = cast([unit.reference_hmac for unit in units], ARRAY(LargeBinary))
    statement = select(FrameUnit).where(FrameUnit.wave_id == wave_id, FrameUnit.reference_hmac == any_(references))
    stored = {unit.reference_hmac: unit for unit in await session.scalars(statement)}
    errors: list[dict[str, str]] = []
    fresh: list[Unit] = []
    for index, unit in enumerate(units):
        before = stored.get(unit.reference_hmac)
        if before is None:
            fresh.append(unit)
        elif unit != Unit(before.reference_hmac, before.stratum, before.attributes, before.language, before.channel):
            errors.append({"pointer": f"/rows/{index}", "detail": "was loaded before with other content"})
    if errors:
        raise FrameMalformed(f"{len(errors)} rows were loaded before with other content.", errors=errors[:ERRORS_SHOWN])
    return fresh
