"""Tables of performance failures and of the ledger entries that their penalties are booked with."""

from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

from sqlalchemy import CheckConstraint, Date, DateTime, ForeignKey, Index, Numeric, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from contracts.base import Base, one_of
from shared.db import RegionScoped

__all__ = ["CATEGORIES", "STATES", "FailureEntry", "PerformanceFailure"]

CATEGORIES = (
    "lateDelivery",
    "quantity",
    "quality",
    "safety",
    "staffing",
    "reporting",
    "complaints",
    "assignment",
    "other",
)
STATES = ("recorded", "withdrawn")


class PerformanceFailure(RegionScoped, Base):
    """A failure of the provider to perform (OCDS extension performance_failures).

    `penalty_contracted` is what the contract's text provides for it; what was imposed and paid is the sum of the ledger
    entries that are tied to it, never typed in.
    """

    __tablename__ = "performance_failures"
    __table_args__ = (
        CheckConstraint(one_of("state", STATES), name="state"),
        CheckConstraint(one_of("category", CATEGORIES), name="category"),
        CheckConstraint("version >= 1 AND events >= 1", name="figures"),
        CheckConstraint("penalty_contracted >= 0 AND ends_on >= starts_on", name="terms"),
        Index(None, "contract_id", "id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    contract_id: Mapped[UUID] = mapped_column(ForeignKey("contracts.id"))
    version: Mapped[int]
    state: Mapped[str] = mapped_column(Text)
    category: Mapped[str] = mapped_column(Text)
    description: Mapped[str] = mapped_column(Text)
    starts_on: Mapped[date] = mapped_column(Date)
    ends_on: Mapped[date | None] = mapped_column(Date)
    events: Mapped[int]
    milestone_id: Mapped[UUID | None] = mapped_column(ForeignKey("contract_milestones.id"))
    penalty_contracted: Mapped[Decimal | None] = mapped_column(Numeric(18, 2))
    penalty_basis: Mapped[str | None] = mapped_column(Text)
    currency: Mapped[str] = mapped_column(String(3))
    document_sha256: Mapped[str | None] = mapped_column(String(64))
    recorded_by: Mapped[str] = mapped_column(Text)
    recorded_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    updated_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    withdrawal_reason: Mapped[str | None] = mapped_column(Text)


class FailureEntry(Base):
    """A ledger entry (a penalty, a deduction, or what was received of a penalty) that belongs to a failure."""

    __tablename__ = "failure_entries"

    entry_id: Mapped[UUID] = mapped_column(ForeignKey("ledger_entries.id"), primary_key=True)
    failure_id: Mapped[UUID] = mapped_column(ForeignKey("performance_failures.id"), index=True)
