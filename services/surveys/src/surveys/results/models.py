"""What closed waves said."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, DateTime, ForeignKey, Index, LargeBinary, String, Text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Mapped, mapped_column

from shared.db import RegionScoped
from surveys.base import Base

__all__ = ["WaveResult"]


class WaveResult(RegionScoped, Base):
    """The estimates of a closed wave; immutable (a trigger refuses a change), a recomputation is a new revision.

    `sha256` is the hash of the RFC 8785 form of what was computed and from what; `response_rate` is AAPOR RR1.
    `weights` says how the answers were weighted and with which margins, `representativity` is the R-indicator with the
    partial ones, `comparison` names the wave that `changes` compares with or why there is none. `ledger_root` and
    `ledger_size` are those of the Merkle tree over the answers' salted hashes.
    """

    __tablename__ = "wave_results"
    __table_args__ = (
        CheckConstraint("revision >= 1", name="revision"),
        CheckConstraint("n >= 0", name="n"),
        CheckConstraint("length(sha256) = 64", name="sha256"),
        CheckConstraint("revision = 1 OR reason IS NOT NULL", name="reason"),
        CheckConstraint("target_from IN ('contract', 'setting')", name="target_from"),
        CheckConstraint(
            "(ledger_root IS NULL) = (ledger_size IS NULL) AND octet_length(ledger_root) = 32", name="ledger"
        ),
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
    weights: Mapped[dict[str, Any]] = mapped_column(JSONB)
    changes: Mapped[list[dict[str, Any]]] = mapped_column(JSONB)
    comparison: Mapped[dict[str, Any]] = mapped_column(JSONB)
    quality: Mapped[dict[str, Any]] = mapped_column(JSONB)
    representativity: Mapped[dict[str, Any]] = mapped_column(JSONB)
    modes: Mapped[dict[str, Any]] = mapped_column(JSONB)
    cautions: Mapped[list[str]] = mapped_column(ARRAY(Text))
    supervised: Mapped[bool]
    target_from: Mapped[str] = mapped_column(String(16))
    software_version: Mapped[str] = mapped_column(String(32))
    reason: Mapped[str | None] = mapped_column(Text)
    ledger_root: Mapped[bytes | None] = mapped_column(LargeBinary)
    ledger_size: Mapped[int | None]
