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
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from contracts.base import Base, one_of
from shared.db import RegionScoped

__all__ = ["KINDS", "MADE_BY", "QUEUES", "Voucher", "VoucherFile", "VoucherMatch", "VoucherUnmatching"]

KINDS = ("payment", "refund")
QUEUES = ("matched", "partlyMatched", "unmatched", "duplicate", "dismissed")
MADE_BY = ("number", "hand", "booking")
UNMATCHING_STATES = ("requested", "done", "rejected")

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
    """A ledger entry that a voucher proves; an entry is proved by one voucher at most.

    `made_by`: number (the entry has the voucher's number), hand, or booking (the voucher was booked as this entry). A
    match that was taken back names its unmatching and counts no more; nothing else of it changes (a trigger refuses).
    """

    __tablename__ = "voucher_matches"
    __table_args__ = (
        CheckConstraint(one_of("made_by", MADE_BY), name="made_by"),
        Index("uq_voucher_matches_standing", "entry_id", unique=True, postgresql_where=text("unmatching_id IS NULL")),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, server_default=text("gen_random_uuid()"))
    entry_id: Mapped[UUID] = mapped_column(ForeignKey("ledger_entries.id"), index=True)
    voucher_id: Mapped[UUID] = mapped_column(ForeignKey("vouchers.id"), index=True)
    made_by: Mapped[str] = mapped_column(Text, server_default="number")
    unmatching_id: Mapped[UUID | None] = mapped_column(ForeignKey("voucher_unmatchings.id"))
    matched_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))


class VoucherUnmatching(RegionScoped, Base):
    """A request to take matches of a voucher back, and what a second person decided about it."""

    __tablename__ = "voucher_unmatchings"
    __table_args__ = (
        CheckConstraint("cardinality(entry_ids) > 0", name="entries"),
        CheckConstraint(one_of("state", UNMATCHING_STATES), name="state"),
        CheckConstraint(
            "(state = 'requested') = (decided_by IS NULL) AND (decided_by IS NULL) = (decided_at IS NULL)",
            name="decided",
        ),
        CheckConstraint("state <> 'done' OR decided_by <> requested_by", name="two_persons"),
        Index(
            "uq_voucher_unmatchings_requested",
            "voucher_id",
            unique=True,
            postgresql_where=text("state = 'requested'"),
        ),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    voucher_id: Mapped[UUID] = mapped_column(ForeignKey("vouchers.id"), index=True)
    entry_ids: Mapped[list[UUID]] = mapped_column(ARRAY(Uuid))
    reopens_month: Mapped[bool]
    state: Mapped[str] = mapped_column(Text)
    reason: Mapped[str] = mapped_column(Text)
    requested_by: Mapped[str] = mapped_column(Text)
    requested_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    decided_by: Mapped[str | None] = mapped_column(Text)
    decided_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    note: Mapped[str | None] = mapped_column(Text)
