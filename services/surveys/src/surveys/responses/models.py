"""The answers.

No row can be traced to a person or to a moment: the id is the client's random UUIDv4, there is no serial number, no
instant and no address, only the date. The region stands on the wave, through which alone answers are reached. There is
no foreign key to the wave: its check would cost more than the insert, and the insert joins the open wave anyhow.
"""

from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, Date, LargeBinary, String
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from surveys.base import Base, one_of

__all__ = ["DISPOSITIONS", "MODES", "Response"]

MODES = ("web", "counter", "enumerator")
DISPOSITIONS = ("complete", "partial", "break_off")


class Response(Base):
    """One accepted answer to a wave; written by the answer writer only, once."""

    __tablename__ = "responses"
    __table_args__ = (
        CheckConstraint(one_of("mode", MODES), name="mode"),
        CheckConstraint(one_of("disposition", DISPOSITIONS), name="disposition"),
        CheckConstraint("octet_length(content_sha256) = 32", name="content_sha256"),
    )

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
