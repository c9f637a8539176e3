"""Table of the agreed payment terms: one row per contract."""

from datetime import datetime
from decimal import Decimal
from uuid import UUID

from sqlalchemy import CheckConstraint, DateTime, ForeignKey, Numeric, Text
from sqlalchemy.orm import Mapped, mapped_column

from contracts.base import Base, one_of
from shared.db import RegionScoped

__all__ = ["BASES", "PaymentTerms"]

BASES = ("acceptance", "delivery")


class PaymentTerms(RegionScoped, Base):
    """What a contract says about the time of payment; what it leaves open comes from the parameters."""

    __tablename__ = "payment_terms"
    __table_args__ = (
        CheckConstraint(one_of("basis", BASES), name="basis"),
        CheckConstraint("days > 0 AND acceptance_days >= 0", name="days"),
        CheckConstraint("daily_rate >= 0 AND lpr_annual >= 0", name="rates"),
        CheckConstraint("version >= 1", name="version"),
    )

    contract_id: Mapped[UUID] = mapped_column(ForeignKey("contracts.id"), primary_key=True)
    version: Mapped[int]
    small_enterprise: Mapped[bool]
    basis: Mapped[str] = mapped_column(Text)
    days: Mapped[int | None]
    acceptance_days: Mapped[int | None]
    daily_rate: Mapped[Decimal | None] = mapped_column(Numeric(9, 8))
    lpr_annual: Mapped[Decimal | None] = mapped_column(Numeric(9, 8))
    updated_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
