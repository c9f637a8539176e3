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

__all__ = ["RESULTS", "Acceptance", "ClosedWave"]

RESULTS = ("accepted", "partlyAccepted", "rejected")


class Acceptance(RegionScoped, Base):
    """A result of acceptance; `entry_id` is the ledger entry that its value was booked with (null when nothing was).

    `standards` holds the result of each standard, `participants` who was asked as counts per group, never names.
    `wave_known` says of an opinion by a wave whether its closing was heard of here; `repeats` is the rejected
    acceptance that this one was held again for.
    """

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
    standards: Mapped[list[dict[str, Any]] | None] = mapped_column(JSONB(none_as_null=True))
    participants: Mapped[list[dict[str, Any]] | None] = mapped_column(JSONB(none_as_null=True))
    minutes_sha256: Mapped[str | None] = mapped_column(String(64))
    wave_known: Mapped[bool | None]
    repeats: Mapped[UUID | None] = mapped_column(ForeignKey("acceptances.id"), unique=True)


class ClosedWave(RegionScoped, Base):
    """A wave of a contract whose closing the surveys service told: its published result may carry an acceptance."""

    __tablename__ = "closed_waves"
    __table_args__ = (CheckConstraint("version >= 1 AND answers >= 0", name="figures"),)

    wave_id: Mapped[UUID] = mapped_column(primary_key=True)
    version: Mapped[int]
    contract_id: Mapped[UUID] = mapped_column(index=True)
    kind: Mapped[str] = mapped_column(Text)
    answers: Mapped[int]
    closed_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    results_sha256: Mapped[str | None] = mapped_column(String(64))
