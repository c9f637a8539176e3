"""Tables of rectifications: the aggregate and the entries of its history, which only grows."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, DateTime, ForeignKey, Index, String, Text, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from scoring.base import Base, TimeLimited, one_of
from shared.db import RegionScoped

__all__ = ["CAUSES", "ENTRY_KINDS", "RESOLUTIONS", "RUNNING", "STATES", "Rectification", "RectificationEntry"]

CAUSES = ("determination", "finding", "indicator", "authorities", "media", "fiscal", "public")
STATES = ("draft", "active", "addressed", "declined", "completed", "closed", "stopped", "cancelled")
RUNNING = ("active", "addressed", "declined")
RESOLUTIONS = ("completely", "partly", "none")
ENTRY_KINDS = (
    "opened",
    "activated",
    "cancelled",
    "concluded",
    "question",
    "answer",
    "reported",
    "resolved",
    "completed",
    "closed",
    "stopped",
    "resumed",
)


class Rectification(TimeLimited, RegionScoped, Base):
    """One matter to put right, from its opening to its resolution and what that led to.

    `findings` is a list of {code, text, result}; `effects` lists ids of the uses of results that an incomplete
    rectification opened. `clock` names what `due_on` is the last day of: monitor, report or close.
    """

    __tablename__ = "rectifications"
    __table_args__ = (
        CheckConstraint(one_of("cause", CAUSES), name="cause"),
        CheckConstraint(one_of("state", STATES), name="state"),
        CheckConstraint(one_of("resolution", RESOLUTIONS), name="resolution"),
        CheckConstraint("responsible IN ('provider', 'purchaser')", name="responsible"),
        CheckConstraint("(cause = 'determination') = (determination_id IS NOT NULL)", name="determination"),
        CheckConstraint("(cause = 'finding') = (finding_id IS NOT NULL)", name="finding"),
        CheckConstraint("state <> 'completed' OR resolution IS NOT NULL", name="completed"),
        CheckConstraint("version >= 1", name="version"),
        Index("uq_rectifications_determination_id", "determination_id", unique=True),
        Index("uq_rectifications_finding_id", "finding_id", unique=True),
        Index(None, "contract_id", "id"),
        Index("ix_rectifications_due_on", "due_on", postgresql_where=text("due_on IS NOT NULL")),
    )

    version: Mapped[int]
    contract_id: Mapped[UUID]
    simulated: Mapped[bool]
    purchaser_id: Mapped[UUID | None] = mapped_column(index=True)
    provider_id: Mapped[UUID | None] = mapped_column(index=True)
    cause: Mapped[str] = mapped_column(String(16))
    determination_id: Mapped[UUID | None]
    finding_id: Mapped[UUID | None]
    use_id: Mapped[UUID | None]
    responsible: Mapped[str] = mapped_column(String(16))
    rule_set_id: Mapped[str] = mapped_column(String(64))
    rule_set_version: Mapped[str] = mapped_column(String(32))
    state: Mapped[str] = mapped_column(String(16))
    demand: Mapped[str] = mapped_column(Text)
    findings: Mapped[list[dict[str, Any]]] = mapped_column(JSONB)
    clock: Mapped[str | None] = mapped_column(String(16))
    begun_on: Mapped[date | None]
    reported_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    reported_by: Mapped[str | None] = mapped_column(Text)
    resolution: Mapped[str | None] = mapped_column(String(16))
    effects: Mapped[list[str]] = mapped_column(JSONB)
    opened_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    opened_by: Mapped[str] = mapped_column(Text)
    updated_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))


class RectificationEntry(Base):
    """One step of a rectification's history: who did what, with which words and document."""

    __tablename__ = "rectification_entries"
    __table_args__ = (
        CheckConstraint(one_of("kind", ENTRY_KINDS), name="kind"),
        Index(None, "rectification_id", "id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    rectification_id: Mapped[UUID] = mapped_column(ForeignKey("rectifications.id"))
    kind: Mapped[str] = mapped_column(String(16))
    author: Mapped[str] = mapped_column(Text)
    side: Mapped[str] = mapped_column(String(16))
    words: Mapped[str | None] = mapped_column(Text)
    document_sha256: Mapped[str | None] = mapped_column(String(64))
    document_title: Mapped[str | None] = mapped_column(Text)
    reply_by: Mapped[date | None]
    answers: Mapped[UUID | None]
    at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
