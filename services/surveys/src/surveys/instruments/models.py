"""The instruments that were uploaded or that waves used."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, DateTime, String, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from surveys.base import Base, one_of

__all__ = ["ORIGINS", "StoredInstrument"]

ORIGINS = ("shipped", "uploaded")


class StoredInstrument(Base):
    """An instrument as it was uploaded, or as it was when a wave first used it; national data.

    Never changed (a trigger refuses it): a corrected questionnaire is a new version. `organisation_id` is the tenant
    that uploaded it; null for a shipped one and for one that an operator without an organisation uploaded.
    """

    __tablename__ = "instruments"
    __table_args__ = (
        UniqueConstraint("id", "version"),
        CheckConstraint("length(sha256) = 64", name="sha256"),
        CheckConstraint(
            f"{one_of('origin', ORIGINS)} AND (organisation_id IS NULL OR origin = 'uploaded')", name="origin"
        ),
    )

    sha256: Mapped[str] = mapped_column(String(64), primary_key=True)
    id: Mapped[str] = mapped_column(String(48))
    version: Mapped[str] = mapped_column(String(32))
    document: Mapped[dict[str, Any]] = mapped_column(JSONB)
    stored_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    origin: Mapped[str] = mapped_column(String(16), server_default=text("'shipped'"))
    organisation_id: Mapped[UUID | None]
