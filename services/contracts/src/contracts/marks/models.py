"""The table of disclosure marks."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, Date, DateTime, ForeignKey, Index, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from contracts.base import Base, one_of
from contracts.disclosure.queries import FIELDS, LEVELS, SUBJECTS
from shared.db import RegionScoped

__all__ = ["DisclosureMark"]


class DisclosureMark(RegionScoped, Base):
    """A level above `public` of a contract, one of its fields or one of its documents.

    It counts from its setting on, until it is ended or its last day has passed; a second person reviews it. What has
    no mark in force is public. `target` is `*` for the contract, a field's code, or the SHA-256 of a document.
    """

    __tablename__ = "disclosure_marks"
    __table_args__ = (
        CheckConstraint(one_of("subject", SUBJECTS), name="subject"),
        CheckConstraint(one_of("level", LEVELS), name="level"),
        CheckConstraint(f"subject <> 'field' OR {one_of('target', tuple(FIELDS))}", name="field"),
        CheckConstraint("(subject = 'contract') = (target = '*')", name="target"),
        CheckConstraint("reviewed_by <> set_by", name="second_person"),
        CheckConstraint("version >= 1", name="version"),
        Index(
            "uq_disclosure_marks_standing",
            "contract_id",
            "subject",
            "target",
            unique=True,
            postgresql_where=text("ended_at IS NULL"),
        ),
        Index(None, "until"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    version: Mapped[int]
    contract_id: Mapped[UUID] = mapped_column(ForeignKey("contracts.id"), index=True)
    subject: Mapped[str] = mapped_column(String(16))
    target: Mapped[str] = mapped_column(String(64))
    level: Mapped[str] = mapped_column(String(24))
    basis: Mapped[str] = mapped_column(Text)
    until: Mapped[date | None] = mapped_column(Date)
    set_by: Mapped[str] = mapped_column(Text)
    set_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    reviewed_by: Mapped[str | None] = mapped_column(Text)
    reviewed_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    ended_by: Mapped[str | None] = mapped_column(Text)
    ended_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    end_reason: Mapped[str | None] = mapped_column(Text)
