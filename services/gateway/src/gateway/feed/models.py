from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, DateTime, Identity, Index, Integer, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from gateway.base import Base
from shared.db import RegionScoped

__all__ = ["ScoreChange"]


class ScoreChange(RegionScoped, Base):
    """One event of the live stream: a change of a live score, or what was done about scores.

    A change of a score is known by contract, framework and version; everything else by its `key`.

    `position` is the event id of the stream. It is taken under a lock that lasts until the commit, so that rows become
    visible in the order of their positions: who has read up to one never misses a lower one. Numbers may be left out.
    """

    __tablename__ = "score_change"
    __table_args__ = (
        UniqueConstraint("contract_id", "framework_id", "version"),
        Index("uq_score_change_key", "key", unique=True),
    )

    position: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    event_id: Mapped[UUID]
    contract_id: Mapped[UUID]
    event: Mapped[str] = mapped_column(String(32), server_default=text("'score.updated'"))
    key: Mapped[str | None] = mapped_column(Text)
    framework_id: Mapped[str | None] = mapped_column(String(64))
    version: Mapped[int | None] = mapped_column(Integer)
    data: Mapped[str] = mapped_column(Text)
    stored_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), index=True)
