"""Frames over HTTP."""

from datetime import date, datetime
from uuid import UUID

from pydantic import Field

from shared.web import Out
from surveys.frames.inputs import KEYED
from surveys.frames.queries import Cell, Enumerator, Frame
from surveys.frames.service import DRAWING_RULE, Issued
from surveys.waves.queries import Wave

__all__ = [
    "AuditOut",
    "EnumeratorOut",
    "EnumeratorsOut",
    "FrameOut",
    "InvitationOut",
    "InvitationsOut",
    "LoadedOut",
    "ReissuedOut",
    "ReminderOut",
    "RemindersOut",
    "enumerator_out",
    "frame_out",
    "invitation_out",
]


class FrameOut(Out):
    """The frame of a wave in figures."""

    wave_id: UUID = Field(description="The wave.")
    wave_version: int = Field(description="Version of the wave, for If-Match when drawing.")
    state: str = Field(description="loading | drawn | deleted (some days after the close; the figures stay).")
    held_by: str = Field(description="Whose list it is: purchaser | provider | third_party.")
    source: str = Field(description="Where the list comes from.")
    keyed_by: str = Field(description="Who made the keyed hashes of the references: service | holder.")
    size: int = Field(description="N, units of the list.")
    drawn: int = Field(description="Units to be invited.")
    issued: int = Field(description="Invitations made.")
    drawing_rule: str = Field(description="sha256-rank: ranked by SHA-256(seed || keyed hash) in each stratum.")
    seed: str | None = Field(description="Seed of the drawing, hexadecimal; null before it.")
    drawn_at: datetime | None = Field(description="When the sample was drawn.")
    strata: list[dict[str, str | int | None]] = Field(
        description="Per stratum its code, N_h (population), n_h (drawn)."
    )
    tokens: dict[str, int] = Field(description="Invitations by state: open, opened, spent, bounced, not_eligible.")
    quotas: list[dict[str, str | int]] = Field(description="Per quota and category the target and the answers so far.")
    reconciliation: dict[str, str | float | bool] | None = Field(
        description="Size against paid units: paid_units, frame_size, gap and limit (shares 0-1), within; null before."
    )
    audit: dict[str, str | float | bool] | None = Field(
        description="Sample from another source: sample, missing, gap and limit (shares 0-1), within; null before."
    )
    cautions: list[str] = Field(description="Reasons for caution that the wave has now.")
    deleted_on: date | None = Field(description="Day on which units and tokens were deleted; null while they exist.")


class LoadedOut(Out):
    """What became of the rows of a request."""

    wave_id: UUID = Field(description="The wave.")
    added: int = Field(description="Units that are new.")
    unchanged: int = Field(description="Units that were there already.")
    size: int = Field(description="N so far.")
    reference_hmacs: list[str] = Field(description="Keyed hashes in the order of the rows; keep them to match later.")


class InvitationOut(Out):
    """An invitation as it is sent out. Token and code are shown here and never again."""

    reference_hmac: str = Field(description=KEYED)
    stratum: str | None = Field(description="Stratum of the unit.")
    language: str | None = Field(description="Language of the invitation (BCP 47).")
    channel: str | None = Field(description="How it is sent.")
    token: str = Field(description="Token of the link, 128 random bits.")
    code: str = Field(description="The same to read out: ten symbols and a check symbol.")
    link: str = Field(description="Address of the page for this person.")


class InvitationsOut(Out):
    """Invitations that were made now."""

    wave_id: UUID = Field(description="The wave.")
    items: list[InvitationOut] = Field(description="Invitations.")
    remaining: int = Field(description="Units of the sample that have no invitation yet.")


class ReissuedOut(Out):
    """Invitations with new tokens."""

    wave_id: UUID = Field(description="The wave.")
    items: list[InvitationOut] = Field(description="Invitations; their former tokens and codes stopped working.")
    answered: list[str] = Field(description="Keyed hashes of those who have answered: they need no new one.")


class AuditOut(Out):
    """The outcome of an audit."""

    frame: FrameOut = Field(description="The frame after it.")
    missing: list[str] = Field(description="Keyed hashes of the sample's members that are not on the list.")


class ReminderOut(Out):
    """Somebody to remind."""

    reference_hmac: str = Field(description=KEYED)
    language: str | None = Field(description="Language of the invitation (BCP 47).")
    channel: str | None = Field(description="How the invitation was sent.")


class RemindersOut(Out):
    """Whom to remind; matched to people by whoever keeps the keyed hashes."""

    wave_id: UUID = Field(description="The wave.")
    round: int = Field(description="Reminder days that have passed; 0: none is due yet.")
    due_on: list[date] = Field(description="The reminder days (UTC).")
    items: list[ReminderOut] = Field(description="Unanswered invitations that were not marked.")
    next: str | None = Field(description="`after` of the next page; null at the end.")


class EnumeratorOut(Out):
    """An interviewer."""

    pseudonym: str = Field(description="Pseudonym.")
    employed_by: str = Field(description="purchaser | provider | third_party.")
    active: bool = Field(description="False: the key was made unusable.")
    key: str | None = Field(description="The key, shown once when it is made; null afterwards.")


class EnumeratorsOut(Out):
    """Interviewers of a wave."""

    wave_id: UUID = Field(description="The wave.")
    items: list[EnumeratorOut] = Field(description="By pseudonym.")


def frame_out(frame: Frame, wave: Wave, cells: list[Cell]) -> FrameOut:
    """A frame as the interface shows it."""
    states = ("open", "opened", "spent", "bounced", "not_eligible")
    own = {name: getattr(frame, name) for name in FrameOut.model_fields if name != "seed" and hasattr(frame, name)}
    return FrameOut(
        **own,
        wave_version=wave.version,
        drawing_rule=DRAWING_RULE,
        seed=frame.seed.hex() if frame.seed is not None else None,
        tokens={state: sum(getattr(cell, state) for cell in cells) for state in states},
        quotas=[
            {
                "variable": quota["variable"],
                "code": target["code"],
                "target": target["target"],
                "answered": sum(cell.spent for cell in cells if _category(cell, quota["variable"]) == target["code"]),
            }
            for quota in wave.quotas
            for target in quota["targets"]
        ],
        cautions=list(wave.cautions),
    )


def invitation_out(issued: Issued) -> InvitationOut:
    """An invitation as it is sent out."""
    return InvitationOut(
        reference_hmac=issued.reference_hmac.hex(),
        stratum=issued.stratum,
        language=issued.language,
        channel=issued.channel,
        token=issued.token,
        code=issued.code,
        link=issued.link,
    )


def enumerator_out(enumerator: Enumerator, key: str | None = None) -> EnumeratorOut:
    """An interviewer as the interface shows it."""
    return EnumeratorOut(
        pseudonym=enumerator.pseudonym, employed_by=enumerator.employed_by, active=enumerator.active, key=key
    )


def _category(cell: Cell, variable: str) -> str | None:
    return cell.stratum if variable == "stratum" else cell.attributes.get(variable)
