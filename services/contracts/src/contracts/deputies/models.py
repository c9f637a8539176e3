"""Tables of deputies and of the persons named for a contract. Persons are subjects of tokens, never names."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, Date, DateTime, ForeignKey, Index, String, Text, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from contracts.base import Base, one_of
from shared.db import RegionScoped

__all__ = ["DUTIES", "Deputy", "Responsibility"]

# 经办, 审核, 签发, 监管, 联络
DUTIES = ("handler", "reviewer", "signer", "supervisor", "contact")


class Deputy(Base):
    """From a day to a day one person may act for another, in some actions, in a region with everything below it.

    Who may see it is decided by its two persons and by `scope`, which may be wider than a reader's regions.
    """

    __tablename__ = "deputies"
    __table_args__ = (
        CheckConstraint("deputy <> subject", name="other_person"),
        CheckConstraint("ends_on >= starts_on", name="period"),
        CheckConstraint("(revoked_at IS NULL) = (revoked_by IS NULL)", name="revocation"),
        Index(None, "deputy", "ends_on"),
        Index(None, "subject", "ends_on"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    subject: Mapped[str] = mapped_column(Text)
    deputy: Mapped[str] = mapped_column(Text)
    scope: Mapped[str] = mapped_column(String(16))
    actions: Mapped[list[str]] = mapped_column(ARRAY(Text))
    starts_on: Mapped[date] = mapped_column(Date)
    ends_on: Mapped[date] = mapped_column(Date)
    reason: Mapped[str] = mapped_column(Text)
    named_by: Mapped[str] = mapped_column(Text)
    named_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    revoked_by: Mapped[str | None] = mapped_column(Text)
    revoked_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    revocation_reason: Mapped[str | None] = mapped_column(Text)


class Responsibility(RegionScoped, Base):
    """Who answers for a duty in a contract, from when until when; one person a duty at a time."""

    __tablename__ = "contract_responsibilities"
    __table_args__ = (
        CheckConstraint(one_of("duty", DUTIES), name="duty"),
        CheckConstraint("(ended_at IS NULL) = (ended_by IS NULL)", name="end"),
        Index(
            "uq_contract_responsibilities_standing",
            "contract_id",
            "duty",
            unique=True,
            postgresql_where=text("ended_at IS NULL"),
        ),
        Index("ix_contract_responsibilities_subject", "subject", postgresql_where=text("ended_at IS NULL")),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    contract_id: Mapped[UUID] = mapped_column(ForeignKey("contracts.id"))
    duty: Mapped[str] = mapped_column(Text)
    subject: Mapped[str] = mapped_column(Text)
    named_by: Mapped[str] = mapped_column(Text)
    named_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    ended_by: Mapped[str | None] = mapped_column(Text)
    ended_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    handover_id: Mapped[UUID | None]
