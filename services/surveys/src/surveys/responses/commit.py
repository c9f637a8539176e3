"""The transaction that stores many responses in one commit, and what became of each.

An answer and the use of its token are one commit. The freeze of a wave is kept by its advisory lock, which a writer
holds shared and the closing and the mover alone, each to the end of its transaction: no answer lands after the closing
has counted, and none is stored a second time while it is being moved. Such locks are granted in the order of asking, so
that a stream of answers cannot starve the closing. The locks are a statement of their own: the snapshot of every later
one is taken when nothing can move any more.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Literal
from uuid import UUID

import asyncpg
from pydantic_core import to_json

from shared import clock
from surveys.frames.service import Invited, spend_on
from surveys.kernel.receipts import new_leaf
from surveys.responses.content import Content
from surveys.responses.models import COLUMNS
from surveys.waves.service import freeze_key

__all__ = ["Answer", "AnswersRacedError", "Connection", "Outcome", "commit"]

COPIED = 64  # fewer are as fast in one statement
Connection = asyncpg.pool.PoolConnectionProxy
Key = tuple[UUID, UUID]


@dataclass(frozen=True, slots=True)
class Answer:
    """A response on its way into the database.

    `key` is the keyed hash of its token and `draft` the id of the token's draft, where it has a token.
    """

    wave_id: UUID
    submission_id: UUID
    content: Content
    key: bytes | None = None
    draft: bytes | None = None
    burst: bool = False
    id: Key = field(init=False)
    ledger: tuple[bytes, bytes] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "id", (self.wave_id, self.submission_id))
        object.__setattr__(self, "ledger", new_leaf(self.content.sha256))


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a response.

    It was stored now, or before with the same or with other content; its token is spent or unknown; or the wave takes
    no answers. `received_on` and `leaf` are those of the stored one.
    """

    kind: Literal["created", "same", "other", "token", "not_open"]
    received_on: date | None = None
    leaf: bytes = b""


class AnswersRacedError(Exception):
    """Another commit stored one of the responses, whose token was already used here: nothing is kept of this one."""


_LOCK = """
    SELECT wanted.id FROM unnest($1::uuid[], $2::bigint[]) AS wanted(id, key)
    WHERE pg_try_advisory_xact_lock_shared(wanted.key)
"""
_WAIT = "SELECT pg_advisory_xact_lock_shared($1)"
_OPEN = "SELECT id, opens_at, closes_at, freezes_at FROM waves WHERE id = ANY($1::uuid[]) AND state = 'open'"
# A row stands in one of the two tables: the mover takes it out of one and puts it into the other in one commit.
_STORED = """
    WITH item AS (SELECT * FROM unnest($1::uuid[], $2::uuid[]) AS item(wave_id, submission_id))
    SELECT wave_id, submission_id, content_sha256, submitted_on, leaf
    FROM responses_staged JOIN item USING (wave_id, submission_id)
    UNION ALL
    SELECT wave_id, submission_id, content_sha256, submitted_on, leaf
    FROM responses JOIN item USING (wave_id, submission_id)
"""
_INSERT = """
    INSERT INTO responses_staged (wave_id, submission_id, content_sha256, answers, disposition, mode, language, stratum,
        duration_seconds, enumerator_id, collected_on, submitted_on, attributes, burst, salt, leaf)
    SELECT item.wave_id, item.submission_id, item.content_sha256, item.answers::jsonb, item.disposition, item.mode,
        item.language, item.stratum, item.duration_seconds, item.enumerator_id, item.collected_on, $17,
        item.attributes::jsonb, item.burst, item.salt, item.leaf
    FROM unnest($1::uuid[], $2::uuid[], $3::bytea[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[],
            $9::integer[], $10::text[], $11::timestamptz[], $12::date[], $13::text[], $14::boolean[], $15::bytea[],
            $16::bytea[])
        AS item(wave_id, submission_id, content_sha256, answers, disposition, mode, language, stratum,
            duration_seconds, enumerator_id, collected_at, collected_on, attributes, burst, salt, leaf)
    JOIN waves ON waves.id = item.wave_id AND waves.state = 'open' AND waves.opens_at <= $18
        AND CASE WHEN item.collected_at IS NULL THEN $18 < waves.closes_at
            ELSE $18 < waves.freezes_at AND item.collected_at BETWEEN waves.opens_at AND waves.closes_at END
    WHERE NOT EXISTS (SELECT FROM responses WHERE responses.wave_id = item.wave_id
        AND responses.submission_id = item.submission_id)
    ORDER BY item.wave_id, item.submission_id
    ON CONFLICT (wave_id, submission_id) DO NOTHING
    RETURNING wave_id, submission_id, content_sha256, submitted_on, leaf
"""
_DELETE_DRAFTS = "DELETE FROM response_drafts WHERE id = ANY($1::bytea[])"
Stored = dict[Key, tuple[bytes, date, bytes]]


