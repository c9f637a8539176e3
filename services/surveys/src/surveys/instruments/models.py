"""The instruments that waves used."""

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, DateTime, String, UniqueConstraint
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from surveys.base import Base

__all__ = ["StoredInstrument"]


class StoredInstrument(Base):
    """An instrument as it was when a wave first used it; never changed (a trigger refuses it); national data."""

    __tablename__ = "instruments"
    __table_args__ = (UniqueConstraint("id", "version"), CheckConstraint("length(sha256) = 64", name="sha256"))

    sha256: Mapped[str] = mapped_column(String(64), primary_key=True)
    id: Mapped[str] = mapped_column(String(48))
    version: Mapped[str] = mapped_column(String(32))
    document: Mapped[dict[str, Any]] = mapped_column(JSONB)
    stored_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
