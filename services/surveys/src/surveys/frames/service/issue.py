"""Making tokens and spoken codes. They are shown once, to whoever sends them out, and kept as keyed hashes only."""

import random
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from pydantic_core import to_json
from sqlalchemy import LargeBinary, any_, cast, select, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncSession

from shared import audit
from surveys.frames.errors import FrameNotDrawn, InvitationUnknown
from surveys.frames.models import Frame, Invitation
from surveys.frames.queries import codes_in_use, get_frame
from surveys.frames.service.access import access_key, new_code, new_token
from surveys.settings import policy
from surveys.waves.queries import Wave
from surveys.waves.service import lock_open_wave

__all__ = ["Issue", "Issued", "Reissue", "issue_invitations", "link_of", "reissue_invitations"]

# Units are invited in the order of their hashes: what is left begins behind the last one that was invited.
_NEXT = text(
    "SELECT reference_hmac, stratum, attributes, language, channel FROM frame_units "
    "WHERE wave_id = :wave_id AND drawn AND reference_hmac > COALESCE((SELECT reference_hmac FROM invitations "
    "WHERE wave_id = :wave_id ORDER BY reference_hmac DESC LIMIT 1), ''::bytea) ORDER BY reference_hmac LIMIT :limit"
)
_INSERT = text(
    "INSERT INTO invitations "
    "(key, wave_id, code_key, reference_hmac, stratum, attributes, language, channel, state, mark) "
    "SELECT key, :wave_id, code_key, reference, stratum, CAST(attributes AS jsonb), language, channel, 'open', NULL "
    "FROM unnest(CAST(:keys AS bytea[]), CAST(:code_keys AS bytea[]), CAST(:references AS bytea[]), "
    "CAST(:strata AS text[]), CAST(:attributes AS text[]), CAST(:languages AS text[]), CAST(:channels AS text[])) "
    "AS made(key, code_key, reference, stratum, attributes, language, channel)"
)
_REPLACE = text(
    "UPDATE invitations SET key = made.key, code_key = made.code_key, state = 'open' "
    "FROM unnest(CAST(:keys AS bytea[]), CAST(:code_keys AS bytea[]), CAST(:references AS bytea[])) "
    "AS made(key, code_key, reference) "
    "WHERE wave_id = :wave_id AND reference_hmac = made.reference AND state <> 'spent' RETURNING reference_hmac"
)


@dataclass(frozen=True, slots=True)
class Issued:
    """A token and a code of one unit, as they are sent out."""

    reference_hmac: bytes
    stratum: str | None
    language: str | None
    channel: str | None
    token: str
    code: str
    link: str


@dataclass(frozen=True, slots=True)
class Issue:
    """Invitations that were made now, and how many of the sample are still to be made."""

    frame: Frame
    items: list[Issued]
    remaining: int


@dataclass(frozen=True, slots=True)
class Reissue:
    """Invitations with new tokens; those that were answered keep theirs."""

    wave: Wave
    items: list[Issued]
    answered: list[bytes]


def link_of(wave_id: UUID, token: str | None = None) -> str:
    """The address of a wave's public page, for one invited person or for everybody."""
    page = f"{policy().public_url.rstrip('/')}/p/{wave_id}"
    return page if token is None else f"{page}?t={token}"