async def commit(connection: Connection, answers: Sequence[Answer], *, patient: bool = False) -> list[Outcome | None]:
    """Write in one commit. None for a response whose wave is just being closed or moved.

    `patient` waits for that to end; then all answers must be to one wave.

    Raises:
        AnswersRacedError: nothing was written; each has to be tried alone.
    """
    try:
        outcomes = await _commit(connection, answers, patient=patient, copied=len(answers) >= COPIED)
    except asyncpg.UniqueViolationError:
        # Somebody else stored one of them at the same moment; an insert passes over it.
        outcomes = await _commit(connection, answers, patient=patient, copied=False)
    drafts = [
        each.draft
        for each, outcome in zip(answers, outcomes, strict=True)
        if each.draft is not None and outcome is not None and outcome.kind in ("created", "same")
    ]
    if drafts:
        # Not in the commit of the answers: even a deleted row would carry its transaction number.
        await connection.execute(_DELETE_DRAFTS, drafts)
    return outcomes


async def _commit(
    connection: Connection, answers: Sequence[Answer], *, patient: bool, copied: bool
) -> list[Outcome | None]:
    async with connection.transaction():
        waves = list({answer.wave_id for answer in answers})
        if patient:
            await connection.fetch(_WAIT, freeze_key(waves[0]))
            free = set(waves)
        else:
            rows = await connection.fetch(_LOCK, waves, [freeze_key(wave_id) for wave_id in waves])
            free = {row[0] for row in rows}
        ready = answers if len(free) == len(waves) else [each for each in answers if each.wave_id in free]
        if not ready:
            return [None] * len(answers)
        now = clock.now()
        invited: dict[int, Invited] = {}
        refused: dict[int, Outcome] = {}
        if any(answer.key is not None for answer in ready):
            invited, refused = await _spend(connection, ready, now)
        write = _copy if copied else _insert
        created = await write(connection, ready, invited, now)
        if len(created) == len(answers):
            return [Outcome("created", *created[each.id][1:]) for each in answers]
        if not {each.id for each in ready if id(each) in invited} <= created.keys():
            raise AnswersRacedError
        left = [each for each in ready if each.id not in created]
        stored = created | (await _look_up(connection, left) if left else {})
        new = set(created)
        return [
            _outcome(each, new, stored, refused.get(id(each))) if each.wave_id in free else None for each in answers
        ]


async def _spend(
    connection: Connection, answers: Sequence[Answer], now: datetime
) -> tuple[dict[int, Invited], dict[int, Outcome]]:
    """Spend the tokens of the answers that are new and in time; what tokens gave and what they refused, by identity.

    The id is looked at before the token: a repetition of what was accepted has a spent token by nature.
    """
    stored = await _look_up(connection, [each for each in answers if each.key is not None])
    taking = await _in_time(connection, answers, now)
    chosen: dict[UUID, dict[bytes, Answer]] = {}
    refused: dict[int, Outcome] = {}
    seen: set[Key] = set()
    for answer in answers:
        if answer.key is None or answer.id in stored or answer.id in seen:
            continue
        if id(answer) not in taking:
            refused[id(answer)] = Outcome("not_open")
        elif answer.key in chosen.setdefault(answer.wave_id, {}):
            refused[id(answer)] = Outcome("token")
        else:
            seen.add(answer.id)
            chosen[answer.wave_id][answer.key] = answer
    invited: dict[int, Invited] = {}
    for wave_id in sorted(chosen):
        found = await spend_on(connection, wave_id, list(chosen[wave_id]))
        for key, answer in chosen[wave_id].items():
            if key in found:
                invited[id(answer)] = found[key]
            else:
                refused[id(answer)] = Outcome("token")
    return invited, refused


