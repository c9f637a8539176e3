from datetime import datetime
from decimal import Decimal
from uuid import UUID

from sqlalchemy import CheckConstraint, DateTime, ForeignKey, Index, Numeric, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from scoring.base import Base
from shared.db import RegionScoped

__all__ = ["Determination"]


class Determination(RegionScoped, Base):
    """A signed act that pins one score row. Rows are only added: a correction is a new one that names the old."""

    __tablename__ = "determinations"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    contract_id: Mapped[UUID] = mapped_column(index=True)
    framework_id: Mapped[str] = mapped_column(String(64))
    framework_version: Mapped[str] = mapped_column(String(32))
    framework_hash: Mapped[str] = mapped_column(String(64))
    stage: Mapped[str] = mapped_column(String(16))
    score_version: Mapped[int]
    score: Mapped[Decimal] = mapped_column(Numeric(9, 6))
    grade: Mapped[str] = mapped_column(String(32))
    coverage: Mapped[Decimal] = mapped_column(Numeric(7, 6))
    content_hash: Mapped[str] = mapped_column(String(64))
    chain_hash: Mapped[str] = mapped_column(String(64))
    simulated: Mapped[bool]
    purchaser_id: Mapped[UUID | None]
    provider_id: Mapped[UUID | None] = mapped_column(index=True)
    evidence_cutoff: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    document_number: Mapped[str] = mapped_column(Text)
    signed_by: Mapped[str] = mapped_column(Text)
    issued_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    replaces: Mapped[UUID | None] = mapped_column(ForeignKey("determinations.id"))
    reason: Mapped[str | None] = mapped_column(Text)

    __table_args__ = (
        UniqueConstraint("replaces"),
        CheckConstraint("(replaces IS NULL) = (reason IS NULL)", name="reason"),
        Index(
            "uq_determinations_first",
            "contract_id",
            "framework_id",
            "stage",
            unique=True,
            postgresql_where=text("replaces IS NULL"),
        ),
    )
