"""Tables of findings: the aggregate, the steps of its history, and the effects that it had."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, Date, DateTime, ForeignKey, Index, Numeric, String, Text, UniqueConstraint
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from contracts.base import Base, one_of
from shared.db import RegionScoped

__all__ = [
    "CLOCKS",
    "EFFECTS",
    "ENTRY_KINDS",
    "REASONS",
    "RESOLUTIONS",
    "STATES",
    "Finding",
    "FindingEffect",
    "FindingEntry",
]

REASONS = ("inspection", "indicator", "authorities", "media", "fiscal", "public")
STATES = ("draft", "active", "addressed", "declined", "completed", "closed", "stopped", "cancelled")
RESOLUTIONS = ("completely", "partly", "none")
CLOCKS = ("conclude", "report", "close")
EFFECTS = ("payment", "renewal", "budget")
ENTRY_KINDS = (
    "opened",
    "activated",
    "cancelled",
    "concluded",
    "question",
    "answer",
    "reported",
    "resolved",
    "appealed",
    "liability",
    "effect",
    "completed",
    "closed",
    "stopped",
    "resumed",
)


class Finding(RegionScoped, Base):
    """One matter that supervision looks into, from its opening to its end.

    `violations` is a list of {type, text, result}, `clock` says what `due_on` is the last day of. `begun_on` is the day
    that the clock runs from; `conclude_by` and `report_by` stay when their clock has ended. `appeal` is {proceeding,
    at}, `liability` {report_number, at}.
    """

    __tablename__ = "findings"
    __table_args__ = (
        CheckConstraint(one_of("reason", REASONS), name="reason"),
        CheckConstraint(one_of("state", STATES), name="state"),
        CheckConstraint(one_of("resolution", RESOLUTIONS), name="resolution"),
        CheckConstraint(one_of("clock", CLOCKS), name="clock"),
        CheckConstraint("responsible IN ('provider', 'purchaser')", name="responsible"),
        CheckConstraint("(reason = 'inspection') = (inspection_id IS NOT NULL)", name="inspection"),
        CheckConstraint("(clock IS NULL) = (due_on IS NULL)", name="due"),
        CheckConstraint("state <> 'completed' OR resolution IS NOT NULL", name="completed"),
        CheckConstraint("resolved_by <> reported_by", name="two_persons"),
        CheckConstraint("version >= 1", name="version"),
        Index(None, "contract_id", "id"),
        Index(None, "state", "due_on"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    version: Mapped[int]
    contract_id: Mapped[UUID] = mapped_column(ForeignKey("contracts.id"))
    simulated: Mapped[bool]
    inspection_id: Mapped[UUID | None] = mapped_column(ForeignKey("inspections.id"), index=True)
    reason: Mapped[str] = mapped_column(Text)
    responsible: Mapped[str] = mapped_column(Text)
    state: Mapped[str] = mapped_column(Text)
    demand: Mapped[str] = mapped_column(Text)
    violations: Mapped[list[dict[str, Any]]] = mapped_column(JSONB)
    rule: Mapped[str] = mapped_column(Text)
    clock: Mapped[str | None] = mapped_column(Text)
    begun_on: Mapped[date | None] = mapped_column(Date)
    due_on: Mapped[date | None] = mapped_column(Date)
    conclude_by: Mapped[date | None] = mapped_column(Date)
    concluded_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    report_by: Mapped[date | None] = mapped_column(Date)
    reported_by: Mapped[str | None] = mapped_column(Text)
    reported_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    resolution: Mapped[str | None] = mapped_column(Text)
    resolved_by: Mapped[str | None] = mapped_column(Text)
    resolved_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    appeal: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    liability: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    opened_by: Mapped[str] = mapped_column(Text)
    opened_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    ended_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    updated_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))


class FindingEntry(Base):
    """One step of a finding's history: who did what, with which words and document."""

    __tablename__ = "finding_entries"
    __table_args__ = (CheckConstraint(one_of("kind", ENTRY_KINDS), name="kind"), Index(None, "finding_id", "id"))

    id: Mapped[UUID] = mapped_column(primary_key=True)
    finding_id: Mapped[UUID] = mapped_column(ForeignKey("findings.id"))
    kind: Mapped[str] = mapped_column(Text)
    author: Mapped[str] = mapped_column(Text)
    side: Mapped[str] = mapped_column(Text)
    words: Mapped[str | None] = mapped_column(Text)
    document_sha256: Mapped[str | None] = mapped_column(String(64))
    document_title: Mapped[str | None] = mapped_column(Text)
    reply_by: Mapped[date | None] = mapped_column(Date)
    answers: Mapped[UUID | None]
    at: Mapped[datetime] = mapped_column(DateTime(timezone=True))


class FindingEffect(RegionScoped, Base):
    """What a finding led to: in a payment, the choice of the next provider, or the next budget. A fact.

    `entry_id` is the ledger entry that carries a payment effect; its amount is then the ledger's.
    """

    __tablename__ = "finding_effects"
    __table_args__ = (
        CheckConstraint(one_of("kind", EFFECTS), name="kind"),
        CheckConstraint("amount >= 0", name="amount"),
        CheckConstraint("entry_id IS NULL OR kind = 'payment'", name="entry"),
        UniqueConstraint("entry_id"),
        Index(None, "finding_id", "id"),
        Index(None, "contract_id", "id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    finding_id: Mapped[UUID] = mapped_column(ForeignKey("findings.id"))
    contract_id: Mapped[UUID] = mapped_column(ForeignKey("contracts.id"))
    kind: Mapped[str] = mapped_column(Text)
    decision: Mapped[str] = mapped_column(Text)
    entry_id: Mapped[UUID | None] = mapped_column(ForeignKey("ledger_entries.id"))
    amount: Mapped[Decimal | None] = mapped_column(Numeric(18, 2))
    currency: Mapped[str] = mapped_column(String(3))
    reason: Mapped[str] = mapped_column(Text)
    document_sha256: Mapped[str | None] = mapped_column(String(64))
    recorded_by: Mapped[str] = mapped_column(Text)
    recorded_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
