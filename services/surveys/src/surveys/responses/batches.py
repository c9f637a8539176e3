"""Batches that enumerators collected: each item is judged for itself, and the order is kept."""

import re
from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta
from hmac import compare_digest
from typing import Any
from uuid import UUID

from asyncpg.pgproto import pgproto
from pydantic_core import to_json

from shared import clock
from shared.db import is_unavailable
from shared.problems import Problem, Unavailable
from surveys.frames.queries import enumerators
from surveys.frames.service import access_key, enumerator_key
from surveys.kernel.receipts import new_leaves, receipts_of
from surveys.responses import queries
from surveys.responses.content import Card, Content, content_of, decode
from surveys.responses.errors import EnumeratorKeyUnknown, ResponseConflict, ResponseMalformed
from surveys.responses.limits import bursts
from surveys.responses.schemas import BATCH_LIMIT
from surveys.responses.service import Desk, refusal_of, taken
from surveys.responses.writer import Answer, Outcome

__all__ = ["batch_of", "enumerators_of", "submit_batch"]

Told = tuple[int, str]
"""Status of an item and its `ItemOut` as JSON: a batch has hundreds, and a model would check what was just made."""

CLOCK_SKEW = timedelta(minutes=5)
_VERSION_4 = re.compile(
    r"[0-9a-f]{8}-?[0-9a-f]{4}-?4[0-9a-f]{3}-?[89ab][0-9a-f]{3}-?[0-9a-f]{12}", re.IGNORECASE
).fullmatch
_STORED = {"created": 201, "same": 200}
_NAMES = {200: "repeated", 201: "created"}


async def enumerators_of(desk: Desk, card: Card, *, key: str | None) -> frozenset[str] | None:
    """Pseudonyms under which items may come: of the enumerator whose key it is, or without a key all active ones.

    None: the wave has no register of enumerators, any pseudonym will do.

    Raises:
        EnumeratorKeyUnknown: the key belongs to no active enumerator of the wave.
    """
    async with desk.database.reading() as session:
        found = await enumerators(session, card.wave_id)
    if key is None:
        return frozenset(name for name, each in found.items() if each.active) if found else None
    hashed = enumerator_key(card.wave_id, key)
    for name, each in found.items():
        if each.active and compare_digest(bytes(each.key), hashed):
            return frozenset({name})
    raise EnumeratorKeyUnknown("The key belongs to no enumerator of this wave, or was made unusable; ask for another.")


def batch_of(body: bytes) -> list[dict[str, Any]]:
    """The items of a batch's body, which is what `BatchIn` describes.

    Raises:
        ResponseMalformed: it is not such an object, or has no item or too many.
    """
    raw = decode(body)
    for name in raw.keys() - {"items"}:
        raise _malformed(f"/{name}", "there is no such field")
    items = raw.get("items")
    if not isinstance(items, list) or not 1 <= len(items) <= BATCH_LIMIT:
        raise _malformed("/items", f"must be a list of 1 to {BATCH_LIMIT} responses")
    for index, item in enumerate(items):
        if not isinstance(item, dict):
            raise _malformed(f"/items/{index}", "must be an object")
    return items


async def submit_batch(
    desk: Desk, card: Card, items: Sequence[dict[str, Any]], *, collector: str, pseudonyms: frozenset[str] | None
) -> list[Told]:
    """Store what enumerators collected; an item with a token spends it. What became of each, in their order.

    `collector` is who hands the batch in, for the limit; `pseudonyms` are those that `enumerators_of` gave.

    Raises:
        TooManyAnswers: too many batches of this collector.
    """
    desk.limits.admit_batch(collector)
    now = clock.now()
    latest = now + CLOCK_SKEW
    results: dict[int, Told] = {}
    sound: list[tuple[int, UUID, Content, bytes | None]] = []
    for index, item in enumerate(items):
        submission_id = _submission_id(item)
        try:
            sound.append((index, *_collected(card, submission_id, item, pseudonyms, latest=latest)))
        except Problem as problem:
            results[index] = _refused(index, submission_id, await _conflict_or(desk, card, submission_id, problem))
    hasty = bursts(
        [(content.enumerator_id or "", content.collected_at or now) for _, _, content, _ in sound],
        most=desk.settings.burst_enumerator,
    )
    ledger = new_leaves([content.sha256 for _, _, content, _ in sound])
    answers = [
        Answer(card.wave_id, submission_id, content, key, None, burst, leaf)
        for (_, submission_id, content, key), burst, leaf in zip(sound, hasty, ledger, strict=True)
    ]
    outcomes = await desk.writer.write(answers) if answers else []
    stored: list[tuple[int, Answer, Outcome]] = []
    for (index, *_), answer, outcome in zip(sound, answers, outcomes, strict=True):
        if isinstance(outcome, Outcome) and outcome.kind in _STORED:
            stored.append((index, answer, outcome))
        else:
            results[index] = _refused(index, answer.submission_id, await _problem_of(desk, answer, outcome))
    results |= _told(card, stored)
    for name, number in Counter([_NAMES.get(status, "refused in a batch") for status, _ in results.values()]).items():
        taken.labels(name).inc(number)
    return [results[index] for index in range(len(items))]


