from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, DateTime, Index, String, Text
from sqlalchemy.dialects.postgresql import JSON
from sqlalchemy.orm import Mapped, mapped_column

from scoring.base import Base, one_of

__all__ = ["STATES", "FrameworkRegistry", "FrameworkVersion"]

STATES = ("draft", "submitted", "approved", "retired")


class FrameworkVersion(Base):
    """One version of a framework that a region registered, with the acts that brought it into force.

    It is not region-scoped: approved and retired versions are public, and `scope` says where a version applies
    (`CN-23`: the whole province). Once it is approved the document never changes.
    """

    __tablename__ = "framework_versions"

    framework_id: Mapped[str] = mapped_column(String(64), primary_key=True)
    framework_version: Mapped[str] = mapped_column(String(32), primary_key=True)
    version: Mapped[int]
    scope: Mapped[str] = mapped_column(String(16))
    state: Mapped[str] = mapped_column(String(16))
    hash: Mapped[str] = mapped_column(String(64))
    document: Mapped[dict[str, Any]] = mapped_column(JSON)
    reason: Mapped[str] = mapped_column(Text)
    created_by: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    submitted_by: Mapped[str | None] = mapped_column(Text)
    submitted_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    returned_reason: Mapped[str | None] = mapped_column(Text)
    approved_by: Mapped[str | None] = mapped_column(Text)
    approved_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    approval_reason: Mapped[str | None] = mapped_column(Text)
    targets_reason: Mapped[str | None] = mapped_column(Text)
    retired_by: Mapped[str | None] = mapped_column(Text)
    retired_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    retirement_reason: Mapped[str | None] = mapped_column(Text)
    replaced_by: Mapped[str | None] = mapped_column(String(100))
    """`id@version` of what takes a retired version's place, where something does."""

    __table_args__ = (
        CheckConstraint(one_of("state", STATES), name="state"),
        CheckConstraint(
            "(state IN ('approved', 'retired')) = (approved_by IS NOT NULL) AND "
            "(state = 'draft') = (submitted_by IS NULL) AND (state = 'retired') = (retired_by IS NOT NULL)",
            name="acts",
        ),
        CheckConstraint("approved_by <> created_by AND approved_by <> submitted_by", name="second_person"),
        Index("ix_framework_versions_scope", "scope"),
    )


class FrameworkRegistry(Base):
    """One row: a stamp that changes whenever what is in force changes, so that processes know when to read again."""

    __tablename__ = "framework_registry"

    one: Mapped[bool] = mapped_column(primary_key=True)
    stamp: Mapped[UUID]

    __table_args__ = (CheckConstraint("one", name="one"),)