async def issue_invitations(session: AsyncSession, wave_id: UUID, *, limit: int) -> Issue:
    """Make invitations for the next units of the sample; the answer is the only time that tokens are shown.

    Raises:
        WaveNotFound, WaveAlreadyClosed, FrameNotFound: there is nobody to invite.
        FrameNotDrawn: the sample was not drawn.
        ServiceKeyMissing: the service has no secret.
    """
    wave, _ = await lock_open_wave(session, wave_id)
    frame = await get_frame(session, wave_id)
    if frame.state != "drawn":
        raise FrameNotDrawn("Draw the sample first: POST /v1/waves/{id}/frame/draw.")
    rows = (await session.execute(_NEXT, {"wave_id": wave_id, "limit": limit})).all()
    made = [_issued(wave_id, bytes(row.reference_hmac), row.stratum, row.language, row.channel) for row in rows]
    issued = await _with_free_codes(session, wave_id, made)
    # In random order, so that not even the place of a token in its table follows that of its unit in the list.
    order = random.SystemRandom().sample(range(len(rows)), len(rows))
    if rows:
        await session.execute(
            _INSERT,
            {
                "wave_id": wave_id,
                **_keys(wave_id, [issued[place] for place in order]),
                "strata": [rows[place].stratum for place in order],
                "attributes": [to_json(rows[place].attributes).decode() for place in order],
                "languages": [rows[place].language for place in order],
                "channels": [rows[place].channel for place in order],
            },
        )
        frame.issued += len(rows)
        frame.version += 1
        audit.record(
            session, "invitations.issued", noun="frame", noun_id=wave.id, region=wave.region, fields=["issued"]
        )
    return Issue(frame, issued, frame.drawn - frame.issued)


async def reissue_invitations(session: AsyncSession, wave_id: UUID, references: Sequence[bytes]) -> Reissue:
    """Give unanswered invitations a new token and code, because a letter was lost or an answer of ours never arrived.

    The old ones stop working.

    Raises:
        WaveNotFound, WaveAlreadyClosed: about the wave.
        InvitationUnknown: a reference has no invitation; names them, and nothing was changed.
        ServiceKeyMissing: the service has no secret.
    """
    wave, _ = await lock_open_wave(session, wave_id)
    wanted = cast(list(references), ARRAY(LargeBinary))
    statement = select(Invitation.reference_hmac, Invitation.stratum, Invitation.language, Invitation.channel).where(
        Invitation.wave_id == wave_id, Invitation.reference_hmac == any_(wanted)
    )
    found = {bytes(row.reference_hmac): row for row in await session.execute(statement)}
    unknown = [reference.hex() for reference in references if reference not in found]
    if unknown:
        raise InvitationUnknown(f"{len(unknown)} references have no invitation in this wave.", references=unknown[:50])
    made = [_issued(wave_id, reference, row.stratum, row.language, row.channel) for reference, row in found.items()]
    issued = {each.reference_hmac: each for each in await _with_free_codes(session, wave_id, made)}
    replaced = await session.execute(_REPLACE, {"wave_id": wave_id, **_keys(wave_id, list(issued.values()))})
    renewed = {bytes(reference) for reference in replaced.scalars()}
    audit.record(session, "invitations.reissued", noun="frame", noun_id=wave.id, region=wave.region)
    return Reissue(
        wave,
        [issued[reference] for reference in dict.fromkeys(references) if reference in renewed],
        [reference for reference in dict.fromkeys(references) if reference not in renewed],
    )


def _issued(wave_id: UUID, reference: bytes, stratum: str | None, language: str | None, channel: str | None) -> Issued:
    token = new_token()
    return Issued(reference, stratum, language, channel, token, new_code(), link_of(wave_id, token))


async def _with_free_codes(session: AsyncSession, wave_id: UUID, issued: list[Issued]) -> list[Issued]:
    """The same with another code where one is in use: of a million codes two are alike once in two thousand times."""
    while True:
        keys = [access_key(wave_id, each.code) for each in issued]
        taken = await codes_in_use(session, keys)
        first = {key: place for place, key in reversed(list(enumerate(keys)))}
        clashes = [place for place, key in enumerate(keys) if key in taken or first[key] != place]
        if not clashes:
            return issued
        for place in clashes:
            issued[place] = replace(issued[place], code=new_code())


def _keys(wave_id: UUID, issued: Sequence[Issued]) -> dict[str, Any]:
    return {
        "keys": [access_key(wave_id, each.token) for each in issued],
        "code_keys": [access_key(wave_id, each.code) for each in issued],
        "references": [each.reference_hmac for each in issued],
    }
