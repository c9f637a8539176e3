"""The search rows: what contracts are searched by, narrow and indexed, one row per contract.

Triggers keep them in the transaction of the change itself (migration 0013), so that no path of writing, an import or a
correction included, can leave a contract out. Nothing else writes them but the sweep that computes the risk flags.
"""

from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, Date, DateTime, ForeignKey, Index, Numeric, SmallInteger, String, Text, text
from sqlalchemy.dialects.postgresql import ARRAY, TSVECTOR
from sqlalchemy.orm import Mapped, mapped_column

from contracts.base import Base
from shared.db import RegionScoped

__all__ = ["ContractSearch"]


class ContractSearch(RegionScoped, Base):
    """One contract as it is searched.

    `place` is the contract's id once more, as its place in the list, without an index of its own: years and provinces
    come in runs, and a walk over all contracts to the run that is asked for would pass everything before it. `province`
    and `city` are the region's first two and four digits (`CN-23`, `CN-2301`) or, outside China, the region. `year` is
    that of the signature, else of the term's begin. `words` holds the words of number, title and both parties' names:
    letters and digits as words, Chinese as pairs of neighbouring characters (the function `search_words`). `flags` are
    the raised risk flags at their last computation (`flagged_at`), null before the first. `flags_due` asks for a new
    one since `due_at`: 1 for this contract alone, 2 also for the purchaser's others of the year, which it is compared
    with.
    """

    __tablename__ = "contract_search"
    __table_args__ = (
        CheckConstraint("flags_due BETWEEN 0 AND 2", name="flags_due"),
        Index(None, "province", "place"),
        Index(None, "province", "year", "place"),
        Index(None, "city", "place"),
        Index(None, "year", "place"),
        Index(None, "state", "place"),
        Index(None, "category", "place"),
        Index(None, "purchaser_id", "place"),
        Index(None, "provider_id", "place"),
        Index(None, "value", "place"),
        Index(None, "contract_number", postgresql_where=text("contract_number IS NOT NULL")),
        Index("ix_contract_search_words", "words", postgresql_using="gin"),
        Index("ix_contract_search_flags", "flags", postgresql_using="gin", postgresql_where=text("flags <> '{}'")),
        Index("ix_contract_search_due", "contract_id", postgresql_where=text("flags_due > 0")),
    )

    contract_id: Mapped[UUID] = mapped_column(ForeignKey("contracts.id", ondelete="CASCADE"), primary_key=True)
    place: Mapped[UUID]
    province: Mapped[str] = mapped_column(String(16))
    city: Mapped[str] = mapped_column(String(16))
    state: Mapped[str] = mapped_column(Text)
    origin: Mapped[str] = mapped_column(Text)
    simulated: Mapped[bool]
    category: Mapped[str | None] = mapped_column(Text)
    method: Mapped[str | None] = mapped_column(Text)
    year: Mapped[int | None]
    signed_on: Mapped[date | None] = mapped_column(Date)
    starts_on: Mapped[date | None] = mapped_column(Date)
    ends_on: Mapped[date | None] = mapped_column(Date)
    value: Mapped[Decimal | None] = mapped_column(Numeric(18, 2))
    currency: Mapped[str] = mapped_column(String(3))
    purchaser_id: Mapped[UUID]
    provider_id: Mapped[UUID | None]
    contract_number: Mapped[str | None] = mapped_column(Text)
    words: Mapped[Any] = mapped_column(TSVECTOR)
    flags: Mapped[list[str] | None] = mapped_column(ARRAY(Text))
    flagged_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    flags_due: Mapped[int] = mapped_column(SmallInteger)
    due_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
