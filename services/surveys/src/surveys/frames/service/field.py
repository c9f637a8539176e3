"""Field work: what was found out about invitations, whom to remind, who interviews."""

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from shared import audit, clock
from surveys.frames.errors import EnumeratorUnknown, InvitationUnknown
from surveys.frames.models import Enumerator
from surveys.frames.queries import enumerators, open_invitations
from surveys.frames.service.access import enumerator_key
from surveys.settings import policy
from surveys.waves.queries import Wave, get_wave
from surveys.waves.service import lock_open_wave, set_caution

__all__ = ["Reminders", "mark_invitations", "register_enumerators", "reminders", "retire_enumerator"]

_MARK = text(
    "UPDATE invitations SET mark = made.mark FROM unnest(CAST(:references AS bytea[]), CAST(:marks AS text[])) "
    "AS made(reference, mark) WHERE wave_id = :wave_id AND reference_hmac = made.reference AND state <> 'spent' "
    "RETURNING reference_hmac"
)


@dataclass(frozen=True, slots=True)
class Reminders:
    """Whom to remind now. `round` counts the reminder days that have passed: 0 before the first one."""

    wave: Wave
    round: int
    due_on: list[date]
    items: list[tuple[bytes, str | None, str | None]]  # reference_hmac, language, channel


async def mark_invitations(session: AsyncSession, wave_id: UUID, marks: Mapping[bytes, str | None]) -> Wave:
    """Note that invitations came back (`bounced`) or went to somebody outside the population (`not_eligible`).

    A token that is not eligible opens nothing any more; None takes a mark back.

    Raises:
        WaveNotFound, WaveAlreadyClosed: about the wave.
        InvitationUnknown: a reference has no invitation, or it was answered; names them, and nothing was changed.
    """
    wave, _ = await lock_open_wave(session, wave_id)
    marked = await session.execute(
        _MARK, {"wave_id": wave_id, "references": list(marks), "marks": list(marks.values())}
    )
    found = {bytes(reference) for reference in marked.scalars()}
    missing = [reference.hex() for reference in marks if reference not in found]
    if missing:
        raise InvitationUnknown(
            f"{len(missing)} references have no unanswered invitation in this wave.", references=missing[:50]
        )
    audit.record(session, "invitations.marked", noun="frame", noun_id=wave.id, region=wave.region)
    return wave


async def reminders(session: AsyncSession, wave_id: UUID, *, after: bytes | None, limit: int) -> Reminders:
    """Invitations without an answer, in order of their hashes; none before the first reminder day or after the end.

    Raises:
        WaveNotFound: there is none in the principal's regions.
    """
    wave, _ = await get_wave(session, wave_id)
    due_on = [clock.day_of(wave.opens_at + timedelta(days=day)) for day in policy().reminders]
    now = clock.now()
    passed = sum(clock.day_of(now) >= day for day in due_on)
    if passed == 0 or wave.state == "closed" or now >= wave.closes_at:
        return Reminders(wave, passed, due_on, [])
    return Reminders(wave, passed, due_on, await open_invitations(session, wave_id, after=after, limit=limit))


async def register_enumerators(
    session: AsyncSession, wave_id: UUID, pseudonyms: Sequence[str], *, employed_by: str
) -> tuple[Wave, dict[str, str]]:
    """Give interviewers a key each, by pseudonym; the answer is the only time that keys are shown.

    Registering a pseudonym again gives it a new key and makes it active. Interviewers of the provider make the wave
    `caution`: it is present at the answers.

    Raises:
        WaveNotFound, WaveAlreadyClosed: about the wave.
        ServiceKeyMissing: the service has no secret.
    """
    wave, _ = await lock_open_wave(session, wave_id)
    keys = {pseudonym: secrets.token_urlsafe(24) for pseudonym in pseudonyms}
    statement = insert(Enumerator).values(
        [
            {
                "wave_id": wave_id,
                "pseudonym": pseudonym,
                "key": enumerator_key(wave_id, key),
                "employed_by": employed_by,
                "active": True,
            }
            for pseudonym, key in keys.items()
        ]
    )
    await session.execute(
        statement.on_conflict_do_update(
            index_elements=[Enumerator.wave_id, Enumerator.pseudonym],
            set_={name: statement.excluded[name] for name in ("key", "employed_by", "active")},
        )
    )
    if employed_by == "provider":
        set_caution(wave, "provider_supervised", present=True)
    audit.record(session, "enumerators.registered", noun="wave", noun_id=wave.id, region=wave.region)
    return wave, keys


async def retire_enumerator(session: AsyncSession, wave_id: UUID, pseudonym: str) -> Wave:
    """Make an enumerator's key unusable; what was handed in with it stays.

    Raises:
        WaveNotFound, WaveAlreadyClosed: about the wave.
        EnumeratorUnknown: the wave has none of that pseudonym.
    """
    wave, _ = await lock_open_wave(session, wave_id)
    found = (await enumerators(session, wave_id)).get(pseudonym)
    if found is None:
        raise EnumeratorUnknown(f"The wave has no enumerator {pseudonym}.")
    found.active = False
    audit.record(session, "enumerator.retired", noun="wave", noun_id=wave.id, region=wave.region)
    return wave
