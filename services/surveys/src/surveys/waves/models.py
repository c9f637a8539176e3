"""Tables of the waves, and what this service knows of the contracts."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, Date, DateTime, ForeignKey, Index, Numeric, String, Text, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Mapped, mapped_column

from shared.db import RegionScoped
from surveys.base import Base, one_of

__all__ = ["DESIGNS", "KINDS", "STATES", "ContractObservation", "ContractStub", "Wave"]

KINDS = ("needs", "midterm", "completion", "followUp")
STATES = ("open", "closed")
OPENERS = ("event", "schedule", "hand")
DESIGNS = ("census", "probability", "open_link")


class ContractStub(RegionScoped, Base):
    """What the surveys need of a contract: a projection of its newest event, never written by anyone else.

    `state` is an open string: a state that this release does not know is kept as it came. `midterm_on` is the day on
    which half of the contract's time has passed; null when the contract names no period. `satisfaction_target` is what
    the contract agreed on satisfaction, on 0-100; null when it agreed nothing that reads as such.
    """

    __tablename__ = "contracts"
    __table_args__ = (
        CheckConstraint("version >= 1", name="version"),
        # What the hourly look for due waves reads; everything else stays out of these indexes.
        Index(None, "midterm_on", postgresql_where=text("state IN ('active', 'suspended')")),
        Index(None, "ended_at", postgresql_where=text("state IN ('completed', 'terminated')")),
    )

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
    origin: Mapped[str | None] = mapped_column(Text)
    starts_on: Mapped[date | None] = mapped_column(Date)
    ends_on: Mapped[date | None] = mapped_column(Date)
    midterm_on: Mapped[date | None] = mapped_column(Date)
    satisfaction_target: Mapped[float | None]


class ContractObservation(RegionScoped, Base):
    """An observed value of a contract's indicator, as its event said: what a frame's size is reconciled with."""

    __tablename__ = "contract_observations"
    __table_args__ = (Index(None, "contract_id", "indicator_code"),)

    id: Mapped[UUID] = mapped_column(primary_key=True)
    contract_id: Mapped[UUID]
    indicator_code: Mapped[str] = mapped_column(Text)
    value: Mapped[Decimal] = mapped_column(Numeric)
    observed_on: Mapped[date] = mapped_column(Date)
    supersedes: Mapped[UUID | None]
    recorded_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))


class Wave(RegionScoped, Base):
    """One survey of a contract's recipients.

    The design is declared at the opening and decides which claims are legal. `population` is N, `invited` the size of a
    probability sample, `strata` its strata with their N_h. The public may answer from `opens_at` to `closes_at`,
    enumerators hand in what they collected until `freezes_at`; closing freezes the answers.

    `margins` are what the answers are weighted to (name, source, variable, categories with their population), `quotas`
    how many answers of a category the field work aims at, `independence` who was present at the answers, `cautions`
    the reasons for which no result of the wave may be called `ok`.
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
        # Neither event nor calendar opens anything twice, and a contract has one open wave of a kind at most.
        Index("uq_waves_unattended", "contract_id", "kind", unique=True, postgresql_where=text("opened_by <> 'hand'")),
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
    anonymous: Mapped[bool]
    target_population: Mapped[str | None] = mapped_column(Text)
    sampling_frame: Mapped[str | None] = mapped_column(Text)
    margins: Mapped[list[dict[str, Any]]] = mapped_column(JSONB)
    quotas: Mapped[list[dict[str, Any]]] = mapped_column(JSONB)
    independence: Mapped[dict[str, Any]] = mapped_column(JSONB)
    publication_policy: Mapped[str] = mapped_column(String(32))
    cautions: Mapped[list[str]] = mapped_column(ARRAY(Text))
