"""Taking responses: one from the public, many from enumerators. Each is stored once, whatever is repeated."""

from collections import OrderedDict
from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

from shared import clock
from shared.auth import Principal
from shared.db import Database, is_unavailable
from shared.problems import NotFound, Problem, Unavailable
from surveys.responses import queries
from surveys.responses.content import Card, content_of, decode
from surveys.responses.errors import ResponseConflict, ResponseMalformed, WaveNotOpen
from surveys.responses.schemas import ItemOut, Receipt, receipt
from surveys.responses.writer import Answer, AnswerWriter, Outcome

__all__ = ["Desk", "submit_batch", "submit_response"]

CARDS = 4096
CLOCK_SKEW = timedelta(minutes=5)


class Desk:
    """Where one process takes responses: the writer and the cards of the waves.

    A card holds only what never changes of a wave, so that it needs no invalidation.
    """

    def __init__(self, database: Database, writer: AnswerWriter) -> None:
        self.writer = writer
        self.database = database
        self._cards: OrderedDict[UUID, Card] = OrderedDict()

    async def card(self, wave_id: UUID, principal: Principal) -> Card:
        """The card of a wave.

        Raises:
            WaveNotFound: there is none.
            NotFound: it lies in a region that the principal may not see.
        """
        card = self._cards.get(wave_id)
        if card is None:
            async with self.database.reading() as session:
                card = await queries.load_card(session, wave_id)
            self._cards[wave_id] = card
            if len(self._cards) > CARDS:
                self._cards.popitem(last=False)
        if not principal.may_see(card.region):
            raise NotFound(f"There is no wave {wave_id}.")
        return card


async def submit_response(desk: Desk, card: Card, submission_id: UUID, body: bytes) -> tuple[Receipt, bool]:
    """Store a response of the public; returns what was stored and whether it is new.

    The id and its content are looked at first, then the wave: a repetition of what was accepted is confirmed even
    after the wave has closed, and another content under a used id is a conflict whatever else is wrong with it.

    Raises:
        ResponseMalformed: it does not fit the instrument; names every wrong field.
        ResponseConflict: the id was used with other content.
        WaveNotOpen: the wave takes no answers.
        AnswerQueueFull: too many responses at once.
    """
    try:
        content = content_of(card, decode(body))
    except ResponseMalformed:
        async with desk.database.reading() as session:
            if await queries.has_response(session, card.wave_id, submission_id):
                raise _conflict(submission_id) from None
        raise
    outcome = await desk.writer.submit(Answer(card.wave_id, submission_id, content))
    refusal = _refusal(submission_id, outcome)
    if refusal is not None:
        raise refusal
    return receipt(card, submission_id, content, outcome), outcome.kind == "created"


async def submit_batch(desk: Desk, card: Card, items: Sequence[dict[str, Any]]) -> list[ItemOut]:
    """Store what enumerators collected, each item judged for itself; the order is kept."""
    results: dict[int, ItemOut] = {}
    answers: list[tuple[int, Answer]] = []
    for index, item in enumerate(items):
        submission_id = _submission_id(item)
        try:
            answers.append((index, _collected(card, submission_id, item)))
        except Problem as problem:
            used = submission_id is not None and await _used(desk, card, submission_id)
            results[index] = _refused(
                index, submission_id, _conflict(submission_id) if used and submission_id else problem
            )
    outcomes = await desk.writer.write([answer for _, answer in answers]) if answers else []
    for (index, answer), outcome in zip(answers, outcomes, strict=True):
        results[index] = _result(index, card, answer, outcome)
    return [results[index] for index in range(len(items))]


def _result(index: int, card: Card, answer: Answer, outcome: Outcome | Exception) -> ItemOut:
    submission_id = answer.submission_id
    if isinstance(outcome, Exception):
        if not isinstance(outcome, Problem) and not is_unavailable(outcome):
            raise outcome
        busy = outcome if isinstance(outcome, Problem) else Unavailable("The database does not answer; send it again.")
        return _refused(index, submission_id, busy)
    refusal = _refusal(submission_id, outcome)
    if refusal is not None:
        return _refused(index, submission_id, refusal)
    return ItemOut(
        index=index,
        submission_id=submission_id,
        status=201 if outcome.kind == "created" else 200,
        receipt=receipt(card, submission_id, answer.content, outcome),
        problem=None,
    )


def _collected(card: Card, submission_id: UUID | None, item: dict[str, Any]) -> Answer:
    if submission_id is None:
        detail = "must be a UUID of version 4"
        raise ResponseMalformed(f"/submission_id: {detail}", errors=[{"pointer": "/submission_id", "detail": detail}])
    content = content_of(card, {key: value for key, value in item.items() if key != "submission_id"}, collected=True)
    if content.collected_at is not None and content.collected_at > clock.now() + CLOCK_SKEW:
        detail = "lies in the future"
        raise ResponseMalformed(f"/collected_at: {detail}", errors=[{"pointer": "/collected_at", "detail": detail}])
    return Answer(card.wave_id, submission_id, content)


async def _used(desk: Desk, card: Card, submission_id: UUID) -> bool:
    async with desk.database.reading() as session:
        return await queries.has_response(session, card.wave_id, submission_id)


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


def _refusal(submission_id: UUID, outcome: Outcome) -> Problem | None:
    if outcome.kind == "other":
        return _conflict(submission_id)
    if outcome.kind == "not_open":
        return WaveNotOpen("The wave is closed, has not begun, or the response was collected outside its time.")
    return None


def _conflict(submission_id: UUID) -> ResponseConflict:
    return ResponseConflict(
        f"Response {submission_id} was accepted with other content; a new response needs a new random id.",
        submission_id=str(submission_id),
    )
