"""Tables of appeals: the aggregate, and its orders and corrections, which are only added."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, DateTime, ForeignKey, Index, String, Text, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from scoring.base import Base, TimeLimited, one_of
from shared.db import RegionScoped

__all__ = ["AGAINST", "OUTCOMES", "SIDES", "STATES", "Appeal", "AppealEntry"]

AGAINST = ("determination", "flag_decision")
SIDES = ("provider", "purchaser")
STATES = ("filed", "decided", "withdrawn")
OUTCOMES = ("upheld", "changed", "annulled", "remitted")
ENTRY_KINDS = ("filed", "withdrawn", "suspension_lifted", "suspension_ordered", "decided", "served", "determined")


class Appeal(TimeLimited, RegionScoped, Base):
    """An appeal of a party of the case against a determination, or against the decision upon a flag.

    `barred` lists the subjects who took part in the decision that is appealed against: none of them decides. `round_id`
    is the calibration round whose parameters the decision uses. `clock` names what `due_on` is the last day of: decide,
    or refile after a decision that changes or remits.
    """

    __tablename__ = "appeals"
    __table_args__ = (
        CheckConstraint(one_of("against", AGAINST), name="against"),
        CheckConstraint(one_of("side", SIDES), name="side"),
        CheckConstraint(one_of("state", STATES), name="state"),
        CheckConstraint(one_of("outcome", OUTCOMES), name="outcome"),
        CheckConstraint("(state = 'decided') = (outcome IS NOT NULL)", name="decided"),
        CheckConstraint("outcome IS NULL OR (decided_by IS NOT NULL AND decision IS NOT NULL)", name="decision"),
        CheckConstraint("version >= 1", name="version"),
        Index(None, "contract_id", "id"),
        Index(
            "uq_appeals_open",
            "against_id",
            "contract_id",
            "side",
            unique=True,
            postgresql_where=text("state = 'filed'"),
        ),
        Index("ix_appeals_due_on", "due_on", postgresql_where=text("due_on IS NOT NULL")),
    )

    version: Mapped[int]
    contract_id: Mapped[UUID]
    simulated: Mapped[bool]
    purchaser_id: Mapped[UUID | None] = mapped_column(index=True)
    provider_id: Mapped[UUID | None] = mapped_column(index=True)
    against: Mapped[str] = mapped_column(String(16))
    against_id: Mapped[UUID]
    round_id: Mapped[UUID | None]
    side: Mapped[str] = mapped_column(String(16))
    filed_by: Mapped[str] = mapped_column(Text)
    filed_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    file_by: Mapped[date]
    decide_by: Mapped[date]
    grounds: Mapped[str] = mapped_column(Text)
    document_sha256: Mapped[str | None] = mapped_column(String(64))
    document_title: Mapped[str | None] = mapped_column(Text)
    barred: Mapped[list[str]] = mapped_column(JSONB)
    state: Mapped[str] = mapped_column(String(16))
    suspends: Mapped[bool]
    clock: Mapped[str | None] = mapped_column(String(16))
    outcome: Mapped[str | None] = mapped_column(String(16))
    decision: Mapped[str | None] = mapped_column(Text)
    decided_by: Mapped[str | None] = mapped_column(Text)
    decided_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    decision_number: Mapped[str | None] = mapped_column(Text)
    corrections: Mapped[list[dict[str, Any]]] = mapped_column(JSONB)
    new_determination_id: Mapped[UUID | None]
    served_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    proof_of_service: Mapped[str | None] = mapped_column(Text)
    updated_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))


class AppealEntry(Base):
    """One step of an appeal: filed, suspension ordered or lifted with its reason, decided, served."""

    __tablename__ = "appeal_entries"
    __table_args__ = (
        CheckConstraint(one_of("kind", ENTRY_KINDS), name="kind"),
        Index(None, "appeal_id", "id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    appeal_id: Mapped[UUID] = mapped_column(ForeignKey("appeals.id"))
    kind: Mapped[str] = mapped_column(String(24))
    author: Mapped[str] = mapped_column(Text)
    words: Mapped[str | None] = mapped_column(Text)
    document_sha256: Mapped[str | None] = mapped_column(String(64))
    document_title: Mapped[str | None] = mapped_column(Text)
    at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
