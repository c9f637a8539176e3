"""The answers, what waits to become one, and what is kept around them for a short time.

No row of `responses` can be traced to a person or to a moment: the id is the client's random UUIDv4, there is no serial
number, no instant and no address, only the date. An answer commits together with the use of its token, so for a short
time the two rows carry the same transaction number; that is why it commits into `responses_staged`, from where the
mover takes answers in random batches, in random order, to `responses`, and writes both tables' rows anew.

There is no foreign key to the wave: its check would cost more than the insert, and the insert asks the open wave. The
region stands on the wave, through which alone answers are reached.
"""

from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, Date, Index, LargeBinary, String
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from surveys.base import Base, one_of

__all__ = ["COLUMNS", "DISPOSITIONS", "MODES", "Draft", "Response", "SpentProof", "StagedResponse"]

MODES = ("web", "counter", "enumerator")
DISPOSITIONS = ("complete", "partial", "break_off")


class _Answer:
    """The columns of an answer.

    `stratum` and `attributes` (coarse variables of the frame) are copied from the invitation. `salt` and `leaf` are
    those of the wave's ledger. `burst` says that it came in an unusual burst from one network or enumerator: the times
    and addresses that say so are not kept.
    """

    wave_id: Mapped[UUID] = mapped_column(primary_key=True)
    submission_id: Mapped[UUID] = mapped_column(primary_key=True)
    content_sha256: Mapped[bytes] = mapped_column(LargeBinary)
    answers: Mapped[dict[str, Any]] = mapped_column(JSONB)
    disposition: Mapped[str] = mapped_column(String(16))
    mode: Mapped[str] = mapped_column(String(16))
    language: Mapped[str | None] = mapped_column(String(35))
    stratum: Mapped[str | None] = mapped_column(String(48))
    duration_seconds: Mapped[int | None]
    enumerator_id: Mapped[str | None] = mapped_column(String(64))
    collected_on: Mapped[date | None] = mapped_column(Date)
    submitted_on: Mapped[date] = mapped_column(Date)
    attributes: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    burst: Mapped[bool]
    salt: Mapped[bytes] = mapped_column(LargeBinary)
    leaf: Mapped[bytes] = mapped_column(LargeBinary)


def _checks() -> tuple[CheckConstraint, ...]:
    return (
        CheckConstraint(one_of("mode", MODES), name="mode"),
        CheckConstraint(one_of("disposition", DISPOSITIONS), name="disposition"),
        CheckConstraint("octet_length(content_sha256) = 32", name="content_sha256"),
        CheckConstraint("octet_length(salt) = 32 AND octet_length(leaf) = 32", name="leaf"),
    )


class Response(_Answer, Base):
    """One accepted answer to a wave, as results read it; written by the mover only, once."""

    __tablename__ = "responses"
    __table_args__ = (*_checks(), Index(None, "leaf"))


class StagedResponse(_Answer, Base):
    """One accepted answer, durable and not yet moved; written by the answer writer only."""

    __tablename__ = "responses_staged"
    __table_args__ = _checks()


COLUMNS = tuple(column.name for column in Response.__table__.columns)


class Draft(Base):
    """Answers that somebody has not sent yet, readable with the token alone.

    `id` and the key are derived from the raw token, of which the service keeps only a keyed hash: who has the database
    can neither read a draft nor say whose it is.
    """

    __tablename__ = "response_drafts"
    __table_args__ = (CheckConstraint("octet_length(id) = 32", name="id"), Index(None, "wave_id"))

    id: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    wave_id: Mapped[UUID]
    sealed: Mapped[bytes] = mapped_column(LargeBinary)


class SpentProof(Base):
    """A proof of work that was used, until it expires; `expires_on` is a day, not an instant."""

    __tablename__ = "response_proofs"
    __table_args__ = (CheckConstraint("octet_length(signature) = 32", name="signature"), Index(None, "expires_on"))

    signature: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    expires_on: Mapped[date] = mapped_column(Date)
