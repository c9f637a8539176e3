"""Table of documents: what they are, where they lie, and the hash by which anybody can tell that it is the same one."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, Date, DateTime, ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from contracts.base import Base, one_of
from shared.db import RegionScoped

__all__ = ["ABOUT", "STORAGE", "Document"]

ABOUT = (
    "contract",
    "amendment",
    "milestone",
    "acceptance",
    "ledger",
    "subcontract",
    "failure",
    "settlement",
    "inspection",
    "finding",
    "correction",
)
STORAGE = ("reference", "awaited", "stored", "erased")


class Document(RegionScoped, Base):
    """A document about a contract or about one of its parts (`about`, `about_id`).

    `storage`: reference (it lies elsewhere, under `url` or in a file room), awaited (a place in our store was given
    out, the content has not come), stored, erased (its period was over: content and texts are gone, the
    hash stays). A document is never changed: a later one names the one it supersedes.
    """

    __tablename__ = "documents"
    __table_args__ = (
        CheckConstraint(one_of("about", ABOUT), name="about"),
        CheckConstraint("(about = 'contract') = (about_id IS NULL)", name="about_id"),
        CheckConstraint(one_of("storage", STORAGE), name="storage"),
        CheckConstraint("size_bytes >= 0", name="size"),
        CheckConstraint("sha256 ~ '^[0-9a-f]{64}$'", name="sha256"),
        Index(None, "contract_id", "id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    contract_id: Mapped[UUID] = mapped_column(ForeignKey("contracts.id"))
    document_type: Mapped[str] = mapped_column(Text)
    title: Mapped[str] = mapped_column(Text)
    description: Mapped[str | None] = mapped_column(Text)
    sha256: Mapped[str] = mapped_column(String(64), index=True)
    media_type: Mapped[str | None] = mapped_column(Text)
    size_bytes: Mapped[int | None] = mapped_column(BigInteger)
    url: Mapped[str | None] = mapped_column(Text)
    language: Mapped[str | None] = mapped_column(Text)
    dated_on: Mapped[date | None] = mapped_column(Date)
    about: Mapped[str] = mapped_column(Text)
    about_id: Mapped[UUID | None]
    storage: Mapped[str] = mapped_column(Text)
    supersedes: Mapped[UUID | None] = mapped_column(ForeignKey("documents.id"), unique=True)
    recorded_by: Mapped[str] = mapped_column(Text)
    recorded_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    stored_by: Mapped[str | None] = mapped_column(Text)
    stored_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    withdrawn_by: Mapped[str | None] = mapped_column(Text)
    withdrawn_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    withdrawal_reason: Mapped[str | None] = mapped_column(Text)
