"""One person's way through one questionnaire: who may come in, what was answered so far, what is asked next.

What was answered lies in a draft that only the visitor's secret opens: the token of the invitation, or a random one
that the page gives to visitors of an open link. The secret is in a cookie below the wave's own address, gone with the
browser; the service keeps nothing of it.
"""

import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy.ext.asyncio import AsyncSession

from shared import clock
from shared.auth import PUBLIC
from surveys.frames.service import access_key, mark_opened, states
from surveys.instruments.queries import Questionnaire
from surveys.public.asked import Asked
from surveys.public.pages import Cookie, Frame
from surveys.public.words import choose_language, words_of
from surveys.responses.content import Card
from surveys.responses.drafts import load_draft, save_draft
from surveys.responses.service import Desk
from surveys.waves.queries import ContractStub, Wave, get_wave

__all__ = ["COOKIE", "RECEIPT_COOKIE", "State", "Visit", "new_secret", "token_state", "visit"]

COOKIE, RECEIPT_COOKIE = "visit", "receipt"
LONGEST_SECRET = 64
PAGE_SECONDS = 600  # longer on one page is a pause


@dataclass(slots=True)
class State:
    """What was answered so far, under the id that the answer will be handed in with; seconds spent on the pages."""

    submission_id: UUID
    answers: dict[str, Any]
    seconds: int = 0

    @property
    def document(self) -> dict[str, Any]:
        """As it is kept in the draft."""
        return {"id": str(self.submission_id), "answers": self.answers, "seconds": self.seconds}


@dataclass(slots=True)
class Visit:
    """A wave as it is now, and the visitor's secret (None before the start)."""

    desk: Desk
    card: Card
    wave: Wave
    contract: ContractStub
    listed: bool
    secret: str | None
    frame: Frame

    @property
    def questionnaire(self) -> Questionnaire:
        """The questions that the wave pinned."""
        return self.card.questionnaire

    @property
    def begun(self) -> bool:
        """Whether the opening has come."""
        return self.wave.opens_at <= clock.now()

    @property
    def takes_answers(self) -> bool:
        """Whether the public may answer now."""
        return self.wave.state == "open" and self.begun and clock.now() < self.wave.closes_at

    @property
    def by_invitation(self) -> bool:
        """Whether a token is needed. Strata without a list cannot be known from a visitor."""
        return self.listed or bool(self.wave.strata)

    @property
    def proves(self) -> bool:
        """Whether the answer needs a proof of work."""
        return not self.listed and self.card.design == "open_link" and self.desk.settings.proof_of_work

    @property
    def cookie(self) -> Cookie:
        """The cookie that keeps the visitor's secret."""
        return Cookie(COOKIE, self.secret or "", self.frame.root)

    def keep(self, place: str) -> str:
        """The name under which the browser keeps what is typed on a page; another visitor's has another name."""
        owner = hashlib.sha256((self.secret or "").encode()).hexdigest()[:16]
        return f"{self.wave.id}:{owner}:{place}"

    def main(self, answers: dict[str, Any]) -> Sequence[str]:
        """Codes of the questions on the service that are asked after these answers."""
        items = self.questionnaire.items
        return [code for code in self.questionnaire.applicable(answers) if not items[code].about_respondent]

    def about(self, answers: dict[str, Any]) -> Sequence[str]:
        """Codes of the questions on the respondent; they come after the answers were checked."""
        items = self.questionnaire.items
        return [code for code in self.questionnaire.applicable(answers) if items[code].about_respondent]

    async def load(self) -> State | None:
        """The draft; a fresh one when there is none, None without a secret."""
        if self.secret is None:
            return None
        async with self.desk.database.reading() as session:
            kept = await load_draft(session, self.wave.id, self.secret)
        if kept is None:
            return State(uuid4(), {})
        return State(UUID(kept["id"]), kept["answers"], kept["seconds"])

    async def save(self, state: State) -> None:
        """Keep the draft."""
        if self.secret is not None:
            async with self.desk.database.transaction() as session:
                await save_draft(session, self.wave.id, self.secret, state.document)

    async def open(self) -> None:
        """Note that the questionnaire was opened with the invitation."""
        if self.secret is not None and self.listed:
            async with self.desk.database.transaction() as session:
                await mark_opened(session, self.wave.id, [access_key(self.wave.id, self.secret)])


async def visit(desk: Desk, wave_id: UUID, asked: Asked, here: str) -> Visit:
    """A visit of a wave, found again by its cookie.

    Raises:
        WaveNotFound: there is no such wave.
    """
    card = await desk.card(wave_id, PUBLIC)
    async with desk.database.reading(principal=PUBLIC) as session:
        wave, contract = await get_wave(session, wave_id)
    tag = choose_language(wave.languages, asked.query.get("lang"), asked.accept_language)
    root = f"/p/{wave_id}"
    frame = Frame(
        words=words_of(tag),
        offered=wave.languages,
        root=root,
        here=root + here,
        simulated=wave.simulated,
        reviewed=card.questionnaire.instrument.reviewed(tag),
        keep={name: asked.query[name] for name in ("t", "from") if name in asked.query},
    )
    secret = asked.cookies.get(COOKIE, "")[:LONGEST_SECRET] or None
    return Visit(desk, card, wave, contract, await desk.needs_token(card), secret, frame)


async def token_state(session: AsyncSession, wave_id: UUID, token: str) -> str | None:
    """open, opened or spent; None when no invitation of the wave has the token or code."""
    key = access_key(wave_id, token)
    return (await states(session, wave_id, [key])).get(key)


def new_secret() -> str:
    """A secret for a visitor without an invitation."""
    return secrets.token_urlsafe(16)
