"""Table of acceptances: facts, never changed; an acceptance is taken back by reversing its ledger entry."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, Date, DateTime, ForeignKey, Index, Numeric, String, Text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from contracts.base import Base, one_of
from shared.db import RegionScoped

__all__ = ["RESULTS", "Acceptance"]

RESULTS = ("accepted", "partlyAccepted", "rejected")


class Acceptance(RegionScoped, Base):
    """A result of acceptance; `entry_id` is the ledger entry that its value was booked with (null when nothing was)."""

    __tablename__ = "acceptances"
    __table_args__ = (
        CheckConstraint(one_of("result", RESULTS), name="result"),
        CheckConstraint("accepted_value >= 0", name="accepted_value"),
        CheckConstraint("(accepted_value > 0) = (entry_id IS NOT NULL)", name="entry"),
        Index(None, "contract_id", "id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    contract_id: Mapped[UUID] = mapped_column(ForeignKey("contracts.id"))
    result: Mapped[str] = mapped_column(Text)
    accepted_on: Mapped[date] = mapped_column(Date)
    accepted_value: Mapped[Decimal] = mapped_column(Numeric(18, 2))
    currency: Mapped[str] = mapped_column(String(3))
    opinion: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    document_sha256: Mapped[str | None] = mapped_column(String(64))
    note: Mapped[str | None] = mapped_column(Text)
    entry_id: Mapped[UUID | None] = mapped_column(ForeignKey("ledger_entries.id"), unique=True)
    recorded_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
