"""Tables of the contract aggregate.

Indicators, milestones, amendments and external ids are parts of a contract and are reached through it only, so the
region stands on the contract alone. Facts about it (observations, ledger, acceptances) have slices and regions of
their own; they raise `facts_version` in the same transaction (see `contracts.contracts.aggregate`).
"""

from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import (
    CheckConstraint,
    Date,
    DateTime,
    ForeignKey,
    Index,
    Numeric,
    String,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Mapped, mapped_column

from contracts.base import Base, one_of
from shared.db import RegionScoped

__all__ = [
    "ASPECTS",
    "Amendment",
    "Contract",
    "ContractExternalId",
    "Indicator",
    "Milestone",
    "MilestoneReport",
]

STATES = ("draft", "pending", "active", "suspended", "completed", "terminated", "cancelled")
ORIGINS = ("native", "import")
END_REASONS = ("complete", "incomplete", "cancelled", "unsuccessful")
KINDS = ("single", "framework", "callOff")
METHODS = ("open", "selective", "limited", "direct")
LEVELS = ("output", "benefit", "satisfaction")
ASPECTS = {
    "output": ("quantity", "quality", "timeliness", "cost"),
    "benefit": ("economic", "social", "ecological", "sustained"),
    "satisfaction": ("satisfaction",),
}
DIRECTIONS = ("higher", "lower")
STANDARDS = ("plan", "sector", "history")
ACCOUNTABLE = ("purchaser", "provider", "joint", "outside")
MISSING = ("hold", "zero", "reweight")
MILESTONE_KINDS = ("delivery", "financing")
MILESTONE_STATES = ("scheduled", "met", "partlyMet", "notMet")

Money = Numeric(18, 2)
Figure = Numeric(24, 8)


class Contract(RegionScoped, Base):
    """The contract: the join key of everything.

    `version` counts changes of the aggregate and is its ETag; `facts_version` counts the facts recorded about it.
    `value` is the value in force, amendments included; `final_value` is what it cost in all (paid net of refunds, from
    its completion or settlement on), or what the source of an import says. `moved_at` is null as long as the state is
    the one that it was recorded with. `extras` holds fields of the source that have no home elsewhere. `purchaser_id`
    and `provider_id` are the leads where a side has several members; `has_parts` says whether lots, members, region
    shares or confirmations exist, so that reading the many contracts without any asks no further table.
    """

    __tablename__ = "contracts"
    __table_args__ = (
        CheckConstraint(one_of("state", STATES), name="state"),
        CheckConstraint(one_of("origin", ORIGINS), name="origin"),
        CheckConstraint(one_of("end_reason", END_REASONS), name="end_reason"),
        CheckConstraint(one_of("procurement_method", METHODS), name="procurement_method"),
        CheckConstraint(one_of("kind", KINDS), name="kind"),
        CheckConstraint("(kind = 'callOff') = (framework_id IS NOT NULL)", name="framework"),
        CheckConstraint("ceiling IS NULL OR (kind = 'framework' AND ceiling >= 0)", name="ceiling"),
        CheckConstraint("version >= 1 AND facts_version >= 0", name="version"),
        CheckConstraint("value >= 0 AND budget >= 0 AND final_value >= 0", name="amounts"),
        CheckConstraint("tenderers >= 0 AND beneficiary_population >= 0", name="counts"),
        Index(None, "state", "id"),
        Index(None, "purchaser_id", "id"),
        Index(None, "provider_id", "id"),
        Index("ix_contracts_framework_id", "framework_id", "id", postgresql_where=text("framework_id IS NOT NULL")),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    version: Mapped[int]
    facts_version: Mapped[int] = mapped_column(server_default="0")
    contract_number: Mapped[str | None] = mapped_column(Text)
    title: Mapped[str] = mapped_column(Text)
    state: Mapped[str] = mapped_column(Text)
    state_reason: Mapped[str | None] = mapped_column(Text)
    moved_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    origin: Mapped[str] = mapped_column(Text)
    simulated: Mapped[bool]
    service_category: Mapped[str | None] = mapped_column(Text)
    purchaser_id: Mapped[UUID] = mapped_column(ForeignKey("organisations.id"))
    provider_id: Mapped[UUID | None] = mapped_column(ForeignKey("organisations.id"))
    currency: Mapped[str] = mapped_column(String(3))
    value: Mapped[Decimal | None] = mapped_column(Money)
    budget: Mapped[Decimal | None] = mapped_column(Money)
    final_value: Mapped[Decimal | None] = mapped_column(Money)
    signed_on: Mapped[date | None] = mapped_column(Date)
    starts_on: Mapped[date | None] = mapped_column(Date)
    ends_on: Mapped[date | None] = mapped_column(Date)
    ended_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    end_reason: Mapped[str | None] = mapped_column(Text)
    procurement_method: Mapped[str | None] = mapped_column(Text)
    tenderers: Mapped[int | None]
    beneficiary_population: Mapped[int | None]
    needs_basis: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    competition: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    clauses: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    value_at_signing: Mapped[Decimal | None] = mapped_column(Money)
    kind: Mapped[str] = mapped_column(Text, server_default="single")
    framework_id: Mapped[UUID | None] = mapped_column(ForeignKey("contracts.id"))
    ceiling: Mapped[Decimal | None] = mapped_column(Money)
    has_parts: Mapped[bool] = mapped_column(server_default=text("false"))
    rules_id: Mapped[str | None] = mapped_column(String(48))
    rules_version: Mapped[str | None] = mapped_column(String(32))
    rules_sha256: Mapped[str | None] = mapped_column(ForeignKey("rule_sets.sha256"))
    rules_pinned_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    rules_at_signing: Mapped[list[dict[str, Any]] | None] = mapped_column(JSONB(none_as_null=True))
    not_evaluable: Mapped[str | None] = mapped_column(Text)
    not_evaluable_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    gaps: Mapped[list[str]] = mapped_column(ARRAY(Text))
    warnings: Mapped[list[dict[str, Any]]] = mapped_column(JSONB)
    extras: Mapped[dict[str, Any]] = mapped_column(JSONB)
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    updated_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))