def _told(card: Card, stored: Sequence[tuple[int, Answer, Outcome]]) -> dict[int, Told]:
    """What is told about the items that are stored, by index; nothing in it needs an escape."""
    wave = f'"receipt":{{"wave_id":"{card.name}","submission_id":"'
    end = f'","simulated":{"true" if card.simulated else "false"}}},"problem":null}}'
    told: dict[int, Told] = {}
    receipts = receipts_of([outcome.leaf for _, _, outcome in stored])
    for (index, answer, outcome), receipt in zip(stored, receipts, strict=True):
        name, status = answer.submission_id, _STORED[outcome.kind]
        text = (
            f'{{"index":{index},"submission_id":"{name}","status":{status},{wave}{name}","content_sha256":"'
            f'{answer.content.sha256.hex()}","received_on":"{outcome.received_on}","receipt":"{receipt}{end}'
        )
        told[index] = status, text
    return told


async def _problem_of(desk: Desk, answer: Answer, outcome: Outcome | BaseException) -> Problem:
    if isinstance(outcome, Problem):
        return outcome
    if isinstance(outcome, BaseException):
        if not is_unavailable(outcome):
            raise outcome
        return Unavailable("The database does not answer; send it again.")
    return await refusal_of(desk, answer, outcome) or Unavailable("Send it again.")


def _collected(
    card: Card,
    submission_id: UUID | None,
    item: dict[str, Any],
    pseudonyms: frozenset[str] | None,
    *,
    latest: datetime,
) -> tuple[UUID, Content, bytes | None]:
    """Id, content and the key of the token of one item."""
    if submission_id is None:
        raise _malformed("/submission_id", "must be a UUID of version 4")
    # Id and token are no part of what is hashed and stored.
    told = dict(item)
    del told["submission_id"]
    token = told.pop("token", None)
    if token is not None and not isinstance(token, str):
        raise _malformed("/token", "must be a text")
    content = content_of(card, told, collected=True, invited=token is not None)
    if content.collected_at is not None and content.collected_at > latest:
        raise _malformed("/collected_at", "lies in the future")
    if pseudonyms is not None and content.enumerator_id not in pseudonyms:
        raise _malformed("/enumerator_id", "is no active enumerator of this wave, or not the one whose key this is")
    return submission_id, content, None if token is None else access_key(card.wave_id, token)


async def _conflict_or(desk: Desk, card: Card, submission_id: UUID | None, problem: Problem) -> Problem:
    """A used id is a conflict, whatever else is wrong with the item."""
    if submission_id is None:
        return problem
    async with desk.database.reading() as session:
        if await queries.find_response(session, card.wave_id, submission_id) is None:
            return problem
    return ResponseConflict(
        f"Response {submission_id} was accepted with other content; a new response needs a new random id.",
        submission_id=str(submission_id),
    )


def _submission_id(item: dict[str, Any]) -> UUID | None:
    text = item.get("submission_id")
    if not isinstance(text, str) or not _VERSION_4(text):
        return None
    # The driver's own subclass of UUID: made in a sixth of the time, and five hundred are made for a batch.
    found: UUID = pgproto.UUID(text)
    return found


def _refused(index: int, submission_id: UUID | None, problem: Problem) -> Told:
    item = {
        "index": index,
        "submission_id": None if submission_id is None else str(submission_id),
        "status": problem.status,
        "receipt": None,
        "problem": problem.document(),
    }
    return problem.status, to_json(item).decode()


def _malformed(pointer: str, detail: str) -> ResponseMalformed:
    return ResponseMalformed(f"{pointer}: {detail}", errors=[{"pointer": pointer, "detail": detail}])
