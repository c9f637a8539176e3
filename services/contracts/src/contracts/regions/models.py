"""Changes of divisions that were recorded here: the codes change every year, and no release can keep up with them."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, Date, DateTime, Text, UniqueConstraint
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from contracts.base import Base, one_of

__all__ = ["CHANGE_KINDS", "County", "RegionChange"]

CHANGE_KINDS = ("recode", "merger", "split", "retirement")


class RegionChange(Base):
    """A division code that ended on a date, and the codes that took its place. National reference data, append-only."""

    __tablename__ = "region_changes"
    __table_args__ = (
        UniqueConstraint("code", "effective_on"),
        CheckConstraint(one_of("kind", CHANGE_KINDS), name="kind"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(Text)
    code: Mapped[str] = mapped_column(Text)
    name: Mapped[str | None] = mapped_column(Text)
    successors: Mapped[list[str]] = mapped_column(ARRAY(Text))
    effective_on: Mapped[date] = mapped_column(Date)
    document: Mapped[str] = mapped_column(Text)
    recorded_by: Mapped[str] = mapped_column(Text)
    recorded_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))


class County(Base):
    """A county by its six digits, as the tenant's own list of divisions names it. National reference data."""

    __tablename__ = "counties"

    code: Mapped[str] = mapped_column(Text, primary_key=True)
    name: Mapped[str] = mapped_column(Text)
    valid_from: Mapped[date | None] = mapped_column(Date)
    document: Mapped[str] = mapped_column(Text)
    recorded_by: Mapped[str] = mapped_column(Text)
    recorded_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
