"""What closed waves said."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, DateTime, ForeignKey, Index, String
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from shared.db import RegionScoped
from surveys.base import Base

__all__ = ["WaveResult"]


class WaveResult(RegionScoped, Base):
    """The estimates of a closed wave; immutable (a trigger refuses a change), a recomputation is a new revision.

    `sha256` is the hash of the RFC 8785 form of what was computed and from what; `response_rate` is AAPOR RR1.
    """

    __tablename__ = "wave_results"
    __table_args__ = (
        CheckConstraint("revision >= 1", name="revision"),
        CheckConstraint("n >= 0", name="n"),
        CheckConstraint("length(sha256) = 64", name="sha256"),
        Index(None, "contract_id"),
    )

    wave_id: Mapped[UUID] = mapped_column(ForeignKey("waves.id"), primary_key=True)
    revision: Mapped[int] = mapped_column(primary_key=True)
    contract_id: Mapped[UUID]
    n: Mapped[int]
    dispositions: Mapped[dict[str, Any]] = mapped_column(JSONB)
    rates: Mapped[dict[str, Any]] = mapped_column(JSONB)
    response_rate: Mapped[float | None]
    estimates: Mapped[list[dict[str, Any]]] = mapped_column(JSONB)
    no_opinion: Mapped[dict[str, Any]] = mapped_column(JSONB)
    policy: Mapped[str] = mapped_column(String(32))
    level: Mapped[float]
    sha256: Mapped[str] = mapped_column(String(64))
    computed_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
