"""Tables of the register: its rows that have a day, what people added to them, calendar feeds, the sweep's place.

A row is derived from the contract and can be made anew at any time; what cannot (proofs, waivers, notices that were
given) is kept in columns or tables of its own.
"""

from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Date,
    DateTime,
    ForeignKey,
    Index,
    Numeric,
    String,
    Text,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from contracts.base import Base, one_of
from shared.db import RegionScoped

__all__ = ["FINANCE", "NATURES", "SIDES", "CalendarFeed", "Obligation", "ObligationAct", "ObligationPosition"]

SIDES = ("purchaser", "provider", "evaluator", "beneficiary", "finance")
NATURES = ("duty", "right")
ACTS = ("proof", "waiver")
# Neither fulfilled nor waived, still to be done, and the last notice not given.
_UNTOLD = "nature = 'duty' AND done_on IS NULL AND NOT waived AND NOT lapsed AND overdue_told IS DISTINCT FROM due_on"
# What the finance department of a region does or watches over: its own duties, payments that are owed, alerts.
FINANCE = "side = 'finance' OR (side = 'purchaser' AND nature = 'duty' AND (code LIKE 'pay:%' OR code LIKE 'alert:%'))"


class Obligation(RegionScoped, Base):
    """A right or duty with a last day. `id` is made of contract and code, so that making it anew finds the same row.

    `amount` is the money that it is about, in the contract's currency.
    `lapsed`: the contract ended and it can no longer be done; it stays undone. `due_told` and `overdue_told` are the
    last days that notice was given for.
    """

    __tablename__ = "obligations"
    __table_args__ = (
        CheckConstraint(one_of("side", SIDES), name="side"),
        CheckConstraint(one_of("nature", NATURES), name="nature"),
        Index(None, "contract_id"),
        Index("ix_obligations_organisation_id_due_on_id", "organisation_id", "due_on", "id"),
        Index("ix_obligations_finance", "due_on", "id", postgresql_where=text(FINANCE)),
        Index("ix_obligations_untold", "due_on", "id", postgresql_where=text(_UNTOLD)),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    contract_id: Mapped[UUID] = mapped_column(ForeignKey("contracts.id"))
    code: Mapped[str] = mapped_column(Text)
    side: Mapped[str] = mapped_column(Text)
    organisation_id: Mapped[UUID | None]
    nature: Mapped[str] = mapped_column(Text)
    text_zh: Mapped[str] = mapped_column(Text)
    text_en: Mapped[str] = mapped_column(Text)
    about: Mapped[str | None] = mapped_column(Text)
    amount: Mapped[Decimal | None] = mapped_column(Numeric(18, 2))
    rule: Mapped[str | None] = mapped_column(Text)
    source: Mapped[str | None] = mapped_column(Text)
    confidence: Mapped[str] = mapped_column(Text)
    due_on: Mapped[date] = mapped_column(Date)
    done_on: Mapped[date | None] = mapped_column(Date)
    proof_kind: Mapped[str | None] = mapped_column(Text)
    proof_id: Mapped[UUID | None]
    waived: Mapped[bool]
    lapsed: Mapped[bool]
    simulated: Mapped[bool]
    due_told: Mapped[date | None] = mapped_column(Date)
    overdue_told: Mapped[date | None] = mapped_column(Date)
    refreshed_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))


class ObligationAct(RegionScoped, Base):
    """What people said about a right or duty: that it was done (with a document), or that it is waived.

    A waiver has no effect until a second person has approved it.
    """

    __tablename__ = "obligation_acts"
    __table_args__ = (
        CheckConstraint(one_of("kind", ACTS), name="kind"),
        CheckConstraint("approved_by <> recorded_by", name="two_persons"),
        CheckConstraint("(approved_by IS NULL) = (approved_at IS NULL)", name="approval"),
        CheckConstraint("kind = 'waiver' OR (done_on IS NOT NULL AND approved_by IS NULL)", name="proof"),
        Index(None, "contract_id", "id"),
        Index(
            "uq_obligation_acts_obligation_id_waiver",
            "obligation_id",
            unique=True,
            postgresql_where=text("kind = 'waiver'"),
        ),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    contract_id: Mapped[UUID] = mapped_column(ForeignKey("contracts.id"))
    obligation_id: Mapped[UUID]
    kind: Mapped[str] = mapped_column(Text)
    done_on: Mapped[date | None] = mapped_column(Date)
    reason: Mapped[str] = mapped_column(Text)
    document_sha256: Mapped[str | None] = mapped_column(String(64))
    recorded_by: Mapped[str] = mapped_column(Text)
    recorded_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    approved_by: Mapped[str | None] = mapped_column(Text)
    approved_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))


class CalendarFeed(Base):
    """A calendar address of an organisation, or of the finance department of a region (`finance_of`).

    Calendar programs send no token: the address itself holds a secret, of which only the hash is stored. `regions` is
    the scope of who made it: the feed shows no more. National like the organisation, so that it has no region of its
    own.
    """

    __tablename__ = "calendar_feeds"
    __table_args__ = (
        CheckConstraint("length(secret_sha256) = 64", name="secret"),
        CheckConstraint("(revoked_at IS NULL) = (revoked_by IS NULL)", name="revoked"),
        CheckConstraint("num_nonnulls(organisation_id, finance_of) = 1", name="whose"),
        Index(None, "organisation_id", "id"),
        Index(None, "finance_of", "id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    organisation_id: Mapped[UUID | None] = mapped_column(ForeignKey("organisations.id"))
    finance_of: Mapped[str | None] = mapped_column(String(16))
    secret_sha256: Mapped[str] = mapped_column(String(64), unique=True)
    language: Mapped[str] = mapped_column(String(2))
    regions: Mapped[list[str]] = mapped_column(ARRAY(Text))
    note: Mapped[str | None] = mapped_column(Text)
    created_by: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    revoked_by: Mapped[str | None] = mapped_column(Text)
    revoked_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))


class ObligationPosition(Base):
    """How far the sweep has read the log of changes: one row."""

    __tablename__ = "obligation_position"
    __table_args__ = (CheckConstraint("id = 1", name="one_row"),)

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    epoch: Mapped[int]
    xid: Mapped[int] = mapped_column(BigInteger)
    n: Mapped[int] = mapped_column(BigInteger)
