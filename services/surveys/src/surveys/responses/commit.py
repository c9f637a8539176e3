"""The one statement that stores many responses in one commit, and what became of each.

The freeze of a wave is kept by its advisory lock, which a writer holds shared and the closing alone, each to the end of
its transaction: no answer lands after the closing has counted. Such locks are granted in the order of asking, so that
a stream of answers cannot starve the closing.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Literal
from uuid import UUID

import asyncpg

from shared import clock
from surveys.responses.content import Content
from surveys.waves.service import freeze_key

__all__ = ["Answer", "Connection", "Outcome", "commit", "commit_patiently"]

Connection = asyncpg.pool.PoolConnectionProxy


@dataclass(frozen=True, slots=True)
class Answer:
    """A response on its way into the database."""

    wave_id: UUID
    submission_id: UUID
    content: Content


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a response: stored now, stored before with the same or with other content, or refused."""

    kind: Literal["created", "same", "other", "not_open"]
    received_on: date | None = None


# One statement and so one round trip. A response is written only if the lock of its wave is free to share and the wave
# takes it; FOR SHARE reads the wave in its newest version, past the snapshot of the statement.
_INSERT = """
    WITH wave AS (
        SELECT waves.id, waves.opens_at, waves.closes_at, waves.freezes_at
        FROM waves JOIN unnest($15::uuid[], $16::bigint[]) AS wanted(id, key) ON wanted.id = waves.id
        WHERE waves.state = 'open' AND pg_try_advisory_xact_lock_shared(wanted.key)
        FOR SHARE OF waves
    )
    INSERT INTO responses (wave_id, submission_id, content_sha256, answers, disposition, mode, language, stratum,
        duration_seconds, enumerator_id, collected_on, submitted_on)
    SELECT item.wave_id, item.submission_id, item.content_sha256, item.answers::jsonb, item.disposition, item.mode,
        item.language, item.stratum, item.duration_seconds, item.enumerator_id, item.collected_on, $13
    FROM unnest($1::uuid[], $2::uuid[], $3::bytea[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[],
            $9::integer[], $10::text[], $11::timestamptz[], $12::date[])
        AS item(wave_id, submission_id, content_sha256, answers, disposition, mode, language, stratum,
            duration_seconds, enumerator_id, collected_at, collected_on)
    JOIN wave ON wave.id = item.wave_id AND wave.opens_at <= $14
        AND CASE WHEN item.collected_at IS NULL THEN $14 < wave.closes_at
            ELSE $14 < wave.freezes_at AND item.collected_at BETWEEN wave.opens_at AND wave.closes_at END
    ORDER BY item.wave_id, item.submission_id
    ON CONFLICT (wave_id, submission_id) DO NOTHING
    RETURNING wave_id, submission_id, content_sha256
"""
_STORED = """
    SELECT wave_id, submission_id, content_sha256, submitted_on
    FROM responses JOIN unnest($1::uuid[], $2::uuid[]) AS item(wave_id, submission_id) USING (wave_id, submission_id)
"""
_OPEN = "SELECT id, opens_at, closes_at, freezes_at FROM waves WHERE id = ANY($1::uuid[]) AND state = 'open'"
_WAIT = "SELECT pg_advisory_xact_lock_shared($1)"


async def commit(connection: Connection, answers: Sequence[Answer]) -> list[Outcome | None]:
    """Write in one commit. None for a response whose wave is just being closed."""
    today, now = clock.today(), clock.now()
    waves = list({answer.wave_id for answer in answers})
    keys = [freeze_key(wave_id) for wave_id in waves]
    inserted = await connection.fetch(_INSERT, *_columns(answers), today, now, waves, keys)
    created = {(row[0], row[1]): bytes(row[2]) for row in inserted}
    stored = {key: (sha256, today) for key, sha256 in created.items()}
    closing: set[UUID] = set()
    left = [answer for answer in answers if (answer.wave_id, answer.submission_id) not in created]
    if left:
        rows = await connection.fetch(_STORED, [each.wave_id for each in left], [each.submission_id for each in left])
        stored |= {(row[0], row[1]): (bytes(row[2]), row[3]) for row in rows}
        missing = [each for each in left if (each.wave_id, each.submission_id) not in stored]
        if missing:
            closing = await _waves_that_take(connection, missing, now)
    return [_outcome(answer, created, stored, closing) for answer in answers]


async def commit_patiently(connection: Connection, answers: Sequence[Answer]) -> list[Outcome | None]:
    """The same for responses to one wave, after its closing has ended in one way or the other."""
    async with connection.transaction():
        await connection.fetch(_WAIT, freeze_key(answers[0].wave_id))
        return await commit(connection, answers)


async def _waves_that_take(connection: Connection, answers: Sequence[Answer], now: datetime) -> set[UUID]:
    """Waves that would have taken their responses: what kept these out was the lock of a closing under way."""
    rows = await connection.fetch(_OPEN, list({answer.wave_id for answer in answers}))
    open_ = {row["id"]: row for row in rows if row["opens_at"] <= now}
    taking: set[UUID] = set()
    for answer in answers:
        wave = open_.get(answer.wave_id)
        if wave is None:
            continue
        at = answer.content.collected_at
        in_time = now < wave["closes_at"] if at is None else now < wave["freezes_at"]
        if in_time and (at is None or wave["opens_at"] <= at <= wave["closes_at"]):
            taking.add(answer.wave_id)
    return taking


def _columns(answers: Sequence[Answer]) -> tuple[list[Any], ...]:
    contents = [answer.content for answer in answers]
    return (
        [answer.wave_id for answer in answers],
        [answer.submission_id for answer in answers],
        [content.sha256 for content in contents],
        [content.answers for content in contents],
        [content.disposition for content in contents],
        [content.mode for content in contents],
        [content.language for content in contents],
        [content.stratum for content in contents],
        [content.duration_seconds for content in contents],
        [content.enumerator_id for content in contents],
        [content.collected_at for content in contents],
        [None if content.collected_at is None else content.collected_at.date() for content in contents],
    )


def _outcome(
    answer: Answer,
    created: dict[tuple[UUID, UUID], bytes],
    stored: dict[tuple[UUID, UUID], tuple[bytes, date]],
    closing: set[UUID],
) -> Outcome | None:
    """Of two equal responses in one batch the first is the one that was created."""
    key = (answer.wave_id, answer.submission_id)
    if created.get(key) == answer.content.sha256:
        del created[key]
        return Outcome("created", stored[key][1])
    if key not in stored:
        return None if answer.wave_id in closing else Outcome("not_open")
    sha256, received_on = stored[key]
    return Outcome("same" if sha256 == answer.content.sha256 else "other", received_on)
