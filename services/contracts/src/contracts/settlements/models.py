"""Table of settlements."""

from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, DateTime, ForeignKey, Index, Numeric, String, Text, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from contracts.base import Base, one_of
from shared.db import RegionScoped

__all__ = ["FAULTS", "GROUNDS", "STATES", "Settlement"]

STATES = ("proposed", "agreed", "ordered", "settled", "withdrawn")
GROUNDS = ("mutualAgreement", "providerDefault", "purchaserDefault", "publicInterest", "forceMajeure", "other")
FAULTS = ("none", "purchaser", "provider", "both")
Money = Numeric(18, 2)


class Settlement(RegionScoped, Base):
    """How a terminated contract's money ends; a contract has one that was not withdrawn.

    `lines` are both sides' claims; each gets the id of its ledger entry when both sides have confirmed (agreed) or one
    side was ordered to (ordered). `final_value` is what was paid net of refunds once nothing is owed (settled).
    """

    __tablename__ = "settlements"
    __table_args__ = (
        CheckConstraint(one_of("state", STATES), name="state"),
        CheckConstraint(one_of("ground", GROUNDS), name="ground"),
        CheckConstraint(one_of("fault", FAULTS), name="fault"),
        CheckConstraint(
            "version >= 1 AND damages_to_purchaser >= 0 AND damages_to_provider >= 0 AND final_value >= 0",
            name="figures",
        ),
        CheckConstraint("(state = 'settled') = (final_value IS NOT NULL)", name="final_value"),
        Index(None, "contract_id", "id"),
        Index("uq_settlements_standing", "contract_id", unique=True, postgresql_where=text("state <> 'withdrawn'")),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    contract_id: Mapped[UUID] = mapped_column(ForeignKey("contracts.id"))
    version: Mapped[int]
    state: Mapped[str] = mapped_column(Text)
    ground: Mapped[str] = mapped_column(Text)
    fault: Mapped[str] = mapped_column(Text)
    reason: Mapped[str] = mapped_column(Text)
    damages_to_purchaser: Mapped[Decimal] = mapped_column(Money)
    damages_to_provider: Mapped[Decimal] = mapped_column(Money)
    lines: Mapped[list[dict[str, Any]]] = mapped_column(JSONB)
    currency: Mapped[str] = mapped_column(String(3))
    final_value: Mapped[Decimal | None] = mapped_column(Money)
    document_sha256: Mapped[str | None] = mapped_column(String(64))
    proposed_by: Mapped[str] = mapped_column(Text)
    proposed_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    purchaser_by: Mapped[str | None] = mapped_column(Text)
    purchaser_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    provider_by: Mapped[str | None] = mapped_column(Text)
    provider_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    ordered_by: Mapped[str | None] = mapped_column(Text)
    ordered_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    order_reason: Mapped[str | None] = mapped_column(Text)
    order_document_sha256: Mapped[str | None] = mapped_column(String(64))
    settled_by: Mapped[str | None] = mapped_column(Text)
    settled_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    withdrawn_by: Mapped[str | None] = mapped_column(Text)
    withdrawn_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    withdrawal_reason: Mapped[str | None] = mapped_column(Text)
