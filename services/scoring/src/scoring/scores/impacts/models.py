from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, DateTime, ForeignKey, Index, Numeric, String, Text
from sqlalchemy.dialects.postgresql import JSON
from sqlalchemy.orm import Mapped, mapped_column

from scoring.base import Base, one_of
from shared.db import RegionScoped

__all__ = ["STATES", "FrameworkImpact", "ImpactChange"]

STATES = ("running", "done", "stale")


class FrameworkImpact(Base):
    """What a registered version of a framework would change; `stale` when its document changed meanwhile."""

    __tablename__ = "framework_impacts"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    framework_id: Mapped[str] = mapped_column(String(64))
    framework_version: Mapped[str] = mapped_column(String(32))
    hash: Mapped[str] = mapped_column(String(64))
    scope: Mapped[str] = mapped_column(String(16))
    against: Mapped[str | None] = mapped_column(Text)
    state: Mapped[str] = mapped_column(String(16))
    contracts: Mapped[int]
    changed: Mapped[int]
    expected: Mapped[Decimal] = mapped_column(Numeric(15, 6))
    transitions: Mapped[dict[str, Any]] = mapped_column(JSON)
    asked_by: Mapped[str] = mapped_column(Text)
    asked_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    finished_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))

    __table_args__ = (
        CheckConstraint(one_of("state", STATES), name="state"),
        Index("ix_framework_impacts_framework_id_framework_version", "framework_id", "framework_version", "id"),
    )


class ImpactChange(RegionScoped, Base):
    """A contract whose grade changes, or has at least an even chance to."""

    __tablename__ = "framework_impact_changes"

    impact_id: Mapped[UUID] = mapped_column(ForeignKey("framework_impacts.id"), primary_key=True)
    contract_id: Mapped[UUID] = mapped_column(primary_key=True)
    region: Mapped[str] = mapped_column(String(16))  # read by impact, never by region alone
    score_before: Mapped[Decimal | None] = mapped_column(Numeric(9, 6))
    grade_before: Mapped[str | None] = mapped_column(String(32))
    score_after: Mapped[Decimal] = mapped_column(Numeric(9, 6))
    grade_after: Mapped[str] = mapped_column(String(32))
    probability: Mapped[Decimal] = mapped_column(Numeric(7, 6))
