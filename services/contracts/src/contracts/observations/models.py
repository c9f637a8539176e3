"""Table of observations: facts, never changed; a correction is a new row that names the one it supersedes."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, Date, DateTime, ForeignKey, Index, Numeric, String, Text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from contracts.base import Base
from shared.db import RegionScoped

__all__ = ["Observation", "ObservationWithdrawal"]


class Observation(RegionScoped, Base):
    """An actual value of an agreed indicator, in the indicator's unit, on a date.

    `combined` says of a value of the whole that was made from those of its parts: of which, by which rule, from which.
    """

    __tablename__ = "observations"
    __table_args__ = (
        CheckConstraint("document_sha256 ~ '^[0-9a-f]{64}$'", name="document_sha256"),
        Index(None, "contract_id", "id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    contract_id: Mapped[UUID] = mapped_column(ForeignKey("contracts.id"))
    indicator_id: Mapped[UUID] = mapped_column(ForeignKey("contract_indicators.id"), index=True)
    value: Mapped[Decimal] = mapped_column(Numeric(24, 8))
    observed_on: Mapped[date] = mapped_column(Date)
    document_sha256: Mapped[str | None] = mapped_column(String(64))
    note: Mapped[str | None] = mapped_column(Text)
    supersedes: Mapped[UUID | None] = mapped_column(ForeignKey("observations.id"), unique=True)
    lot_id: Mapped[UUID | None] = mapped_column(ForeignKey("contract_lots.id"))
    call_off_id: Mapped[UUID | None] = mapped_column(ForeignKey("contracts.id"))
    member_id: Mapped[UUID | None] = mapped_column(ForeignKey("contract_members.id"))
    combined: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    recorded_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))


class ObservationWithdrawal(Base):
    """An observation that an import recorded by mistake and that was taken back: nothing counts it any more."""

    __tablename__ = "observation_withdrawals"

    observation_id: Mapped[UUID] = mapped_column(ForeignKey("observations.id"), primary_key=True)
    contract_id: Mapped[UUID] = mapped_column(ForeignKey("contracts.id"), index=True)
    withdrawn_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
