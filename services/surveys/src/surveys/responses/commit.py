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
from typing import Any, Literal, NamedTuple
from uuid import UUID

import asyncpg
from pydantic_core import to_json

from shared import clock
from surveys.frames.service import Invited, spend_on
from surveys.kernel.receipts import new_leaf
from surveys.responses.content import Content
from surveys.responses.models import COLUMNS
from surveys.responses.statements import DELETE_DRAFTS, INSERT, LOCK, MOVED, OPEN, STORED, WAIT
from surveys.waves.service import freeze_key

__all__ = ["Answer", "AnswersRacedError", "Connection", "Outcome", "commit"]

COPIED = 64  # fewer are as fast in one statement
Connection = asyncpg.pool.PoolConnectionProxy
Key = tuple[UUID, UUID]


@dataclass(slots=True, eq=False)
class Answer:
    """A response on its way into the database.

    `key` is the keyed hash of its token and `draft` the id of the token's draft, where it has a token. `ledger` is its
    salt and leaf, drawn here unless they came from a batch's.
    """

    wave_id: UUID
    submission_id: UUID
    content: Content
    key: bytes | None = None
    draft: bytes | None = None
    burst: bool = False
    ledger: tuple[bytes, bytes] = (b"", b"")
    id: Key = field(init=False)

    def __post_init__(self) -> None:
        self.id = (self.wave_id, self.submission_id)
        if not self.ledger[0]:
            self.ledger = new_leaf(self.content.sha256)


class Outcome(NamedTuple):
    """What became of a response.

    It was stored now, or before with the same or with other content; its token is spent or unknown; or the wave takes
    no answers. `received_on` and `leaf` are those of the stored one.
    """

    kind: Literal["created", "same", "other", "token", "not_open"]
    received_on: date | None = None
    leaf: bytes = b""


class AnswersRacedError(Exception):
    """Another commit stored one of the responses, whose token was already used here: nothing is kept of this one."""


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
        # One of them is stored, before or at the same moment; an insert passes over it.
        outcomes = await _commit(connection, answers, patient=patient, copied=False)
    drafts = [
        each.draft
        for each, outcome in zip(answers, outcomes, strict=True)
        if each.draft is not None and outcome is not None and outcome.kind in ("created", "same")
    ]
    if drafts:
        # Not in the commit of the answers: even a deleted row would carry its transaction number.
        await connection.execute(DELETE_DRAFTS, drafts)
    return outcomes


async def _commit(
    connection: Connection, answers: Sequence[Answer], *, patient: bool, copied: bool
) -> list[Outcome | None]:
    async with connection.transaction():
        waves = list({answer.wave_id for answer in answers})
        if patient:
            await connection.fetch(WAIT, freeze_key(waves[0]))
            free = set(waves)
        else:
            rows = await connection.fetch(LOCK, waves, [freeze_key(wave_id) for wave_id in waves])
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
    today = now.date()
    records = [_record(each, invited.get(id(each)), today) for each in writable]
    moments = [each.content.collected_at for each in writable]
    rows = await connection.fetch(INSERT, *zip(*records, strict=True), moments, now)
    return {(row[0], row[1]): (bytes(row[2]), row[3], bytes(row[4])) for row in rows}


async def _copy(
    connection: Connection, answers: Sequence[Answer], invited: dict[int, Invited], now: datetime
) -> Stored:
    """The same for many by COPY, in a third of the time.

    It knows no conflicts: what was moved is looked up before, what is staged violates its key and goes the other way.
    """
    stored = await _look_up(connection, answers, MOVED)
    taking = await _in_time(connection, answers, now)
    created: Stored = {}
    records = []
    today = now.date()
    for each in answers:
        guest = invited.get(id(each)) if each.key is not None else None
        if guest is None and each.key is not None:
            continue
        if id(each) not in taking or each.id in stored or each.id in created:
            continue
        created[each.id] = (each.content.sha256, today, each.ledger[1])
        records.append(_record(each, guest, today))
    await connection.copy_records_to_table("responses_staged", records=records, columns=COLUMNS)
    return created


async def _look_up(connection: Connection, answers: Sequence[Answer], query: str = STORED) -> Stored:
    rows = await connection.fetch(query, [each.wave_id for each in answers], [each.submission_id for each in answers])
    return {(row[0], row[1]): (bytes(row[2]), row[3], bytes(row[4])) for row in rows}


async def _in_time(connection: Connection, answers: Sequence[Answer], now: datetime) -> set[int]:
    """Identities of the answers that their waves take now."""
    rows = await connection.fetch(OPEN, list({answer.wave_id for answer in answers}))
    waves = {row["id"]: row for row in rows if row["opens_at"] <= now}
    return {
        id(answer)
        for answer in answers
        if (wave := waves.get(answer.wave_id)) is not None and _takes(wave, answer.content.collected_at, now)
    }


def _takes(wave: asyncpg.Record, at: datetime | None, now: datetime) -> bool:
    if at is None:
        return bool(now < wave["closes_at"])
    return bool(now < wave["freezes_at"] and wave["opens_at"] <= at <= wave["closes_at"])


def _record(answer: Answer, guest: Invited | None, today: date) -> tuple[Any, ...]:
    """The row of an answer, in the order of COLUMNS."""
    content = answer.content
    return (
        *answer.id,
        content.sha256,
        content.answers,
        content.disposition,
        content.mode,
        content.language,
        content.stratum if guest is None else guest.stratum,
        content.duration_seconds,
        content.enumerator_id,
        content.collected_on,
        today,
        None if guest is None else to_json(guest.attributes).decode(),
        answer.burst,
        *answer.ledger,
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
