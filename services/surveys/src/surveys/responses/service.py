"""Taking responses of the public: each is stored once, whatever is repeated, and can be withdrawn until the freeze.

For the pages: `desk_of(app.state)` gives the desk, `desk.card(wave_id, PUBLIC)` the wave's card, `accept(...)` stores.
"""

import time
from collections import OrderedDict
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from prometheus_client import Counter
from sqlalchemy import delete, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from shared import clock
from shared.auth import Principal
from shared.db import Database
from shared.problems import NotFound, Problem, Unavailable
from surveys.frames.service import access_key, states
from surveys.kernel.receipts import HASH_BYTES, RECEIPT_BYTES, ReceiptMalformed, leaf_prefix
from surveys.responses import queries
from surveys.responses.content import Card, Content, content_of, decode
from surveys.responses.drafts import draft_id_of
from surveys.responses.errors import (
    ProofRequired,
    ReceiptUnknown,
    ResponseConflict,
    ResponseMalformed,
    TokenRequired,
    TokenSpent,
    TokenUnknown,
    WaveNotOpen,
)
from surveys.responses.limits import Limits, Quotas
from surveys.responses.models import Response, StagedResponse
from surveys.responses.proofs import check_proof, spend_proof
from surveys.responses.schemas import Receipt, receipt
from surveys.responses.writer import Answer, AnswerWriter, Outcome
from surveys.settings import Settings
from surveys.waves.queries import get_wave
from surveys.waves.service import freeze_key

__all__ = ["Caller", "Desk", "accept", "desk_of", "refusal_of", "withdraw"]

CARDS = 4096
FRAME_SECONDS = 5.0
taken = Counter("gongping_answers_total", "Answers handed in, by what became of them.", ("outcome",))


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """What comes with a response and is no part of it.

    `token` is the raw token or spoken code, `proof` a solved ALTCHA challenge (base64), `address` the network address
    for the limits (None: not limited). None of them is kept. `scriptless`: it came through the pages from a browser
    that runs no script and so solves nothing; a stricter limit per address stands in place of the proof.
    """

    token: str | None = None
    proof: str | None = None
    address: str | None = None
    scriptless: bool = False


NOBODY = Caller()


class Desk:
    """Where one process takes responses: the writer, the limits and the cards of the waves.

    A card holds only what never changes of a wave, so that it needs no invalidation. Whether a wave has a list can
    change once, from no to yes: yes is kept for good, no for some seconds.
    """

    def __init__(self, database: Database, settings: Settings) -> None:
        self.database = database
        self.settings = settings
        self.writer = AnswerWriter(
            database.pool,
            batch=settings.answer_batch,
            writers=settings.answer_writers,
            limit=settings.answer_queue,
        )
        self.limits = Limits(
            Quotas(
                answers_per_minute=settings.answers_per_minute,
                answers_per_hour=settings.answers_per_hour,
                wrong_tokens_per_minute=settings.wrong_tokens_per_minute,
                batches_per_minute=settings.batches_per_minute,
                network_burst=settings.burst_network,
            )
        )
        self._cards: OrderedDict[UUID, Card] = OrderedDict()
        self._by_list: dict[UUID, float] = {}  # until when a wave is known to have no list; infinite: it has one

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
                self._by_list.pop(self._cards.popitem(last=False)[0], None)
        if not principal.may_see(card.region):
            raise NotFound(f"There is no wave {wave_id}.")
        return card

    async def needs_token(self, card: Card) -> bool:
        """Whether the wave asks the people of a list."""
        known = self._by_list.get(card.wave_id, 0.0)
        moment = time.monotonic()
        if known < moment:
            async with self.database.reading() as session:
                listed = await queries.asks_by_invitation(session, card.wave_id)
            known = self._by_list[card.wave_id] = float("inf") if listed else moment + FRAME_SECONDS
        return known == float("inf")


def desk_of(state: Any) -> Desk:  # noqa: ANN401 - an application's state takes any attribute
    """The process's desk, made at the first response; `state` is the application's."""
    desk: Desk | None = getattr(state, "desk", None)
    if desk is None:
        desk = state.desk = Desk(state.database, state.settings)
    return desk


async def accept(
    desk: Desk, card: Card, submission_id: UUID, body: bytes, *, caller: Caller = NOBODY
) -> tuple[Receipt, bool]:
    """Store a response of the public; returns its receipt and whether it is new.

    `body` is the JSON object that `ResponseIn` describes. The id and its content are looked at first, then the token,
    then the wave: a repetition of what was accepted is confirmed even after the wave has closed, and another content
    under a used id is a conflict whatever else is wrong with it. The draft of the token is deleted.

    Raises:
        ResponseMalformed: it does not fit the instrument; names every wrong field.
        ResponseConflict: the id was used with other content.
        TokenRequired, TokenUnknown, TokenSpent: about the invitation.
        ProofRequired, ProofRefused, ProofUsed: about the proof of work of an open link.
        WaveNotOpen: the wave takes no answers.
        TooManyAnswers: too many from this address.
        AnswerQueueFull: too many responses at once.
    """
    try:
        stored, created = await _accept(desk, card, submission_id, body, caller)
    except Problem as problem:
        taken.labels(problem.slug).inc()
        raise
    taken.labels("created" if created else "repeated").inc()
    return stored, created


