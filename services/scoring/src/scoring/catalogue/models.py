from datetime import date, datetime
from uuid import UUID

from sqlalchemy import Date, DateTime, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from scoring.base import Base

__all__ = ["CatalogueName"]


class CatalogueName(Base):
    """What an approved edition of the guiding catalogue calls a kind of service. National reference data.

    The contracts service owns the catalogue; an approved edition never changes, so neither does a row.
    """

    __tablename__ = "catalogue_names"

    code: Mapped[str] = mapped_column(String(16), primary_key=True)
    edition_id: Mapped[UUID] = mapped_column(primary_key=True)
    jurisdiction: Mapped[str] = mapped_column(String(16))
    in_force_on: Mapped[date] = mapped_column(Date)
    approved_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    name: Mapped[str] = mapped_column(Text)
    name_en: Mapped[str | None] = mapped_column(Text)
