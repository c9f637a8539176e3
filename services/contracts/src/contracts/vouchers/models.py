"""Tables of treasury vouchers: the files as they came, their lines, and the ledger entries that they prove."""

from datetime import date, datetime
from decimal import Decimal
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
from sqlalchemy.orm import Mapped, mapped_column

from contracts.base import Base, one_of
from shared.db import RegionScoped

__all__ = ["KINDS", "QUEUES", "Voucher", "VoucherFile", "VoucherMatch"]

KINDS = ("payment", "refund")
QUEUES = ("matched", "partlyMatched", "unmatched", "duplicate", "dismissed")

Money = Numeric(18, 2)


class VoucherFile(RegionScoped, Base):
    """A statement of the treasury for one month, with the total that the file itself states."""

    __tablename__ = "voucher_files"
    __table_args__ = (
        UniqueConstraint("region", "source", "content_hash"),
        CheckConstraint("lines >= 0", name="lines"),
        Index(None, "region", "source", "month"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    source: Mapped[str] = mapped_column(Text)
    month: Mapped[date] = mapped_column(Date)
    currency: Mapped[str] = mapped_column(String(3))
    total: Mapped[Decimal] = mapped_column(Money)
    lines: Mapped[int]
    content_hash: Mapped[str] = mapped_column(String(64))
    recorded_by: Mapped[str] = mapped_column(Text)
    recorded_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))


class Voucher(RegionScoped, Base):
    """A line of a statement. The queue tells what became of it; a number counts once per region and source."""

    __tablename__ = "vouchers"
    __table_args__ = (
        UniqueConstraint("file_id", "line"),
        CheckConstraint(one_of("kind", KINDS), name="kind"),
        CheckConstraint(one_of("queue", QUEUES), name="queue"),
        CheckConstraint("amount > 0", name="amount"),
        CheckConstraint("(queue = 'duplicate') = (duplicate_of IS NOT NULL)", name="duplicate"),
        CheckConstraint("queue <> 'dismissed' OR reason IS NOT NULL", name="dismissed"),
        CheckConstraint("version >= 1", name="version"),
        Index(
            "uq_vouchers_number_of_year",
            "region",
            "source",
            "number",
            text("EXTRACT(year FROM month)"),
            unique=True,
            postgresql_where=text("queue <> 'duplicate'"),
        ),
        Index(None, "queue", "id"),
        Index(None, "month", "id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    version: Mapped[int]
    file_id: Mapped[UUID] = mapped_column(ForeignKey("voucher_files.id"))
    line: Mapped[int]
    source: Mapped[str] = mapped_column(Text)
    month: Mapped[date] = mapped_column(Date)
    number: Mapped[str] = mapped_column(Text)
    kind: Mapped[str] = mapped_column(Text)
    amount: Mapped[Decimal] = mapped_column(Money)
    currency: Mapped[str] = mapped_column(String(3))
    paid_on: Mapped[date] = mapped_column(Date)
    contract_number: Mapped[str | None] = mapped_column(Text)
    payee: Mapped[str | None] = mapped_column(Text)
    note: Mapped[str | None] = mapped_column(Text)
    queue: Mapped[str] = mapped_column(Text)
    contract_id: Mapped[UUID | None] = mapped_column(ForeignKey("contracts.id"), index=True)
    duplicate_of: Mapped[UUID | None] = mapped_column(ForeignKey("vouchers.id"))
    reason: Mapped[str | None] = mapped_column(Text)
    resolved_by: Mapped[str | None] = mapped_column(Text)
    recorded_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    updated_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))


class VoucherMatch(Base):
    """A ledger entry that a voucher proves; an entry is proved by one voucher at most."""

    __tablename__ = "voucher_matches"

    entry_id: Mapped[UUID] = mapped_column(ForeignKey("ledger_entries.id"), primary_key=True)
    voucher_id: Mapped[UUID] = mapped_column(ForeignKey("vouchers.id"), index=True)
    matched_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
