"""Table of proposed amendments; those in force stand in the contract's aggregate (`contract_amendments`) as well."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import (
    CheckConstraint,
    Date,
    DateTime,
    ForeignKey,
    Index,
    Numeric,
    String,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from contracts.base import Base, one_of
from shared.db import RegionScoped

__all__ = ["STATES", "AmendmentProposal"]

STATES = ("proposed", "inForce", "withdrawn")
Money = Numeric(18, 2)


class AmendmentProposal(RegionScoped, Base):
    """An amendment from its proposal on; a contract has one open proposal at most.

    `number` counts a contract's amendments from 1 and is given when the second side confirms. The columns *_before and
    *_after hold value and term at the proposal and as agreed; `contract_version` is the contract's version that it was
    proposed against, and once it is in force the one from which on it is. `milestones`, `lots` and `texts` are lists of
    what changes, each with before and after.
    """

    __tablename__ = "amendment_proposals"
    __table_args__ = (
        CheckConstraint(one_of("state", STATES), name="state"),
        CheckConstraint("(state = 'inForce') = (number IS NOT NULL)", name="number"),
        CheckConstraint("version >= 1 AND value_after >= 0", name="figures"),
        UniqueConstraint("contract_id", "number"),
        Index(None, "contract_id", "id"),
        Index("uq_amendment_proposals_open", "contract_id", unique=True, postgresql_where=text("state = 'proposed'")),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    contract_id: Mapped[UUID] = mapped_column(ForeignKey("contracts.id"))
    version: Mapped[int]
    currency: Mapped[str] = mapped_column(String(3))
    state: Mapped[str] = mapped_column(Text)
    number: Mapped[int | None]
    reason_code: Mapped[str] = mapped_column(Text)
    rationale: Mapped[str] = mapped_column(Text)
    amended_on: Mapped[date] = mapped_column(Date)
    contract_version: Mapped[int]
    value_before: Mapped[Decimal | None] = mapped_column(Money)
    value_after: Mapped[Decimal | None] = mapped_column(Money)
    starts_on_before: Mapped[date | None] = mapped_column(Date)
    starts_on_after: Mapped[date | None] = mapped_column(Date)
    ends_on_before: Mapped[date | None] = mapped_column(Date)
    ends_on_after: Mapped[date | None] = mapped_column(Date)
    milestones: Mapped[list[dict[str, Any]]] = mapped_column(JSONB)
    lots: Mapped[list[dict[str, Any]]] = mapped_column(JSONB)
    texts: Mapped[list[dict[str, Any]]] = mapped_column(JSONB)
    warnings: Mapped[list[dict[str, Any]]] = mapped_column(JSONB)
    document_sha256: Mapped[str | None] = mapped_column(String(64))
    proposed_by: Mapped[str] = mapped_column(Text)
    proposed_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    purchaser_by: Mapped[str | None] = mapped_column(Text)
    purchaser_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    provider_by: Mapped[str | None] = mapped_column(Text)
    provider_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    closed_by: Mapped[str | None] = mapped_column(Text)
    closed_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    close_reason: Mapped[str | None] = mapped_column(Text)
