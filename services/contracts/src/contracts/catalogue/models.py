"""Tables of the catalogue: editions of a jurisdiction, each a tree of items. National reference data."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, Date, DateTime, ForeignKey, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from contracts.base import Base, one_of

__all__ = ["EDITION_STATES", "CatalogueEdition", "CatalogueEntry"]

EDITION_STATES = ("draft", "approved")


class CatalogueEdition(Base):
    """An edition of the guiding catalogue. It is edited while a draft; approved by a second person it never changes."""

    __tablename__ = "catalogue_editions"
    __table_args__ = (
        UniqueConstraint("jurisdiction", "edition"),
        CheckConstraint(one_of("state", EDITION_STATES), name="state"),
        CheckConstraint("version >= 1", name="version"),
        CheckConstraint("(state = 'approved') = (approved_at IS NOT NULL)", name="approved"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    version: Mapped[int]
    jurisdiction: Mapped[str] = mapped_column(Text)
    edition: Mapped[str] = mapped_column(Text)
    state: Mapped[str] = mapped_column(Text)
    in_force_on: Mapped[date] = mapped_column(Date)
    source: Mapped[str] = mapped_column(Text)
    edited_by: Mapped[str] = mapped_column(Text)
    approved_by: Mapped[str | None] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    updated_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    approved_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))


class CatalogueEntry(Base):
    """An item of an edition. Its code begins with its parent's; the first letter is the part, A or B."""

    __tablename__ = "catalogue_entries"
    __table_args__ = (CheckConstraint("code ~ '^[AB][0-9]{2,7}$'", name="code"),)

    edition_id: Mapped[UUID] = mapped_column(ForeignKey("catalogue_editions.id"), primary_key=True)
    code: Mapped[str] = mapped_column(Text, primary_key=True)
    parent: Mapped[str | None] = mapped_column(Text)
    name: Mapped[str] = mapped_column(Text)
    name_en: Mapped[str | None] = mapped_column(Text)