class ContractExternalId(Base):
    """The id of a contract in a source system, with the hash of what that system sent last."""

    __tablename__ = "contract_external_ids"

    source: Mapped[str] = mapped_column(Text, primary_key=True)
    external_id: Mapped[str] = mapped_column(Text, primary_key=True)
    contract_id: Mapped[UUID] = mapped_column(ForeignKey("contracts.id"), index=True)
    content_hash: Mapped[str | None] = mapped_column(String(64))


class Indicator(Base):
    """A level-3 indicator agreed in the contract: target, direction, weight inside its level, who answers for it."""

    __tablename__ = "contract_indicators"
    __table_args__ = (
        UniqueConstraint("contract_id", "code"),
        CheckConstraint(one_of("level", LEVELS), name="level"),
        CheckConstraint(one_of("aspect", tuple(a for aspects in ASPECTS.values() for a in aspects)), name="aspect"),
        CheckConstraint(one_of("direction", DIRECTIONS), name="direction"),
        CheckConstraint(one_of("standard", STANDARDS), name="standard"),
        CheckConstraint(one_of("accountable", ACCOUNTABLE), name="accountable"),
        CheckConstraint(one_of("missing", MISSING), name="missing"),
        CheckConstraint("weight > 0", name="weight"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    contract_id: Mapped[UUID] = mapped_column(ForeignKey("contracts.id"))
    position: Mapped[int]
    code: Mapped[str] = mapped_column(Text)
    name: Mapped[str] = mapped_column(Text)
    level: Mapped[str] = mapped_column(Text)
    aspect: Mapped[str] = mapped_column(Text)
    unit: Mapped[str] = mapped_column(Text)
    direction: Mapped[str] = mapped_column(Text)
    target: Mapped[Decimal] = mapped_column(Figure)
    zero_at: Mapped[Decimal | None] = mapped_column(Figure)
    baseline: Mapped[Decimal | None] = mapped_column(Figure)
    standard: Mapped[str] = mapped_column(Text)
    weight: Mapped[Decimal] = mapped_column(Figure)
    accountable: Mapped[str] = mapped_column(Text)
    missing: Mapped[str] = mapped_column(Text)
    added_after_the_fact: Mapped[bool] = mapped_column(server_default=text("false"), default=False)


class Milestone(Base):
    """A milestone with its last report. `percentage` is its share of its kind."""

    __tablename__ = "contract_milestones"
    __table_args__ = (
        UniqueConstraint("contract_id", "code"),
        CheckConstraint(one_of("kind", MILESTONE_KINDS), name="kind"),
        CheckConstraint(one_of("status", MILESTONE_STATES), name="status"),
        CheckConstraint("percentage >= 0 AND percentage <= 100", name="percentage"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    contract_id: Mapped[UUID] = mapped_column(ForeignKey("contracts.id"))
    position: Mapped[int]
    code: Mapped[str] = mapped_column(Text)
    title: Mapped[str] = mapped_column(Text)
    kind: Mapped[str] = mapped_column(Text)
    percentage: Mapped[Decimal] = mapped_column(Figure)
    due_on: Mapped[date | None] = mapped_column(Date, index=True)
    status: Mapped[str] = mapped_column(Text)
    met_on: Mapped[date | None] = mapped_column(Date)
    note: Mapped[str | None] = mapped_column(Text)
    reported_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))


class MilestoneReport(Base):
    """What was reported about a milestone, in order; the last report stands on the milestone as well."""

    __tablename__ = "contract_milestone_reports"
    __table_args__ = (CheckConstraint(one_of("status", MILESTONE_STATES[1:]), name="status"),)

    id: Mapped[UUID] = mapped_column(primary_key=True)
    milestone_id: Mapped[UUID] = mapped_column(ForeignKey("contract_milestones.id"), index=True)
    status: Mapped[str] = mapped_column(Text)
    met_on: Mapped[date | None] = mapped_column(Date)
    note: Mapped[str | None] = mapped_column(Text)
    reported_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))


class Amendment(Base):
    """An amendment (补充协议) in force; `number` counts them per contract from 1.

    One of an import is as its source names it. One that was agreed here (`agreed_at`) also has its reason, value and
    term before and after, and the contract's version from which on it is in force.
    """

    __tablename__ = "contract_amendments"
    __table_args__ = (UniqueConstraint("contract_id", "number"), CheckConstraint("number >= 1", name="number"))

    id: Mapped[UUID] = mapped_column(primary_key=True)
    contract_id: Mapped[UUID] = mapped_column(ForeignKey("contracts.id"))
    number: Mapped[int]
    external_id: Mapped[str | None] = mapped_column(Text)
    amended_on: Mapped[date | None] = mapped_column(Date)
    rationale: Mapped[str | None] = mapped_column(Text)
    description: Mapped[str | None] = mapped_column(Text)
    reason_code: Mapped[str | None] = mapped_column(Text)
    value_before: Mapped[Decimal | None] = mapped_column(Money)
    value_after: Mapped[Decimal | None] = mapped_column(Money)
    starts_on_before: Mapped[date | None] = mapped_column(Date)
    starts_on_after: Mapped[date | None] = mapped_column(Date)
    ends_on_before: Mapped[date | None] = mapped_column(Date)
    ends_on_after: Mapped[date | None] = mapped_column(Date)
    contract_version: Mapped[int | None]
    agreed_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