async def _insert(
    connection: Connection, answers: Sequence[Answer], invited: dict[int, Invited], now: datetime
) -> Stored:
    writable = [each for each in answers if each.key is None or id(each) in invited]
    if not writable:
        return {}
    rows = await connection.fetch(_INSERT, *_columns(writable, invited), now.date(), now)
    return {(row[0], row[1]): (bytes(row[2]), row[3], bytes(row[4])) for row in rows}


async def _copy(
    connection: Connection, answers: Sequence[Answer], invited: dict[int, Invited], now: datetime
) -> Stored:
    """The same for many by COPY, in a third of the time. It knows no conflicts: what is stored is looked up before."""
    stored = await _look_up(connection, answers)
    taking = await _in_time(connection, answers, now)
    created: Stored = {}
    new = []
    for each in answers:
        writable = each.key is None or id(each) in invited
        if writable and id(each) in taking and each.id not in stored and each.id not in created:
            created[each.id] = (each.content.sha256, now.date(), each.ledger[1])
            new.append(each)
    *columns, burst, salt, leaf = _columns(new, invited)
    collected_at, today = 10, [now.date()] * len(new)
    del columns[collected_at]
    records = zip(*columns[:11], today, columns[11], burst, salt, leaf, strict=True)
    await connection.copy_records_to_table("responses_staged", records=records, columns=COLUMNS)
    return created


async def _look_up(connection: Connection, answers: Sequence[Answer]) -> Stored:
    rows = await connection.fetch(_STORED, [each.wave_id for each in answers], [each.submission_id for each in answers])
    return {(row[0], row[1]): (bytes(row[2]), row[3], bytes(row[4])) for row in rows}


async def _in_time(connection: Connection, answers: Sequence[Answer], now: datetime) -> set[int]:
    """Identities of the answers that their waves take now."""
    rows = await connection.fetch(_OPEN, list({answer.wave_id for answer in answers}))
    waves = {row["id"]: row for row in rows if row["opens_at"] <= now}
    taking: set[int] = set()
    for answer in answers:
        wave = waves.get(answer.wave_id)
        if wave is not None and _takes(wave, answer.content.collected_at, now):
            taking.add(id(answer))
    return taking


def _takes(wave: asyncpg.Record, at: datetime | None, now: datetime) -> bool:
    if at is None:
        return bool(now < wave["closes_at"])
    return bool(now < wave["freezes_at"] and wave["opens_at"] <= at <= wave["closes_at"])


def _columns(answers: Sequence[Answer], invited: dict[int, Invited]) -> tuple[list[Any], ...]:
    contents = [answer.content for answer in answers]
    guests = [invited.get(id(answer)) for answer in answers]
    return (
        [answer.wave_id for answer in answers],
        [answer.submission_id for answer in answers],
        [content.sha256 for content in contents],
        [content.answers for content in contents],
        [content.disposition for content in contents],
        [content.mode for content in contents],
        [content.language for content in contents],
        [content.stratum if guest is None else guest.stratum for content, guest in zip(contents, guests, strict=True)],
        [content.duration_seconds for content in contents],
        [content.enumerator_id for content in contents],
        [content.collected_at for content in contents],
        [None if content.collected_at is None else content.collected_at.date() for content in contents],
        [None if guest is None else to_json(guest.attributes).decode() for guest in guests],
        [answer.burst for answer in answers],
        [answer.ledger[0] for answer in answers],
        [answer.ledger[1] for answer in answers],
    )


def _outcome(answer: Answer, new: set[Key], stored: Stored, refused: Outcome | None) -> Outcome | None:
    """Of two equal responses in one batch the first is the one that was created.

    None for the second of an id whose first was refused: it has to be tried by itself.
    """
    known = stored.get(answer.id)
    if known is None:
        return refused or (Outcome("not_open") if answer.key is None else None)
    sha256, received_on, leaf = known
    if answer.id in new and leaf == answer.ledger[1]:
        new.discard(answer.id)
        return Outcome("created", received_on, leaf)
    return Outcome("same" if sha256 == answer.content.sha256 else "other", received_on, leaf)
