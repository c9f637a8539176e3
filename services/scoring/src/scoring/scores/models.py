from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import DateTime, Index, Numeric, String
from sqlalchemy.dialects.postgresql import JSON
from sqlalchemy.orm import Mapped, mapped_column

from scoring.base import Base
from shared.db import RegionScoped

__all__ = ["ScoreHead", "ScoreRow"]


class ScoreRow(RegionScoped, Base):
    """One score of a contract under one framework, for ever. Rows are only added.

    `content` is the canonical JSON text whose SHA-256 is `content_hash`: everything that a recomputation needs.
    `chain_hash` ties the row to its predecessor, its time and the events that caused it.
    """

    __tablename__ = "score_rows"

    region: Mapped[str] = mapped_column(String(16))  # no index of its own: rows are read by contract
    contract_id: Mapped[UUID] = mapped_column(primary_key=True)
    framework_id: Mapped[str] = mapped_column(String(64), primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True)
    framework_version: Mapped[str] = mapped_column(String(32))
    framework_hash: Mapped[str] = mapped_column(String(64))
    simulated: Mapped[bool]
    content: Mapped[dict[str, Any]] = mapped_column(JSON)
    content_hash: Mapped[str] = mapped_column(String(64))
    previous_hash: Mapped[str | None] = mapped_column(String(64))
    chain_hash: Mapped[str] = mapped_column(String(64))
    causes: Mapped[list[str]] = mapped_column(JSON)
    recorded_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))


class ScoreHead(RegionScoped, Base):
    """The live score: the newest row of a contract under a framework, with what lists and comparisons read."""

    __tablename__ = "score_heads"

    region: Mapped[str] = mapped_column(String(16))
    contract_id: Mapped[UUID] = mapped_column(primary_key=True)
    framework_id: Mapped[str] = mapped_column(String(64), primary_key=True)
    framework_version: Mapped[str] = mapped_column(String(32))
    framework_hash: Mapped[str] = mapped_column(String(64))
    version: Mapped[int]
    simulated: Mapped[bool]
    stage: Mapped[str] = mapped_column(String(16))
    score: Mapped[Decimal] = mapped_column(Numeric(9, 6))
    lower: Mapped[Decimal] = mapped_column(Numeric(9, 6))
    upper: Mapped[Decimal] = mapped_column(Numeric(9, 6))
    coverage: Mapped[Decimal] = mapped_column(Numeric(7, 6))
    grade: Mapped[str] = mapped_column(String(32))
    grade_lower: Mapped[str] = mapped_column(String(32))
    grade_upper: Mapped[str] = mapped_column(String(32))
    held: Mapped[list[str]] = mapped_column(JSON)
    contributions: Mapped[dict[str, str]] = mapped_column(JSON)
    content_hash: Mapped[str] = mapped_column(String(64))
    chain_hash: Mapped[str] = mapped_column(String(64))
    recorded_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))

    __table_args__ = (Index("ix_score_heads_region_framework_id", "region", "framework_id"),)
