"""Table of publications: when a contract, its copy for the supervisor, or its acceptance was made known."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, Date, DateTime, ForeignKey, Index, Text
from sqlalchemy.orm import Mapped, mapped_column

from contracts.base import Base, one_of
from shared.db import RegionScoped

__all__ = ["KINDS", "Publication"]

KINDS = ("contract", "copyFiled", "acceptance")


class Publication(RegionScoped, Base):
    """One publication or filing. A fact: it is never changed; of a kind the one recorded last counts."""

    __tablename__ = "contract_publications"
    __table_args__ = (
        CheckConstraint(one_of("kind", KINDS), name="kind"),
        Index(None, "contract_id", "id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    contract_id: Mapped[UUID] = mapped_column(ForeignKey("contracts.id"))
    kind: Mapped[str] = mapped_column(Text)
    published_on: Mapped[date] = mapped_column(Date)
    reference: Mapped[str | None] = mapped_column(Text)
    recorded_by: Mapped[str] = mapped_column(Text)
    recorded_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
