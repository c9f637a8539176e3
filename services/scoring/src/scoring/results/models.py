"""Tables of the use of results: what determinations demand, the rules and the calendar that say so, told clocks."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, DateTime, Index, Numeric, String, Text, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from scoring.base import Base, TimeLimited, one_of
from shared.db import RegionScoped

__all__ = ["KINDS", "OPEN_STATES", "STATES", "CalendarDay", "ClockTold", "ResultOpening", "ResultUse", "RuleSetRow"]

KINDS = ("support", "improve", "cut", "withhold", "payment", "renewal", "budget", "publish")
STATES = ("open", "blocked", "suspended", "applied", "waived", "void")
OPEN_STATES = ("open", "blocked", "suspended")
NOUNS = ("result_use", "rectification", "appeal")


class RuleSetRow(Base):
    """A region's rule set, beside those that are shipped. Its document never changes; a second person approves it."""

    __tablename__ = "result_rule_sets"
    __table_args__ = (
        CheckConstraint("state IN ('submitted', 'approved', 'retired')", name="state"),
        CheckConstraint("(state = 'submitted') = (approved_by IS NULL)", name="approved"),
        CheckConstraint("approved_by IS NULL OR approved_by <> submitted_by", name="four_eyes"),
    )

    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    version: Mapped[str] = mapped_column(String(32), primary_key=True)
    applies_to: Mapped[str] = mapped_column(String(16))
    document: Mapped[dict[str, Any]] = mapped_column(JSONB)
    sha256: Mapped[str] = mapped_column(String(64))
    state: Mapped[str] = mapped_column(String(16))
    submitted_by: Mapped[str] = mapped_column(Text)
    submitted_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    approved_by: Mapped[str | None] = mapped_column(Text)
    approved_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))


class CalendarDay(Base):
    """A day that differs from its weekday: an officer's entry wins over the list that is shipped."""

    __tablename__ = "calendar_days"

    country: Mapped[str] = mapped_column(String(2), primary_key=True)
    day: Mapped[date] = mapped_column(primary_key=True)
    working: Mapped[bool]
    source: Mapped[str] = mapped_column(Text)
    set_by: Mapped[str] = mapped_column(Text)
    set_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))


class ResultOpening(RegionScoped, Base):
    """A determination in effect whose consequences were opened, also when the rule set demands none."""

    __tablename__ = "result_openings"

    determination_id: Mapped[UUID] = mapped_column(primary_key=True)
    contract_id: Mapped[UUID] = mapped_column(index=True)
    purchaser_id: Mapped[UUID | None] = mapped_column(index=True)
    rule_set_id: Mapped[str] = mapped_column(String(64))
    rule_set_version: Mapped[str] = mapped_column(String(32))
    replaced_by: Mapped[UUID | None]
    opened_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))


class ResultUse(TimeLimited, RegionScoped, Base):
    """One consequence that a determination demands, with owner, deadline and closing evidence."""

    __tablename__ = "result_uses"
    __table_args__ = (
        CheckConstraint(one_of("kind", KINDS), name="kind"),
        CheckConstraint(one_of("state", STATES), name="state"),
        CheckConstraint("basis IN ('grade', 'provider')", name="basis"),
        CheckConstraint("owner IN ('finance', 'purchaser')", name="owner"),
        CheckConstraint("(state IN ('applied', 'waived')) = (closed_at IS NOT NULL)", name="closed_at"),
        CheckConstraint("state IN ('open', 'applied') OR reason IS NOT NULL", name="reason"),
        CheckConstraint("amount >= 0 AND proposed >= 0 AND version >= 1", name="amounts"),
        UniqueConstraint("determination_id", "rule", "rectification_id", postgresql_nulls_not_distinct=True),
        Index(None, "contract_id", "id"),
        Index("ix_result_uses_due_on", "due_on", postgresql_where=text("state = 'open'")),
    )

    version: Mapped[int]
    determination_id: Mapped[UUID]
    contract_id: Mapped[UUID]
    rectification_id: Mapped[UUID | None]
    simulated: Mapped[bool]
    purchaser_id: Mapped[UUID | None] = mapped_column(index=True)
    provider_id: Mapped[UUID | None] = mapped_column(index=True)
    rule_set_id: Mapped[str] = mapped_column(String(64))
    rule_set_version: Mapped[str] = mapped_column(String(32))
    rule: Mapped[str] = mapped_column(String(64))
    kind: Mapped[str] = mapped_column(String(16))
    basis: Mapped[str] = mapped_column(String(16))
    grade: Mapped[str | None] = mapped_column(String(32))
    adverse: Mapped[bool]
    bears_adverse: Mapped[bool]
    money: Mapped[bool]
    owner: Mapped[str] = mapped_column(String(16))
    state: Mapped[str] = mapped_column(String(16))
    reason: Mapped[str | None] = mapped_column(Text)
    opened_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    suspended_on: Mapped[date | None]
    appeal_id: Mapped[UUID | None] = mapped_column(index=True)
    previous_id: Mapped[UUID | None]
    currency: Mapped[str | None] = mapped_column(String(3))
    proposed: Mapped[Decimal | None] = mapped_column(Numeric(18, 2))
    decision: Mapped[str | None] = mapped_column(String(64))
    amount: Mapped[Decimal | None] = mapped_column(Numeric(18, 2))
    note: Mapped[str | None] = mapped_column(Text)
    document_sha256: Mapped[str | None] = mapped_column(String(64))
    document_title: Mapped[str | None] = mapped_column(Text)
    closed_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    closed_by: Mapped[str | None] = mapped_column(Text)
    updated_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))


class ClockTold(RegionScoped, Base):
    """A notice about a clock: one for each thing, clock, kind of notice and limit."""

    __tablename__ = "clocks_told"
    __table_args__ = (
        CheckConstraint(one_of("noun", NOUNS), name="noun"),
        CheckConstraint("kind IN ('due', 'overdue')", name="kind"),
        UniqueConstraint("noun_id", "clock", "kind", "due_on"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    noun: Mapped[str] = mapped_column(String(16))
    noun_id: Mapped[UUID]
    contract_id: Mapped[UUID]
    simulated: Mapped[bool]
    clock: Mapped[str] = mapped_column(String(16))
    kind: Mapped[str] = mapped_column(String(8))
    owner: Mapped[str] = mapped_column(String(16))
    due_on: Mapped[date]
    recorded_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
