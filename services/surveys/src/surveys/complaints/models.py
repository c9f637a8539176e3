"""Tables of the complaints. Contact data stand apart and sealed; the history only grows."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, DateTime, ForeignKey, Index, LargeBinary, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from shared.db import RegionScoped
from surveys.base import Base, one_of

__all__ = ["AUTHORS", "ENTRIES", "KINDS", "OUTCOMES", "SERVICE_CODES", "SEVERITIES", "Complaint", "Contact", "Entry"]

KINDS = ("complaint", "suggestion", "praise", "report")
SEVERITIES = ("low", "normal", "high", "urgent")
STATUSES = ("open", "closed")
OUTCOMES = ("resolved", "unconfirmed")
SERVICE_CODES = (
    "quality",
    "timeliness",
    "staff",
    "access",
    "information",
    "cost",
    "safety",
    "integrity",
    "other",
)
AUTHORS = ("citizen", "provider", "officer", "system")
ENTRIES = (
    "received",
    "triaged",
    "replied",
    "closed",
    "asked",
    "resolved",
    "not_resolved",
    "reopened",
    "unconfirmed",
    "contact_deleted",
)


class Complaint(RegionScoped, Base):
    """One case. Its texts are redacted before they are stored: numbers and addresses that name a person are not kept.

    The names of Open311 GeoReport v2 stand in the interface; here are ours. `code_key` is the HMAC of the receipt code,
    `ask_at` the next time that the citizen is asked whether the matter is settled, `replied_at` the first reply.
    """

    __tablename__ = "complaints"
    __table_args__ = (
        CheckConstraint(one_of("kind", KINDS), name="kind"),
        CheckConstraint(one_of("service_code", SERVICE_CODES), name="service_code"),
        CheckConstraint(one_of("severity", SEVERITIES), name="severity"),
        CheckConstraint(one_of("status", STATUSES), name="status"),
        CheckConstraint(one_of("outcome", OUTCOMES), name="outcome"),
        CheckConstraint("(status = 'closed') = (closed_at IS NOT NULL)", name="closed_at"),
        CheckConstraint("outcome IS NULL OR status = 'closed'", name="outcome_closed"),
        CheckConstraint("asked BETWEEN 0 AND 2 AND reopened >= 0 AND version >= 1", name="counts"),
        CheckConstraint("octet_length(code_key) = 32 AND octet_length(content_sha256) = 32", name="hashes"),
        Index("uq_complaints_code_key", "code_key", unique=True),
        Index(None, "contract_id", "requested_at", "id"),
        Index(None, "requested_at", "id"),
        Index("ix_complaints_ask_at", "ask_at", postgresql_where=text("ask_at IS NOT NULL")),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    version: Mapped[int]
    contract_id: Mapped[UUID] = mapped_column(ForeignKey("contracts.id"))
    simulated: Mapped[bool]
    code_key: Mapped[bytes] = mapped_column(LargeBinary)
    content_sha256: Mapped[bytes] = mapped_column(LargeBinary)
    kind: Mapped[str] = mapped_column(String(16))
    service_code: Mapped[str] = mapped_column(String(16))
    severity: Mapped[str] = mapped_column(String(16))
    language: Mapped[str | None] = mapped_column(String(35))
    description: Mapped[str] = mapped_column(Text)
    address: Mapped[str | None] = mapped_column(Text)
    status: Mapped[str] = mapped_column(String(16))
    status_notes: Mapped[str | None] = mapped_column(Text)
    outcome: Mapped[str | None] = mapped_column(String(16))
    asked: Mapped[int]
    reopened: Mapped[int]
    requested_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    updated_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    expected_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    replied_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    closed_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    ask_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))


class Entry(Base):
    """One step of a case's history: what happened, on whose side, with which (redacted) words."""

    __tablename__ = "complaint_entries"
    __table_args__ = (
        CheckConstraint(one_of("kind", ENTRIES), name="kind"),
        CheckConstraint(one_of("author", AUTHORS), name="author"),
        Index(None, "complaint_id", "id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    complaint_id: Mapped[UUID] = mapped_column(ForeignKey("complaints.id"))
    at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    kind: Mapped[str] = mapped_column(String(16))
    author: Mapped[str] = mapped_column(String(16))
    words: Mapped[str | None] = mapped_column(Text)


class Contact(Base):
    """How to reach the citizen: AES-256-GCM under a key that is not in the database. Deleted after the case."""

    __tablename__ = "complaint_contacts"

    complaint_id: Mapped[UUID] = mapped_column(ForeignKey("complaints.id"), primary_key=True)
    sealed: Mapped[bytes] = mapped_column(LargeBinary)
    delete_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True), index=True)
