"""Reading frames: their summary, and the invited and the answered by cell."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import LargeBinary, any_, cast, func, select
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncSession

from surveys.frames.errors import FrameNotFound
from surveys.frames.models import Enumerator, Frame, FrameUnit, Invitation

__all__ = [
    "Cell",
    "Enumerator",
    "Frame",
    "FrameCell",
    "cells",
    "codes_in_use",
    "codes_of",
    "enumerators",
    "find_frame",
    "frame_cells",
    "get_frame",
    "open_invitations",
    "wave_of_code",
]


@dataclass(frozen=True, slots=True)
class Cell:
    """Invited people who share stratum and attributes, and what became of their tokens.

    `invited` = `open` + `opened` + `spent` + `bounced` + `not_eligible`. By AAPOR: `open` is a non-contact, `opened` a
    break-off, `bounced` unknown eligibility (other), `not_eligible` not eligible; `spent` has an answer, whose own
    disposition says complete or partial.
    """

    stratum: str | None
    attributes: dict[str, str]
    invited: int
    spent: int
    opened: int
    open: int
    bounced: int
    not_eligible: int


@dataclass(frozen=True, slots=True)
class FrameCell:
    """Units of the frame (drawn or not) that share stratum and attributes."""

    stratum: str | None
    attributes: dict[str, str]
    size: int
    drawn: int


async def find_frame(session: AsyncSession, wave_id: UUID) -> Frame | None:
    """The frame of a wave, or None; scoped by region."""
    return await session.scalar(select(Frame).where(Frame.wave_id == wave_id))


async def get_frame(session: AsyncSession, wave_id: UUID) -> Frame:
    """The frame of a wave.

    Raises:
        FrameNotFound: none was loaded.
    """
    frame = await find_frame(session, wave_id)
    if frame is None:
        raise FrameNotFound("The wave has no frame; load it with POST /v1/waves/{id}/frame.")
    return frame


async def cells(session: AsyncSession, wave_id: UUID) -> list[Cell]:
    """Counts per (stratum, attributes) of those who were invited and of what became of them.

    The wave is the caller's: find it in the caller's regions before. A wave without invitations gives none.
    """
    unspent = Invitation.state != "spent"
    marked = Invitation.mark.is_not(None)
    statement = (
        select(
            Invitation.stratum,
            Invitation.attributes,
            func.count().label("invited"),
            func.count().filter(~unspent).label("spent"),
            func.count().filter(Invitation.state == "opened", ~marked).label("opened"),
            func.count().filter(Invitation.state == "open", ~marked).label("open"),
            func.count().filter(unspent, Invitation.mark == "bounced").label("bounced"),
            func.count().filter(unspent, Invitation.mark == "not_eligible").label("not_eligible"),
        )
        .where(Invitation.wave_id == wave_id)
        .group_by(Invitation.stratum, Invitation.attributes)
        .order_by(Invitation.stratum, Invitation.attributes)
    )
    return [Cell(*row) for row in await session.execute(statement)]


async def frame_cells(session: AsyncSession, wave_id: UUID) -> list[FrameCell]:
    """Counts per (stratum, attributes) of the whole frame: population totals for margins and for the R-indicator."""
    statement = (
        select(
            FrameUnit.stratum,
            FrameUnit.attributes,
            func.count().label("size"),
            func.count().filter(FrameUnit.drawn).label("drawn"),
        )
        .where(FrameUnit.wave_id == wave_id)
        .group_by(FrameUnit.stratum, FrameUnit.attributes)
        .order_by(FrameUnit.stratum, FrameUnit.attributes)
    )
    return [FrameCell(*row) for row in await session.execute(statement)]


async def enumerators(session: AsyncSession, wave_id: UUID) -> dict[str, Enumerator]:
    """The enumerators of a wave by pseudonym."""
    statement = select(Enumerator).where(Enumerator.wave_id == wave_id).order_by(Enumerator.pseudonym)
    return {enumerator.pseudonym: enumerator for enumerator in await session.scalars(statement)}


async def open_invitations(
    session: AsyncSession, wave_id: UUID, *, after: bytes | None, limit: int
) -> list[tuple[bytes, str | None, str | None]]:
    """Keyed hash of the reference, language and channel of unanswered, unmarked invitations, in order of the hash."""
    statement = (
        select(Invitation.reference_hmac, Invitation.language, Invitation.channel)
        .where(Invitation.wave_id == wave_id, Invitation.state != "spent", Invitation.mark.is_(None))
        .order_by(Invitation.reference_hmac)
        .limit(limit)
    )
    if after is not None:
        statement = statement.where(Invitation.reference_hmac > after)
    return [(bytes(row[0]), row[1], row[2]) for row in await session.execute(statement)]


async def codes_of(session: AsyncSession, wave_id: UUID, keys: Sequence[bytes]) -> dict[bytes, bytes]:
    """The code's key of each token's key of a wave; unknown ones are missing."""
    statement = select(Invitation.key, Invitation.code_key).where(
        Invitation.wave_id == wave_id, Invitation.key == any_(cast(list(keys), ARRAY(LargeBinary)))
    )
    return {bytes(row.key): bytes(row.code_key) for row in await session.execute(statement)}


async def wave_of_code(session: AsyncSession, code_key: bytes) -> UUID | None:
    """The wave that a spoken code opens, by its keyed hash; None when there is no such code."""
    return await session.scalar(select(Invitation.wave_id).where(Invitation.code_key == code_key))


async def codes_in_use(session: AsyncSession, code_keys: Sequence[bytes]) -> set[bytes]:
    """Those of some codes' keys that an invitation of any wave has."""
    statement = select(Invitation.code_key).where(
        Invitation.code_key == any_(cast(list(code_keys), ARRAY(LargeBinary)))
    )
    return {bytes(key) for key in await session.scalars(statement)}
