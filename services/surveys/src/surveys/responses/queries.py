"""Reading responses: the card of a wave, a stored response, free text; answers as columns are read in `columns`."""

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy import func, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from surveys.frames.queries import find_frame
from surveys.instruments.queries import questionnaire_by_hash
from surveys.responses.content import Card
from surveys.responses.models import Response, StagedResponse
from surveys.waves.queries import get_wave

__all__ = [
    "Accepted",
    "asks_by_invitation",
    "attribute_values",
    "find_response",
    "free_texts",
    "load_card",
    "waves_to_mix",
]


@dataclass(frozen=True, slots=True)
class Accepted:
    """A stored response, as far as a repetition needs it."""

    sha256: bytes
    received_on: date
    leaf: bytes


async def load_card(session: AsyncSession, wave_id: UUID) -> Card:
    """The card of a wave.

    Raises:
        WaveNotFound: there is none.
    """
    wave, _ = await get_wave(session, wave_id)
    return Card(
        await questionnaire_by_hash(session, wave.instrument_sha256),
        wave_id=wave.id,
        region=wave.region,
        simulated=wave.simulated,
        design=wave.design,
        languages=tuple(wave.languages),
        strata=tuple(stratum["code"] for stratum in wave.strata),
    )


async def find_response(session: AsyncSession, wave_id: UUID, submission_id: UUID) -> Accepted | None:
    """What was accepted under an id, wherever it stands."""
    for table in (StagedResponse, Response):  # in the order in which an answer passes through them
        statement = select(table.content_sha256, table.submitted_on, table.leaf).where(
            table.wave_id == wave_id, table.submission_id == submission_id
        )
        row = (await session.execute(statement)).first()
        if row is not None:
            return Accepted(*row)
    return None


async def asks_by_invitation(session: AsyncSession, wave_id: UUID) -> bool:
    """Whether the wave asks the people of a list, so that an answer needs a token."""
    frame = await find_frame(session, wave_id)
    return frame is not None and frame.issued > 0


async def waves_to_mix(session: AsyncSession, *, least: int, after: UUID | None) -> list[UUID]:
    """Waves with at least so many answers waiting in the staging table, in order of id, after one."""
    statement = (
        select(StagedResponse.wave_id)
        .group_by(StagedResponse.wave_id)
        .having(func.count() >= least)
        .order_by("wave_id")
    )
    if after is not None:
        statement = statement.where(StagedResponse.wave_id > after)
    return list(await session.scalars(statement))


async def attribute_values(session: AsyncSession, wave_id: UUID) -> dict[str, list[str]]:
    """The values of each attribute of the frame that a wave's answers carry, in order."""
    rows = await session.execute(
        text(
            "SELECT DISTINCT attribute.key AS name, attribute.value AS value "
            "FROM responses CROSS JOIN LATERAL jsonb_each_text(attributes) AS attribute(key, value) "
            "WHERE wave_id = :wave_id AND attribute.value IS NOT NULL ORDER BY 1, 2"
        ),
        {"wave_id": wave_id},
    )
    found: dict[str, list[str]] = {}
    for row in rows:
        found.setdefault(row.name, []).append(row.value)
    return found


async def free_texts(
    session: AsyncSession, wave_id: UUID, item: str, *, beside: str, limit: int | None = None
) -> list[tuple[str, str | None]]:
    """What respondents wrote to an item, raw, with their answer to another; never to be shown as it is.

    The order is that of the salted hashes, which is random: `limit` takes a random sample, the same each time.
    """
    rows = await session.execute(
        text(
            "SELECT answers ->> :item AS written, answers ->> :beside AS rated FROM responses "
            "WHERE wave_id = :wave_id AND answers ->> :item <> '' ORDER BY leaf LIMIT :limit"
        ),
        {"wave_id": wave_id, "item": item, "beside": beside, "limit": limit},
    )
    return [(row.written, row.rated) for row in rows]
