"""Reading responses: the card of a wave, a stored response, and the counts that results are made from."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import func, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from surveys.instruments.queries import questionnaire_by_hash
from surveys.responses.content import Card
from surveys.responses.models import Response
from surveys.waves.queries import get_wave

__all__ = ["Tally", "has_response", "load_card", "tally"]


@dataclass(frozen=True, slots=True)
class Tally:
    """The answers of a wave as counts.

    `respondents` by stratum (None without strata), `dispositions` by name, `answers` as (stratum, item, answer, count).
    """

    respondents: dict[str | None, int]
    dispositions: dict[str, int]
    answers: list[tuple[str | None, str, str, int]]

    @property
    def n(self) -> int:
        """Accepted responses."""
        return sum(self.respondents.values())


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
        languages=tuple(wave.languages),
        strata=tuple(stratum["code"] for stratum in wave.strata),
    )


async def has_response(session: AsyncSession, wave_id: UUID, submission_id: UUID) -> bool:
    """Whether a response with this id was accepted."""
    statement = select(Response.submission_id).where(
        Response.wave_id == wave_id, Response.submission_id == submission_id
    )
    return await session.scalar(statement) is not None


async def tally(session: AsyncSession, wave_id: UUID, items: Sequence[str]) -> Tally:
    """Count a wave's answers to some items. Complete only while the wave is frozen."""
    cases = await session.execute(
        select(Response.stratum, Response.disposition, func.count())
        .where(Response.wave_id == wave_id)
        .group_by(Response.stratum, Response.disposition)
    )
    respondents: dict[str | None, int] = {}
    dispositions: dict[str, int] = {}
    for stratum, disposition, count in cases:
        respondents[stratum] = respondents.get(stratum, 0) + count
        dispositions[disposition] = dispositions.get(disposition, 0) + count
    counted = await session.execute(
        text(
            "SELECT stratum, answer.key AS item, answer.value AS answer, count(*) AS times "
            "FROM responses CROSS JOIN LATERAL jsonb_each_text(answers) AS answer(key, value) "
            "WHERE wave_id = :wave_id AND answer.key = ANY(CAST(:items AS text[])) GROUP BY 1, 2, 3"
        ),
        {"wave_id": wave_id, "items": list(items)},
    )
    answers = sorted(
        ((row.stratum, row.item, row.answer, row.times) for row in counted), key=lambda row: (row[0] or "", *row[1:])
    )
    return Tally(respondents=respondents, dispositions=dispositions, answers=answers)
