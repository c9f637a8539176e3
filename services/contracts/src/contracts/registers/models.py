"""The registers' sums: what published contracts add up to, kept by triggers, so that totals need not read contracts.

Each change of a contract, a payment or a refund adds a row of differences (migration 0013); nothing is updated, so that
two writers never wait for one another. A total is the sum of the rows; a job folds rows of one key into one
(`contracts.registers.service`). Money is not rounded here: a share of a region may have more than two decimals.
"""

from decimal import Decimal
from uuid import UUID

from sqlalchemy import BigInteger, Identity, Index, Numeric, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from contracts.base import Base
from shared.db import RegionScoped

__all__ = ["ParticipationSum", "RegionSum"]


class RegionSum(RegionScoped, Base):
    """Differences of the contracts and the money of one region, currency and year of signature (null: no date)."""

    __tablename__ = "region_sums"
    __table_args__ = (Index(None, "region", "currency", "year"),)

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    currency: Mapped[str] = mapped_column(String(3))
    year: Mapped[int | None]
    contracts: Mapped[int]
    ended: Mapped[int]
    simulated: Mapped[int]
    value: Mapped[Decimal] = mapped_column(Numeric)
    paid: Mapped[Decimal] = mapped_column(Numeric)


class ParticipationSum(RegionScoped, Base):
    """Differences of the number of published contracts that an organisation has in a role, a region and a year."""

    __tablename__ = "participation_sums"
    __table_args__ = (Index(None, "region", "role", "organisation_id", "year"),)

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    role: Mapped[str] = mapped_column(Text)
    organisation_id: Mapped[UUID]
    year: Mapped[int]
    contracts: Mapped[int]
