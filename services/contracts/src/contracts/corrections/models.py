"""The table of corrections: what stood, what stands instead, why, the proof, and the two persons."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, DateTime, ForeignKey, Index, String, Text, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from contracts.base import Base, one_of
from shared.db import RegionScoped

__all__ = ["STATES", "Correction"]

STATES = ("requested", "approved", "rejected")


class Correction(RegionScoped, Base):
    """A correction of one term. `old` and `new` hold the value as JSON, money and figures as text.

    `act_id` names the act in three hands that it came by; it is approved then by whoever signed. `version` is the
    contract's version that holds the new value.
    """

    __tablename__ = "contract_corrections"
    __table_args__ = (
        CheckConstraint(one_of("state", STATES), name="state"),
        CheckConstraint("(state = 'requested') = (decided_at IS NULL)", name="decision"),
        CheckConstraint("(state = 'approved') = (version IS NOT NULL)", name="version"),
        CheckConstraint("state <> 'approved' OR decided_by <> requested_by", name="two_persons"),
        Index(None, "contract_id", "id"),
        # A term has one correction that waits: the second one would not find the old value any more.
        Index(
            "uq_contract_corrections_waiting",
            "contract_id",
            "field",
            unique=True,
            postgresql_where=text("state = 'requested'"),
        ),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    contract_id: Mapped[UUID] = mapped_column(ForeignKey("contracts.id"))
    field: Mapped[str] = mapped_column(Text)
    old: Mapped[Any | None] = mapped_column(JSONB)
    new: Mapped[Any | None] = mapped_column(JSONB)
    reason: Mapped[str] = mapped_column(Text)
    proof_sha256: Mapped[str] = mapped_column(String(64))
    proof_title: Mapped[str | None] = mapped_column(Text)
    state: Mapped[str] = mapped_column(Text)
    act_id: Mapped[UUID | None]
    requested_by: Mapped[str] = mapped_column(Text)
    requested_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    decided_by: Mapped[str | None] = mapped_column(Text)
    decided_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    decision_note: Mapped[str | None] = mapped_column(Text)
    version: Mapped[int | None]
