"""Tables of retention: the periods that a tenant has set, legal holds, and what was erased."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, Date, DateTime, ForeignKey, Index, String, Text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from contracts.base import Base, one_of
from shared.db import RegionScoped

__all__ = ["HOLD_KINDS", "NOUNS", "Erasure", "LegalHold", "RetentionPeriod"]

NOUNS = ("records", "freeText", "personalFields", "individuals", "imports")
HOLD_KINDS = ("appeal", "order")


class RetentionPeriod(Base):
    """How long a noun is kept in a scope, once a second person has confirmed it; the most specific scope counts.

    `scope` is a region prefix, `*` everywhere. A newer confirmed row of the same scope and noun replaces the older.
    """

    __tablename__ = "retention_periods"
    __table_args__ = (
        CheckConstraint(one_of("noun", NOUNS), name="noun"),
        CheckConstraint("years BETWEEN 1 AND 100", name="years"),
        CheckConstraint("confirmed_by <> set_by", name="second_person"),
        Index(None, "scope", "noun", "id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    scope: Mapped[str] = mapped_column(String(16))
    noun: Mapped[str] = mapped_column(String(24))
    years: Mapped[int]
    basis: Mapped[str] = mapped_column(Text)
    set_by: Mapped[str] = mapped_column(Text)
    set_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    confirmed_by: Mapped[str | None] = mapped_column(Text)
    confirmed_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))


class LegalHold(RegionScoped, Base):
    """Nothing of the contract is erased while a hold stands: who ordered it, why, until when."""

    __tablename__ = "legal_holds"
    __table_args__ = (
        CheckConstraint(one_of("kind", HOLD_KINDS), name="kind"),
        CheckConstraint("version >= 1", name="version"),
        CheckConstraint("(released_at IS NULL) = (released_by IS NULL)", name="released"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    version: Mapped[int]
    contract_id: Mapped[UUID] = mapped_column(ForeignKey("contracts.id"), index=True)
    kind: Mapped[str] = mapped_column(String(16))
    reason: Mapped[str] = mapped_column(Text)
    document: Mapped[str | None] = mapped_column(Text)
    until: Mapped[date | None] = mapped_column(Date)
    placed_by: Mapped[str] = mapped_column(Text)
    placed_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    released_by: Mapped[str | None] = mapped_column(Text)
    released_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    release_reason: Mapped[str | None] = mapped_column(Text)


class Erasure(RegionScoped, Base):
    """What was erased, by which rule, when: it stays when the contract is gone, and names no content."""

    __tablename__ = "retention_erasures"
    __table_args__ = (CheckConstraint(one_of("noun", NOUNS), name="noun"), Index(None, "noun", "id"))

    id: Mapped[UUID] = mapped_column(primary_key=True)
    noun: Mapped[str] = mapped_column(String(24))
    about_id: Mapped[UUID] = mapped_column(index=True)
    simulated: Mapped[bool]
    rows: Mapped[dict[str, Any]] = mapped_column(JSONB)
    rule: Mapped[str] = mapped_column(Text)
    erased_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
