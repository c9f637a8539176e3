"""Tables of the frames: the lists of those who are asked, and the tokens that they answer with.

Nobody is named here. A person is a keyed hash of a reference that only the holder of the list can read; a token and a
spoken code exist only as keyed hashes. No table has an instant of a token: neither when it was made, nor when it was
used. Everything but the summary in `frames` is deleted some days after the wave has closed.
"""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, Date, DateTime, ForeignKey, LargeBinary, String, Text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.schema import UniqueConstraint

from shared.db import RegionScoped
from surveys.base import Base, one_of

__all__ = ["CHANNELS", "HOLDERS", "MARKS", "TOKEN_STATES", "Enumerator", "Frame", "FrameUnit", "Invitation"]

HOLDERS = ("purchaser", "provider", "third_party")
FRAME_STATES = ("loading", "drawn", "deleted")
KEYED_BY = ("service", "holder")
CHANNELS = ("post", "sms", "email", "phone", "visit", "counter", "app")
TOKEN_STATES = ("open", "opened", "spent")
MARKS = ("bounced", "not_eligible")


class Frame(RegionScoped, Base):
    """The sampling frame of a wave in figures: whose list it is, how many it holds, how the sample was drawn.

    `keyed_by` says who made the keyed hashes of the references: this service, or the holder of the list before it
    came. `seed` and the rule `sha256-rank` make the drawing repeatable. `reconciliation` compares the list's size with
    the service units that were paid, `audit` with a random sample from another source.
    """

    __tablename__ = "frames"
    __table_args__ = (
        CheckConstraint(one_of("held_by", HOLDERS), name="held_by"),
        CheckConstraint(one_of("state", FRAME_STATES), name="state"),
        CheckConstraint(one_of("keyed_by", KEYED_BY), name="keyed_by"),
        CheckConstraint("size >= 0 AND drawn >= 0 AND issued >= 0", name="counts"),
        CheckConstraint("state <> 'drawn' OR seed IS NOT NULL", name="seed"),
    )

    wave_id: Mapped[UUID] = mapped_column(ForeignKey("waves.id"), primary_key=True)
    version: Mapped[int]
    state: Mapped[str] = mapped_column(String(16))
    held_by: Mapped[str] = mapped_column(String(16))
    source: Mapped[str] = mapped_column(Text)
    keyed_by: Mapped[str] = mapped_column(String(16))
    size: Mapped[int]
    drawn: Mapped[int]
    issued: Mapped[int]
    seed: Mapped[bytes | None] = mapped_column(LargeBinary)
    drawn_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    strata: Mapped[list[dict[str, Any]]] = mapped_column(JSONB)
    reconciliation: Mapped[dict[str, Any] | None] = mapped_column(JSONB)
    audit: Mapped[dict[str, Any] | None] = mapped_column(JSONB)
    deleted_on: Mapped[date | None] = mapped_column(Date)


class FrameUnit(Base):
    """One unit of the list: a keyed hash, where it belongs and coarse attributes; `drawn` into the sample or not."""

    __tablename__ = "frame_units"
    __table_args__ = (
        CheckConstraint(one_of("channel", CHANNELS), name="channel"),
        CheckConstraint("octet_length(reference_hmac) = 32", name="reference_hmac"),
    )

    wave_id: Mapped[UUID] = mapped_column(ForeignKey("frames.wave_id"), primary_key=True)
    reference_hmac: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    stratum: Mapped[str | None] = mapped_column(String(48))
    attributes: Mapped[dict[str, str]] = mapped_column(JSONB)
    language: Mapped[str | None] = mapped_column(String(35))
    channel: Mapped[str | None] = mapped_column(String(16))
    drawn: Mapped[bool]


class Invitation(Base):
    """A token with its spoken code, both as keyed hashes, and what may be copied onto the answer.

    `state`: open (sent), opened (the page was visited), spent (answered). `mark`: what the field work found out.
    """

    __tablename__ = "invitations"
    __table_args__ = (
        CheckConstraint(one_of("state", TOKEN_STATES), name="state"),
        CheckConstraint(one_of("mark", MARKS), name="mark"),
        CheckConstraint("octet_length(key) = 32 AND octet_length(code_key) = 32", name="keys"),
        UniqueConstraint("code_key"),
        UniqueConstraint("wave_id", "reference_hmac"),
        {"postgresql_with": {"fillfactor": "80"}},  # a token's use stays on its page
    )

    key: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    wave_id: Mapped[UUID]
    code_key: Mapped[bytes] = mapped_column(LargeBinary)
    reference_hmac: Mapped[bytes] = mapped_column(LargeBinary)
    stratum: Mapped[str | None] = mapped_column(String(48))
    attributes: Mapped[dict[str, str]] = mapped_column(JSONB)
    language: Mapped[str | None] = mapped_column(String(35))
    channel: Mapped[str | None] = mapped_column(String(16))
    state: Mapped[str] = mapped_column(String(8))
    mark: Mapped[str | None] = mapped_column(String(16))


class Enumerator(Base):
    """An interviewer of a wave by pseudonym, with the hash of the key that hands in batches."""

    __tablename__ = "enumerators"
    __table_args__ = (
        CheckConstraint(one_of("employed_by", HOLDERS), name="employed_by"),
        UniqueConstraint("key"),
    )

    wave_id: Mapped[UUID] = mapped_column(ForeignKey("waves.id"), primary_key=True)
    pseudonym: Mapped[str] = mapped_column(String(64), primary_key=True)
    key: Mapped[bytes] = mapped_column(LargeBinary)
    employed_by: Mapped[str] = mapped_column(String(16))
    active: Mapped[bool]
