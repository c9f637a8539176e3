"""Tables of budget projects. What is spent is never stored here: it is the sum of the ledger's entries."""

from datetime import datetime
from decimal import Decimal
from uuid import UUID

from sqlalchemy import CheckConstraint, DateTime, ForeignKey, Index, Numeric, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from contracts.base import Base
from shared.db import RegionScoped

__all__ = ["BudgetAdjustment", "BudgetProject"]

Money = Numeric(18, 2)


class BudgetProject(RegionScoped, Base):
    """A project of a unit's budget in one year (预算项目).

    `full_year_amount` is the initial amount with its adjustments. Its shares in contracts are ledger entries of kind
    `budget`; its executed amount is the sum of the payments, less refunds, that name it.
    """

    __tablename__ = "budget_projects"
    __table_args__ = (
        UniqueConstraint("unit_id", "code", "year"),
        CheckConstraint("year BETWEEN 1990 AND 2100", name="year"),
        CheckConstraint("initial_amount >= 0 AND full_year_amount >= 0", name="amounts"),
        CheckConstraint("version >= 1", name="version"),
        Index(None, "year", "id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    version: Mapped[int]
    unit_id: Mapped[UUID] = mapped_column(ForeignKey("organisations.id"))
    code: Mapped[str] = mapped_column(Text)
    name: Mapped[str] = mapped_column(Text)
    year: Mapped[int]
    currency: Mapped[str] = mapped_column(String(3))
    initial_amount: Mapped[Decimal] = mapped_column(Money)
    full_year_amount: Mapped[Decimal] = mapped_column(Money)
    simulated: Mapped[bool]
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    updated_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))


class BudgetAdjustment(Base):
    """A change of a project's full-year amount (调剂), append-only: what it was, what it became, why."""

    __tablename__ = "budget_adjustments"
    __table_args__ = (
        CheckConstraint("before >= 0 AND after >= 0 AND before <> after", name="amounts"),
        Index(None, "budget_project_id", "id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    budget_project_id: Mapped[UUID] = mapped_column(ForeignKey("budget_projects.id"))
    before: Mapped[Decimal] = mapped_column(Money)
    after: Mapped[Decimal] = mapped_column(Money)
    reason: Mapped[str] = mapped_column(Text)
    document: Mapped[str | None] = mapped_column(Text)
    recorded_by: Mapped[str] = mapped_column(Text)
    recorded_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