async def _accept(desk: Desk, card: Card, submission_id: UUID, body: bytes, caller: Caller) -> tuple[Receipt, bool]:
    content = await _checked(desk, card, submission_id, body, caller)
    known = await _permit(desk, card, submission_id, content, caller) if caller.token is None else None
    if known is not None:
        return known, False
    key = draft = None
    if caller.token is not None:
        key, draft = access_key(card.wave_id, caller.token), await draft_id_of(card.wave_id, caller.token)
    burst = desk.limits.note_answer(caller.address, str(card.wave_id))
    answer = Answer(card.wave_id, submission_id, content, key=key, draft=draft, burst=burst)
    outcome = await desk.writer.submit(answer)
    refusal = await refusal_of(desk, answer, outcome)
    if refusal is not None or outcome.received_on is None:
        if isinstance(refusal, TokenUnknown):
            desk.limits.note_wrong_token(caller.address)
        raise refusal or Unavailable("Send the answer again.")
    stored = receipt(card, submission_id, content, received_on=outcome.received_on, leaf=outcome.leaf)
    return stored, outcome.kind == "created"


async def _checked(desk: Desk, card: Card, submission_id: UUID, body: bytes, caller: Caller) -> Content:
    """The content, where the address may send it and the instrument allows it."""
    if caller.token is None:
        desk.limits.admit_answer(caller.address)
    else:
        desk.limits.admit_try(caller.address)
    try:
        return content_of(card, decode(body), invited=caller.token is not None)
    except ResponseMalformed:
        async with desk.database.reading() as session:
            if await queries.find_response(session, card.wave_id, submission_id):
                raise _conflict(submission_id) from None
        raise


async def _permit(desk: Desk, card: Card, submission_id: UUID, content: Content, caller: Caller) -> Receipt | None:
    """Whether an answer may come without a token; the receipt of one that was accepted before needs no permission."""
    listed = await desk.needs_token(card)
    if not listed and (card.design != "open_link" or not desk.settings.proof_of_work):
        return None
    known = await _known(desk, card, submission_id, content)
    if known is None and listed:
        raise TokenRequired("Open the survey with the link, the QR code or the spoken code of your invitation.")
    if known is None:
        if caller.proof is None and caller.scriptless:
            desk.limits.admit_unproven(caller.address)
        else:
            await _prove(desk, card, caller.proof)
    return known


async def _known(desk: Desk, card: Card, submission_id: UUID, content: Content) -> Receipt | None:
    """The receipt of a response that was accepted before; None when there is none under this id."""
    async with desk.database.reading() as session:
        found = await queries.find_response(session, card.wave_id, submission_id)
    if found is None:
        return None
    if found.sha256 != content.sha256:
        raise _conflict(submission_id)
    return receipt(card, submission_id, content, received_on=found.received_on, leaf=found.leaf)


async def _prove(desk: Desk, card: Card, proof: str | None) -> None:
    if proof is None:
        raise ProofRequired(
            f"Get a challenge at /v1/waves/{card.wave_id}/challenge, solve it and send it as Survey-Proof."
        )
    name = await check_proof(card.wave_id, proof)
    async with desk.database.transaction() as session:
        await spend_proof(session, name)


async def refusal_of(desk: Desk, answer: Answer, outcome: Outcome) -> Problem | None:
    """Why a response was not stored; None when it was."""
    if outcome.kind in ("created", "same"):
        return None
    if outcome.kind == "other":
        return _conflict(answer.submission_id)
    if answer.key is not None:
        async with desk.database.reading() as session:
            state = (await states(session, answer.wave_id, [answer.key])).get(answer.key)
        if state is None:
            return TokenUnknown("Check the link or the code; it belongs to no invitation of this survey.")
        if state == "spent":
            return TokenSpent("An answer was handed in with this invitation; each person answers once.")
        if outcome.kind == "token":
            return Unavailable("This invitation is being used in another place; send the answer again.")
    return WaveNotOpen("The wave is closed, has not begun, or the response was collected outside its time.")


async def withdraw(session: AsyncSession, wave_id: UUID, code: str) -> None:
    """Delete the answer that a receipt names, until the wave freezes. Its token stays spent: nothing leads to it.

    Raises:
        WaveNotFound: there is no such wave.
        ReceiptUnknown: no answer has this receipt, or it is no receipt.
        WaveNotOpen: the wave is frozen; the answer is counted.
    """
    wave, _ = await get_wave(session, wave_id)
    try:
        prefix = leaf_prefix(code)
    except ReceiptMalformed as error:
        raise ReceiptUnknown(f"This is no receipt: {error}.") from error
    # Neither the mover nor the closing is at work while this holds the lock shared.
    await session.execute(select(func.pg_advisory_xact_lock_shared(freeze_key(wave_id))))
    await session.refresh(wave, ["state"])
    if wave.state != "open" or clock.now() >= wave.freezes_at:
        raise WaveNotOpen("The survey is closed and its answers are frozen; until then an answer could be withdrawn.")
    rest = HASH_BYTES - RECEIPT_BYTES
    for table in (StagedResponse, Response):
        named = table.leaf.between(prefix + b"\x00" * rest, prefix + b"\xff" * rest)
        statement = delete(table).where(table.wave_id == wave_id, named).returning(table.submission_id)
        if (await session.execute(statement)).first() is not None:
            taken.labels("withdrawn").inc()
            return
    raise ReceiptUnknown("No answer of this survey has this receipt; perhaps it was withdrawn before.")


def _conflict(submission_id: UUID) -> ResponseConflict:
    return ResponseConflict(
        f"Response {submission_id} was accepted with other content; a new response needs a new random id.",
        submission_id=str(submission_id),
    )
