"""Tables of succession: what happened, which contracts it moved, and whose track record follows. All append-only."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, Date, DateTime, ForeignKey, Index, Text, Uuid
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Mapped, mapped_column

from contracts.base import Base, one_of

__all__ = ["SUCCESSION_KINDS", "ContractPartyChange", "Succession", "TrackRecordDecision"]

SUCCESSION_KINDS = ("rename", "codeChange", "merger", "split", "dissolution")
SIDES = ("purchaser", "provider")


class Succession(Base):
    """A dated change of organisations by a named document. `before` and `after` hold the name or code that changed."""

    __tablename__ = "successions"
    __table_args__ = (
        CheckConstraint(one_of("kind", SUCCESSION_KINDS), name="kind"),
        Index(None, "predecessors", postgresql_using="gin"),
        Index(None, "successors", postgresql_using="gin"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(Text)
    effective_on: Mapped[date] = mapped_column(Date)
    document: Mapped[str] = mapped_column(Text)
    reason: Mapped[str | None] = mapped_column(Text)
    predecessors: Mapped[list[UUID]] = mapped_column(ARRAY(Uuid))
    successors: Mapped[list[UUID]] = mapped_column(ARRAY(Uuid))
    before: Mapped[dict[str, Any]] = mapped_column(JSONB)
    after: Mapped[dict[str, Any]] = mapped_column(JSONB)
    moved_contracts: Mapped[int]
    recorded_by: Mapped[str] = mapped_column(Text)
    recorded_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))


class ContractPartyChange(Base):
    """A contract whose party was succeeded: task and obligations moved, what was done before stays where it is."""

    __tablename__ = "contract_party_changes"
    __table_args__ = (CheckConstraint(one_of("side", SIDES), name="side"),)

    id: Mapped[UUID] = mapped_column(primary_key=True)
    succession_id: Mapped[UUID] = mapped_column(ForeignKey("successions.id"), index=True)
    contract_id: Mapped[UUID] = mapped_column(ForeignKey("contracts.id"), index=True)
    side: Mapped[str] = mapped_column(Text)
    from_id: Mapped[UUID] = mapped_column(ForeignKey("organisations.id"))
    to_id: Mapped[UUID] = mapped_column(ForeignKey("organisations.id"))
    changed_on: Mapped[date] = mapped_column(Date)


class TrackRecordDecision(Base):
    """A decision whether the predecessor's record counts for the successor; the latest of a pair holds."""

    __tablename__ = "track_record_decisions"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    succession_id: Mapped[UUID] = mapped_column(ForeignKey("successions.id"), index=True)
    predecessor_id: Mapped[UUID] = mapped_column(ForeignKey("organisations.id"))
    successor_id: Mapped[UUID] = mapped_column(ForeignKey("organisations.id"))
    carries: Mapped[bool]
    reason: Mapped[str] = mapped_column(Text)
    document: Mapped[str] = mapped_column(Text)
    decided_by: Mapped[str] = mapped_column(Text)
    decided_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
