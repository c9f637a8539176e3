"""Tables of a contract's structure: parts of the contract aggregate, reached through it only, so without a region.

Shares are per cent and sum to exactly 100 (per side of the members, over the regions). `share_before` is the sum of the
shares that stand before a row: with it the money of a share is exact to the cent and all of a contract's shares sum to
its value (`contracts.structure.shares`).
"""

from datetime import datetime
from decimal import Decimal
from uuid import UUID

from sqlalchemy import CheckConstraint, DateTime, ForeignKey, Index, Numeric, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from contracts.base import Base, one_of

__all__ = ["Confirmation", "Lot", "Member", "RegionShare"]

SIDES = ("purchaser", "provider")
ENDS = ("withdrawn", "lapsed")

Money = Numeric(18, 2)
Figure = Numeric(24, 8)


class Lot(Base):
    """A lot (分包): a part of what is bought, with its own value; the values of all sum to the contract's."""

    __tablename__ = "contract_lots"
    __table_args__ = (
        UniqueConstraint("contract_id", "code"),
        CheckConstraint("value >= 0", name="value"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    contract_id: Mapped[UUID] = mapped_column(ForeignKey("contracts.id"))
    position: Mapped[int]
    code: Mapped[str] = mapped_column(Text)
    title: Mapped[str] = mapped_column(Text)
    description: Mapped[str | None] = mapped_column(Text)
    value: Mapped[Decimal] = mapped_column(Money)


class Member(Base):
    """One of several purchasers or joint providers (联合体), with its share of the money; one leads a side."""

    __tablename__ = "contract_members"
    __table_args__ = (
        CheckConstraint(one_of("side", SIDES), name="side"),
        CheckConstraint("share >= 0 AND share <= 100 AND share_before >= 0 AND share_before <= 100", name="share"),
        Index("ix_contract_members_contract_id_side", "contract_id", "side", "position"),
        Index(
            "uq_contract_members_contract_id_side_lead",
            "contract_id",
            "side",
            unique=True,
            postgresql_where=text("lead"),
        ),
        Index("ix_contract_members_organisation_id", "organisation_id", "contract_id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    contract_id: Mapped[UUID] = mapped_column(ForeignKey("contracts.id"))
    side: Mapped[str] = mapped_column(Text)
    position: Mapped[int]
    organisation_id: Mapped[UUID] = mapped_column(ForeignKey("organisations.id"))
    share: Mapped[Decimal] = mapped_column(Figure)
    share_before: Mapped[Decimal] = mapped_column(Figure)
    lead: Mapped[bool]


class RegionShare(Base):
    """A region that has a share of the contract's money; the contract's own region is asked for like any other."""

    __tablename__ = "contract_regions"
    __table_args__ = (
        CheckConstraint("share >= 0 AND share <= 100 AND share_before >= 0 AND share_before <= 100", name="share"),
        Index("ix_contract_regions_region_code", "region_code", "contract_id"),
    )

    contract_id: Mapped[UUID] = mapped_column(ForeignKey("contracts.id"), primary_key=True)
    region_code: Mapped[str] = mapped_column(String(16), primary_key=True)
    position: Mapped[int]
    share: Mapped[Decimal] = mapped_column(Figure)
    share_before: Mapped[Decimal] = mapped_column(Figure)


class Confirmation(Base):
    """A party's confirmation of the terms with this hash: the contract's, or those of the matter `about_id`.

    A matter is an amendment or a settlement, to which every party agrees as it agreed to the contract. A confirmation
    stands until `ended_at`: withdrawn by the party that gave it, or lapsed, because another withdrew its own, a party
    was succeeded, or the matter was withdrawn, so that the terms may change.
    """

    __tablename__ = "contract_confirmations"
    __table_args__ = (
        CheckConstraint(one_of("side", SIDES), name="side"),
        CheckConstraint(one_of("ended_as", ENDS), name="ended_as"),
        CheckConstraint("(ended_at IS NULL) = (ended_as IS NULL)", name="ended"),
        CheckConstraint("terms_sha256 ~ '^[0-9a-f]{64}$'", name="terms_sha256"),
        Index("ix_contract_confirmations_contract_id", "contract_id", "id"),
        Index(
            "uq_contract_confirmations_standing",
            "contract_id",
            "side",
            "organisation_id",
            "about_id",
            unique=True,
            postgresql_where=text("ended_at IS NULL"),
            postgresql_nulls_not_distinct=True,
        ),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    contract_id: Mapped[UUID] = mapped_column(ForeignKey("contracts.id"))
    side: Mapped[str] = mapped_column(Text)
    organisation_id: Mapped[UUID] = mapped_column(ForeignKey("organisations.id"))
    about_id: Mapped[UUID | None]
    terms_sha256: Mapped[str] = mapped_column(String(64))
    confirmed_by: Mapped[str] = mapped_column(Text)
    confirmed_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    ended_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    ended_as: Mapped[str | None] = mapped_column(Text)
    ended_by: Mapped[str | None] = mapped_column(Text)
    reason: Mapped[str | None] = mapped_column(Text)
