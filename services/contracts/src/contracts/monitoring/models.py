"""Table of the alerts of dual monitoring: each is made once for its contract, kind and month."""

from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

from sqlalchemy import CheckConstraint, Date, DateTime, ForeignKey, Index, Numeric, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from contracts.base import Base, one_of
from shared.db import RegionScoped

__all__ = ["DECISIONS", "KINDS", "STATES", "MonitoringAlert"]

KINDS = ("executionBelowThreshold", "progressGap")
STATES = ("open", "suspended", "decided")
DECISIONS = ("continue", "transfer", "cancel")


class MonitoringAlert(RegionScoped, Base):
    """An alert with the figures that it rests on (per cent) and what was decided about it.

    `month` is the first day of the month that was monitored; `decide_by` the last working day for a decision.
    """

    __tablename__ = "monitoring_alerts"
    __table_args__ = (
        UniqueConstraint("contract_id", "kind", "month"),
        CheckConstraint(one_of("kind", KINDS), name="kind"),
        CheckConstraint(one_of("state", STATES), name="state"),
        CheckConstraint(one_of("decision", DECISIONS), name="decision"),
        CheckConstraint("(state = 'decided') = (decision IS NOT NULL)", name="decided"),
        CheckConstraint("version >= 1", name="version"),
        Index("ix_monitoring_alerts_open", "decide_by", postgresql_where=text("state = 'open'")),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    version: Mapped[int]
    contract_id: Mapped[UUID] = mapped_column(ForeignKey("contracts.id"), index=True)
    kind: Mapped[str] = mapped_column(Text)
    month: Mapped[date] = mapped_column(Date)
    execution: Mapped[Decimal] = mapped_column(Numeric(9, 2))
    threshold: Mapped[Decimal] = mapped_column(Numeric(9, 2))
    progress: Mapped[Decimal | None] = mapped_column(Numeric(9, 2))
    rule: Mapped[str] = mapped_column(Text)
    state: Mapped[str] = mapped_column(Text)
    decision: Mapped[str | None] = mapped_column(Text)
    reason: Mapped[str | None] = mapped_column(Text)
    decided_by: Mapped[str | None] = mapped_column(Text)
    opened_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    decide_by: Mapped[date] = mapped_column(Date)
    suspended_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    decided_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
