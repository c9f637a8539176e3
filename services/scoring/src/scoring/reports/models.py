from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, DateTime, ForeignKey, Index, LargeBinary, String, Text, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSON
from sqlalchemy.orm import Mapped, mapped_column

from scoring.base import Base, one_of
from shared.db import RegionScoped

__all__ = ["KINDS", "LANGUAGES", "STATES", "Report", "ReportFile", "Seal"]

KINDS = ("contract", "annual")
STATES = ("queued", "ready")
LANGUAGES = ("zh", "en")


class ReportFile(Base):
    """A file by its SHA-256: a report as it was issued, a scan as it was uploaded. Read only through its owner."""

    __tablename__ = "report_files"

    sha256: Mapped[str] = mapped_column(String(64), primary_key=True)
    media_type: Mapped[str] = mapped_column(String(64))
    size: Mapped[int]
    content: Mapped[bytes] = mapped_column(LargeBinary, deferred=True)


class Report(RegionScoped, Base):
    """A numbered report. Once it is ready neither its figures nor its document change.

    A contract's report pins one determination by its id and content hash; an annual report is about a region and year.
    """

    __tablename__ = "reports"

    region: Mapped[str] = mapped_column(String(16))  # part of the index of (region, kind, year)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(16))
    number: Mapped[str] = mapped_column(String(100))
    language: Mapped[str] = mapped_column(String(8))
    state: Mapped[str] = mapped_column(String(16))
    simulated: Mapped[bool]
    contract_id: Mapped[UUID | None] = mapped_column(index=True)
    framework_id: Mapped[str | None] = mapped_column(String(64))
    determination_id: Mapped[UUID | None]
    content_hash: Mapped[str | None] = mapped_column(String(64))
    year: Mapped[int | None]
    figures: Mapped[dict[str, Any] | None] = mapped_column(JSON)
    document_sha256: Mapped[str | None] = mapped_column(ForeignKey("report_files.sha256"))
    issued_by: Mapped[str] = mapped_column(Text)
    issued_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    made_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))

    __table_args__ = (
        CheckConstraint(one_of("kind", KINDS), name="kind"),
        CheckConstraint(one_of("state", STATES), name="state"),
        CheckConstraint(one_of("language", LANGUAGES), name="language"),
        CheckConstraint(
            "CASE kind WHEN 'contract' THEN determination_id IS NOT NULL AND content_hash IS NOT NULL "
            "AND contract_id IS NOT NULL ELSE year IS NOT NULL END",
            name="about",
        ),
        CheckConstraint("(state = 'ready') = (document_sha256 IS NOT NULL)", name="document"),
        UniqueConstraint("region", "number"),
        Index(
            "uq_reports_determination_id",
            "determination_id",
            "language",
            unique=True,
            postgresql_where=text("determination_id IS NOT NULL"),
        ),
        Index("ix_reports_region_kind_year", "region", "kind", "year"),
    )


class Seal(RegionScoped, Base):
    """A scan of the sealed report, bound to the document that was sealed. Rows are only added; the newest counts.

    `binding` is SHA-256 of the text `<document sha256>:<scan sha256>`.
    """

    __tablename__ = "report_seals"

    region: Mapped[str] = mapped_column(String(16))  # no index of its own: a seal is read by its report
    id: Mapped[UUID] = mapped_column(primary_key=True)
    report_id: Mapped[UUID] = mapped_column(ForeignKey("reports.id"), index=True)
    document_sha256: Mapped[str] = mapped_column(String(64))
    scan_sha256: Mapped[str] = mapped_column(ForeignKey("report_files.sha256"))
    binding: Mapped[str] = mapped_column(String(64))
    replaces: Mapped[UUID | None] = mapped_column(ForeignKey("report_seals.id"))
    reason: Mapped[str | None] = mapped_column(Text)
    uploaded_by: Mapped[str] = mapped_column(Text)
    uploaded_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))

    __table_args__ = (
        UniqueConstraint("replaces"),
        CheckConstraint("(replaces IS NULL) = (reason IS NULL)", name="reason"),
        Index("uq_report_seals_first", "report_id", unique=True, postgresql_where=text("replaces IS NULL")),
    )
