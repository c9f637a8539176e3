"""What is printed for the invited, and for those who walk by. Nothing of it is stored."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from surveys.frames.errors import InvitationUnknown, SheetsUnfit
from surveys.frames.queries import codes_of
from surveys.frames.service.access import access_key
from surveys.frames.service.issue import link_of
from surveys.frames.sheets import Sheet, Wording, poster, sheets
from surveys.settings import policy
from surveys.waves.queries import Wave, get_wave

__all__ = ["print_sheets"]


async def print_sheets(session: AsyncSession, wave_id: UUID, items: Sequence[Sheet]) -> tuple[bytes, Wave]:
    """A PDF with a card for each token, or without any the poster of an open link.

    Raises:
        WaveNotFound: there is none in the principal's regions.
        InvitationUnknown: a token or its code does not belong to the wave: no dead sheet is printed.
        SheetsUnfit: there are no tokens, and the wave is no open link.
    """
    wave, contract = await get_wave(session, wave_id)
    wording = Wording(
        title=contract.title,
        until=f"{wave.closes_at:%Y-%m-%d}",
        code_page=f"{policy().public_url.rstrip('/')}/p",
        simulated=wave.simulated,
        font=policy().sheet_font,
    )
    if items:
        await _refuse_dead(session, wave_id, items)
        return sheets(items, wording), wave
    if wave.design != "open_link":
        raise SheetsUnfit(
            "Only an open link has a poster; name the tokens of this wave.",
            errors=[{"pointer": "/items", "detail": "must have a token"}],
        )
    return poster(link_of(wave_id), wording), wave


async def _refuse_dead(session: AsyncSession, wave_id: UUID, items: Sequence[Sheet]) -> None:
    tokens = [access_key(wave_id, item.token) for item in items]
    codes = await codes_of(session, wave_id, tokens)
    dead = [
        place
        for place, (token, item) in enumerate(zip(tokens, items, strict=True))
        if codes.get(token) != access_key(wave_id, item.code)
    ]
    if dead:
        raise InvitationUnknown(
            f"{len(dead)} of the items are no token of this wave with its own code; issue them again.", items=dead[:50]
        )
