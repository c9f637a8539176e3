"""Tables of the waves, and what this service knows of the contracts."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, DateTime, ForeignKey, Index, String, Text, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Mapped, mapped_column

from shared.db import RegionScoped
from surveys.base import Base, one_of

__all__ = ["DESIGNS", "KINDS", "STATES", "ContractStub", "Wave"]

KINDS = ("needs", "midterm", "completion", "followUp")
STATES = ("open", "closed")
OPENERS = ("event", "hand")
DESIGNS = ("census", "probability", "open_link")


class ContractStub(RegionScoped, Base):
    """What the surveys need of a contract: a projection of its newest event, never written by anyone else.

    `state` is an open string: a state that this release does not know is kept as it came.
    """

    __tablename__ = "contracts"
    __table_args__ = (CheckConstraint("version >= 1", name="version"),)

    id: Mapped[UUID] = mapped_column(primary_key=True)
    version: Mapped[int]
    title: Mapped[str] = mapped_column(Text)
    state: Mapped[str] = mapped_column(Text)
    service_category: Mapped[str | None] = mapped_column(Text)
    purchaser_id: Mapped[UUID]
    purchaser_name: Mapped[str] = mapped_column(Text)
    provider_id: Mapped[UUID | None]
    provider_name: Mapped[str | None] = mapped_column(Text)
    population: Mapped[int | None] = mapped_column(BigInteger)
    simulated: Mapped[bool]
    ended_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))


class Wave(RegionScoped, Base):
    """One survey of a contract's recipients.

    The design is declared at the opening and decides which claims are legal. `population` is N, `invited` the size of a
    probability sample, `strata` its strata with their N_h. The public may answer from `opens_at` to `closes_at`,
    enumerators hand in what they collected until `freezes_at`; closing freezes the answers.
    """

    __tablename__ = "waves"
    __table_args__ = (
        CheckConstraint(one_of("kind", KINDS), name="kind"),
        CheckConstraint(one_of("state", STATES), name="state"),
        CheckConstraint(one_of("opened_by", OPENERS), name="opened_by"),
        CheckConstraint(one_of("design", DESIGNS), name="design"),
        CheckConstraint("opens_at < closes_at AND closes_at <= freezes_at", name="times"),
        CheckConstraint("(state = 'closed') = (closed_at IS NOT NULL)", name="closed_at"),
        CheckConstraint("population >= 0 AND invited >= 0", name="counts"),
        # A redelivered event opens nothing twice, and a contract has one open wave of a kind at most.
        Index("uq_waves_event", "contract_id", "kind", unique=True, postgresql_where=text("opened_by = 'event'")),
        Index("uq_waves_open", "contract_id", "kind", unique=True, postgresql_where=text("state = 'open'")),
        Index(None, "contract_id", "id"),
        Index(None, "state", "id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    version: Mapped[int]
    contract_id: Mapped[UUID] = mapped_column(ForeignKey("contracts.id"))
    simulated: Mapped[bool]
    kind: Mapped[str] = mapped_column(String(16))
    state: Mapped[str] = mapped_column(String(16))
    opened_by: Mapped[str] = mapped_column(String(8))
    instrument_id: Mapped[str] = mapped_column(String(48))
    instrument_version: Mapped[str] = mapped_column(String(32))
    instrument_sha256: Mapped[str] = mapped_column(ForeignKey("instruments.sha256"))
    languages: Mapped[list[str]] = mapped_column(ARRAY(Text))
    design: Mapped[str] = mapped_column(String(16))
    population: Mapped[int | None] = mapped_column(BigInteger)
    invited: Mapped[int | None]
    strata: Mapped[list[dict[str, Any]]] = mapped_column(JSONB)
    opens_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    closes_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    freezes_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    closed_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
