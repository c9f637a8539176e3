from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, DateTime, Index, Numeric, String
from sqlalchemy.dialects.postgresql import JSON
from sqlalchemy.orm import Mapped, mapped_column

from scoring.base import Base, one_of
from shared.db import RegionScoped

__all__ = ["LABELS", "PartUncertainty", "ScoreHead", "ScoreRow", "ScoreUncertainty", "UncertaintyDue"]

LABELS = ("firm", "indicative", "undetermined")


class ScoreRow(RegionScoped, Base):
    """One score of a contract under one framework, for ever. Rows are only added.

    `content` is the canonical JSON text whose SHA-256 is `content_hash`: everything that a recomputation needs.
    `chain_hash` ties the row to its predecessor, its time and the events that caused it. `parts` are the sub-scores by
    who answers for the indicators (`scores.parts`); they follow from the content and the terms that it names.
    """

    __tablename__ = "score_rows"

    region: Mapped[str] = mapped_column(String(16))  # no index of its own: rows are read by contract
    contract_id: Mapped[UUID] = mapped_column(primary_key=True)
    framework_id: Mapped[str] = mapped_column(String(64), primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True)
    framework_version: Mapped[str] = mapped_column(String(32))
    framework_hash: Mapped[str] = mapped_column(String(64))
    simulated: Mapped[bool]
    content: Mapped[dict[str, Any]] = mapped_column(JSON)
    content_hash: Mapped[str] = mapped_column(String(64))
    previous_hash: Mapped[str | None] = mapped_column(String(64))
    chain_hash: Mapped[str] = mapped_column(String(64))
    causes: Mapped[list[str]] = mapped_column(JSON)
    parts: Mapped[dict[str, dict[str, Any]] | None] = mapped_column(JSON)
    recorded_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))


class ScoreHead(RegionScoped, Base):
    """The live score: the newest row of a contract under a framework, with what lists and comparisons read.

    `ungated`: the score before gates, null where the framework has none; `gates`: the gates with their nodes' values;
    `thin`: nodes whose evidence covers too little of their weight. The sub-scores stand in the row itself.
    """

    __tablename__ = "score_heads"

    region: Mapped[str] = mapped_column(String(16))
    contract_id: Mapped[UUID] = mapped_column(primary_key=True)
    framework_id: Mapped[str] = mapped_column(String(64), primary_key=True)
    framework_version: Mapped[str] = mapped_column(String(32))
    framework_hash: Mapped[str] = mapped_column(String(64))
    version: Mapped[int]
    simulated: Mapped[bool]
    stage: Mapped[str] = mapped_column(String(16))
    score: Mapped[Decimal] = mapped_column(Numeric(9, 6))
    lower: Mapped[Decimal] = mapped_column(Numeric(9, 6))
    upper: Mapped[Decimal] = mapped_column(Numeric(9, 6))
    coverage: Mapped[Decimal] = mapped_column(Numeric(7, 6))
    grade: Mapped[str] = mapped_column(String(32))
    grade_lower: Mapped[str] = mapped_column(String(32))
    grade_upper: Mapped[str] = mapped_column(String(32))
    held: Mapped[list[str]] = mapped_column(JSON)
    contributions: Mapped[dict[str, str]] = mapped_column(JSON)
    ungated: Mapped[Decimal | None] = mapped_column(Numeric(9, 6))
    gates: Mapped[list[dict[str, Any]] | None] = mapped_column(JSON)
    thin: Mapped[list[str] | None] = mapped_column(JSON)
    content_hash: Mapped[str] = mapped_column(String(64))
    chain_hash: Mapped[str] = mapped_column(String(64))
    recorded_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    retired_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    """Since when the contract is not scored under the framework any more; null: the score is live."""

    __table_args__ = (Index("ix_score_heads_region_framework_id", "region", "framework_id"),)


class ScoreUncertainty(RegionScoped, Base):
    """How sure a score is: the second immutable record of the content that `content_hash` names.

    It is drawn from substreams seeded from the evidence, so that the same content gives the same record for ever.
    Figures are points of the score (0-100) or shares (0-1).
    """

    __tablename__ = "score_uncertainty"

    region: Mapped[str] = mapped_column(String(16))  # no index of its own: records are read by content
    content_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    contract_id: Mapped[UUID] = mapped_column(index=True)
    framework_id: Mapped[str] = mapped_column(String(64))
    framework_hash: Mapped[str] = mapped_column(String(64))
    draws: Mapped[int]
    median: Mapped[Decimal] = mapped_column(Numeric(9, 6))
    low: Mapped[Decimal] = mapped_column(Numeric(9, 6))
    """2.5 % quantile of the draws."""
    high: Mapped[Decimal] = mapped_column(Numeric(9, 6))
    """97.5 % quantile."""
    label: Mapped[str] = mapped_column(String(16))
    """firm: P of the row's grade >= .90; indicative: >= .70; undetermined: less, or missing evidence could move it."""
    probability: Mapped[Decimal] = mapped_column(Numeric(7, 6))
    """P of the row's grade."""
    probabilities: Mapped[dict[str, str]] = mapped_column(JSON)
    """P of each grade, six decimals; they sum to 1."""
    gates: Mapped[dict[str, str]] = mapped_column(JSON)
    """P that each gate's node lies below its threshold."""
    shares: Mapped[dict[str, str | None]] = mapped_column(JSON)
    """Share of the variance by kind: sampling, rater, weight, method; null where nothing is stated about it."""
    sources: Mapped[list[dict[str, str]]] = mapped_column(JSON)
    """Per item of evidence: id, nodes, kind, its share of the evidence's variance, its standard deviation in points."""
    advice: Mapped[list[dict[str, str]]] = mapped_column(JSON)
    """What should be measured next, the most useful first."""
    method: Mapped[dict[str, Any]] = mapped_column(JSON)
    """Generator, version of numpy, seeding, what is held fixed."""
    record_hash: Mapped[str] = mapped_column(String(64))
    """SHA-256 of the RFC 8785 form of the record without its time."""
    recorded_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))

    __table_args__ = (CheckConstraint(one_of("label", LABELS), name="label"),)


class PartUncertainty(RegionScoped, Base):
    """How sure the sub-scores are: an immutable record of the content that `content_hash` names, from the same draws.

    `parts` holds per party (purchaser, provider, joint, outside) what `scores.part_simulation` says, null where nothing
    is its own. A record of its own: those that were made before it keep their hashes.
    """

    __tablename__ = "score_part_uncertainty"

    region: Mapped[str] = mapped_column(String(16))  # no index of its own: records are read by content
    content_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    contract_id: Mapped[UUID] = mapped_column(index=True)
    draws: Mapped[int]
    parts: Mapped[dict[str, dict[str, Any] | None]] = mapped_column(JSON)
    record_hash: Mapped[str] = mapped_column(String(64))
    """SHA-256 of the RFC 8785 form of the record without its time."""
    recorded_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))


class UncertaintyDue(Base):
    """A score row whose uncertainty record has still to be made; taken away by the job that makes it."""

    __tablename__ = "score_uncertainty_due"

    contract_id: Mapped[UUID] = mapped_column(primary_key=True)
    framework_id: Mapped[str] = mapped_column(String(64), primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True)
