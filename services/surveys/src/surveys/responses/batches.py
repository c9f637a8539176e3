"""Batches that enumerators collected: each item is judged for itself, and the order is kept."""

from collections import Counter
from collections.abc import Sequence
from datetime import timedelta
from hmac import compare_digest
from typing import Any
from uuid import UUID

from shared import clock
from shared.db import is_unavailable
from shared.problems import Problem, Unavailable
from surveys.frames.queries import enumerators
from surveys.frames.service import access_key, enumerator_key
from surveys.responses import queries
from surveys.responses.content import Card, Content, content_of
from surveys.responses.errors import EnumeratorKeyUnknown, ResponseConflict, ResponseMalformed
from surveys.responses.limits import bursts
from surveys.responses.schemas import ItemOut, receipt
from surveys.responses.service import Desk, refusal_of, taken
from surveys.responses.writer import Answer, Outcome

__all__ = ["enumerators_of", "submit_batch"]

CLOCK_SKEW = timedelta(minutes=5)
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


async def submit_batch(
    desk: Desk, card: Card, items: Sequence[dict[str, Any]], *, collector: str, pseudonyms: frozenset[str] | None
) -> list[ItemOut]:
    """Store what enumerators collected; an item with a token spends it.

    `collector` is who hands the batch in, for the limit; `pseudonyms` are those that `enumerators_of` gave.

    Raises:
        TooManyAnswers: too many batches of this collector.
    """
    desk.limits.admit_batch(collector)
    results: dict[int, ItemOut] = {}
    sound: list[tuple[int, UUID, Content, bytes | None]] = []
    for index, item in enumerate(items):
        submission_id = _submission_id(item)
        try:
            sound.append((index, *_collected(card, submission_id, item, pseudonyms)))
        except Problem as problem:
            results[index] = _refused(index, submission_id, await _conflict_or(desk, card, submission_id, problem))
    hasty = bursts(
        [(content.enumerator_id or "", content.collected_at or clock.now()) for _, _, content, _ in sound],
        most=desk.settings.burst_enumerator,
    )
    answers = [
        (index, Answer(card.wave_id, submission_id, content, key=key, burst=burst))
        for (index, submission_id, content, key), burst in zip(sound, hasty, strict=True)
    ]
    outcomes = await desk.writer.write([answer for _, answer in answers]) if answers else []
    for (index, answer), outcome in zip(answers, outcomes, strict=True):
        results[index] = await _result(desk, card, index, answer, outcome)
    for name, number in Counter(_NAMES.get(result.status, "refused in a batch") for result in results.values()).items():
        taken.labels(name).inc(number)
    return [results[index] for index in range(len(items))]


async def _result(desk: Desk, card: Card, index: int, answer: Answer, outcome: Outcome | BaseException) -> ItemOut:
    submission_id = answer.submission_id
    if isinstance(outcome, BaseException):
        if not isinstance(outcome, Problem) and not is_unavailable(outcome):
            raise outcome
        busy = outcome if isinstance(outcome, Problem) else Unavailable("The database does not answer; send it again.")
        return _refused(index, submission_id, busy)
    refusal = await refusal_of(desk, answer, outcome)
    if refusal is not None or outcome.received_on is None:
        return _refused(index, submission_id, refusal or Unavailable("Send it again."))
    return ItemOut(
        index=index,
        submission_id=submission_id,
        status=201 if outcome.kind == "created" else 200,
        receipt=receipt(card, submission_id, answer.content, received_on=outcome.received_on, leaf=outcome.leaf),
        problem=None,
    )


def _collected(
    card: Card, submission_id: UUID | None, item: dict[str, Any], pseudonyms: frozenset[str] | None
) -> tuple[UUID, Content, bytes | None]:
    """Id, content and the key of the token of one item."""
    if submission_id is None:
        raise _malformed("/submission_id", "must be a UUID of version 4")
    token = item.get("token")
    if token is not None and not isinstance(token, str):
        raise _malformed("/token", "must be a text")
    # The token is no part of what is hashed and stored.
    told = {key: value for key, value in item.items() if key not in ("submission_id", "token")}
    content = content_of(card, told, collected=True, invited=token is not None)
    if content.collected_at is not None and content.collected_at > clock.now() + CLOCK_SKEW:
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
    try:
        found = UUID(item["submission_id"])
    except (KeyError, TypeError, ValueError, AttributeError):
        return None
    return found if found.version == 4 else None


def _refused(index: int, submission_id: UUID | None, problem: Problem) -> ItemOut:
    return ItemOut(
        index=index, submission_id=submission_id, status=problem.status, receipt=None, problem=problem.document()
    )


def _malformed(pointer: str, detail: str) -> ResponseMalformed:
    return ResponseMalformed(f"{pointer}: {detail}", errors=[{"pointer": pointer, "detail": detail}])
