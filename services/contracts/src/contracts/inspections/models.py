"""Table of inspections. What was recorded of a visit stands; a mistake is corrected by another inspection."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, Date, DateTime, ForeignKey, Index, Text, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from contracts.base import Base, one_of
from shared.db import RegionScoped

__all__ = ["RESULTS", "STATES", "Inspection"]

STATES = ("planned", "carriedOut", "cancelled")
RESULTS = ("met", "partlyMet", "notMet", "notChecked")


class Inspection(RegionScoped, Base):
    """A visit to where the service is given.

    `inspectors` is a list of {organisation_id, role}: offices, never persons. `checklist` is a list of {code, text,
    source, result, note}; `documents` one of {sha256, title, link}.
    """

    __tablename__ = "inspections"
    __table_args__ = (
        CheckConstraint(one_of("state", STATES), name="state"),
        CheckConstraint("(state = 'carriedOut') = (visited_on IS NOT NULL)", name="visited"),
        CheckConstraint("version >= 1", name="version"),
        Index(None, "contract_id", "id"),
        Index(
            "ix_inspections_unannounced",
            "planned_on",
            "id",
            postgresql_where=text("state = 'planned' AND NOT announced"),
        ),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    version: Mapped[int]
    contract_id: Mapped[UUID] = mapped_column(ForeignKey("contracts.id"))
    state: Mapped[str] = mapped_column(Text)
    title: Mapped[str] = mapped_column(Text)
    planned_on: Mapped[date] = mapped_column(Date)
    announced: Mapped[bool]
    visited_on: Mapped[date | None] = mapped_column(Date)
    place: Mapped[str | None] = mapped_column(Text)
    inspectors: Mapped[list[dict[str, Any]]] = mapped_column(JSONB)
    checklist: Mapped[list[dict[str, Any]]] = mapped_column(JSONB)
    documents: Mapped[list[dict[str, Any]]] = mapped_column(JSONB)
    summary: Mapped[str | None] = mapped_column(Text)
    recorded_by: Mapped[str] = mapped_column(Text)
    recorded_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    updated_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
