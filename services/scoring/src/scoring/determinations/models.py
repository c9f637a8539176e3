from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, DateTime, ForeignKey, Index, Numeric, String, Text, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSON
from sqlalchemy.orm import Mapped, mapped_column

from scoring.base import Base, one_of
from shared.db import RegionScoped

__all__ = ["ACTS", "LABELS", "Determination", "DeterminationAct"]

LABELS = ("firm", "indicative", "undetermined")
ACTS = ("service", "publication", "suspension", "release", "annulment")


class Determination(RegionScoped, Base):
    """A signed act that pins one score row. Rows are only added: a correction is a new one that names the old.

    `grade` binds: the band of the point score (`point_grade`) unless `capped_by` names what holds it lower. `binding`
    says whether it may open consequences by itself, `adverse_allowed` whether also adverse ones. The sub-scores are of
    what the provider and the purchaser each answer for, 0-100; null where nothing is theirs.
    """

    __tablename__ = "determinations"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    contract_id: Mapped[UUID] = mapped_column(index=True)
    framework_id: Mapped[str] = mapped_column(String(64))
    framework_version: Mapped[str] = mapped_column(String(32))
    framework_hash: Mapped[str] = mapped_column(String(64))
    stage: Mapped[str] = mapped_column(String(16))
    score_version: Mapped[int]
    score: Mapped[Decimal] = mapped_column(Numeric(9, 6))
    grade: Mapped[str] = mapped_column(String(32))
    coverage: Mapped[Decimal] = mapped_column(Numeric(7, 6))
    content_hash: Mapped[str] = mapped_column(String(64))
    chain_hash: Mapped[str] = mapped_column(String(64))
    simulated: Mapped[bool]
    purchaser_id: Mapped[UUID | None]
    provider_id: Mapped[UUID | None] = mapped_column(index=True)
    evidence_cutoff: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    document_number: Mapped[str] = mapped_column(Text)
    signed_by: Mapped[str] = mapped_column(Text)
    issued_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    replaces: Mapped[UUID | None] = mapped_column(ForeignKey("determinations.id"))
    reason: Mapped[str | None] = mapped_column(Text)
    appeal_id: Mapped[UUID | None]
    # What was known of the certainty of the score when it was signed; null in rows of the release before.
    point_grade: Mapped[str | None] = mapped_column(String(32))
    capped_by: Mapped[list[str] | None] = mapped_column(JSON)
    label: Mapped[str | None] = mapped_column(String(16))
    probabilities: Mapped[dict[str, str] | None] = mapped_column(JSON)
    p_grade: Mapped[Decimal | None] = mapped_column(Numeric(7, 6))
    p_grade_or_worse: Mapped[Decimal | None] = mapped_column(Numeric(7, 6))
    interval_lower: Mapped[Decimal | None] = mapped_column(Numeric(9, 6))
    interval_upper: Mapped[Decimal | None] = mapped_column(Numeric(9, 6))
    median: Mapped[Decimal | None] = mapped_column(Numeric(9, 6))
    uncertainty_hash: Mapped[str | None] = mapped_column(String(64))
    binding: Mapped[bool | None]
    adverse_allowed: Mapped[bool | None]
    panel: Mapped[dict[str, Any] | None] = mapped_column(JSON)
    provider_score: Mapped[Decimal | None] = mapped_column(Numeric(9, 6))
    provider_grade: Mapped[str | None] = mapped_column(String(32))
    purchaser_score: Mapped[Decimal | None] = mapped_column(Numeric(9, 6))
    purchaser_grade: Mapped[str | None] = mapped_column(String(32))
    # How sure the sub-scores are by the draws of their own leaves; null in rows of the releases before.
    part_certainty: Mapped[dict[str, dict[str, Any] | None] | None] = mapped_column(JSON)
    provider_lower: Mapped[Decimal | None] = mapped_column(Numeric(9, 6))
    provider_upper: Mapped[Decimal | None] = mapped_column(Numeric(9, 6))
    purchaser_lower: Mapped[Decimal | None] = mapped_column(Numeric(9, 6))
    purchaser_upper: Mapped[Decimal | None] = mapped_column(Numeric(9, 6))
    # Whether the score's grade would be another without one of the evaluators; null where nobody rated the contract.
    evaluator_dependent: Mapped[bool | None]
    # Per agreed indicator whose missing evidence gave its weight to others: why that was impossible to obtain.
    reweighted: Mapped[dict[str, str] | None] = mapped_column(JSON)
    # Agreed targets below what earlier contracts agreed and reached, as compared at the signature, with the reasons.
    softened_targets: Mapped[list[dict[str, Any]] | None] = mapped_column(JSON)

    __table_args__ = (
        UniqueConstraint("replaces"),
        CheckConstraint("(replaces IS NULL) = (reason IS NULL)", name="reason"),
        CheckConstraint(one_of("label", LABELS), name="label"),
        Index(
            "uq_determinations_first",
            "contract_id",
            "framework_id",
            "stage",
            unique=True,
            postgresql_where=text("replaces IS NULL"),
        ),
    )


class DeterminationAct(RegionScoped, Base):
    """What was done with a determination after it was signed. Rows are only added.

    service: the document was handed over, and the determination takes effect at `effective_at`. publication: it is open
    to everybody. suspension: an appeal (`appeal_id`) withholds publication and money effects; release ends that.
    annulment: an appeal's decision takes it out of force without another in its place.
    """

    __tablename__ = "determination_acts"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    determination_id: Mapped[UUID] = mapped_column(ForeignKey("determinations.id"), index=True)
    kind: Mapped[str] = mapped_column(String(16))
    acted_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    effective_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    party: Mapped[str | None] = mapped_column(String(16))
    method: Mapped[str | None] = mapped_column(String(32))
    proof: Mapped[dict[str, Any] | None] = mapped_column(JSON)
    appeal_id: Mapped[UUID | None]
    reason: Mapped[str | None] = mapped_column(Text)
    recorded_by: Mapped[str] = mapped_column(Text)
    recorded_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))

    __table_args__ = (
        CheckConstraint(one_of("kind", ACTS), name="kind"),
        CheckConstraint(
            "(kind = 'service') = (party IS NOT NULL AND method IS NOT NULL AND proof IS NOT NULL "
            "AND effective_at IS NOT NULL)",
            name="service",
        ),
        # Handed over to each party once, published once, annulled once.
        Index(
            "uq_determination_acts_service",
            "determination_id",
            "party",
            unique=True,
            postgresql_where=text("kind = 'service'"),
        ),
        Index(
            "uq_determination_acts_once",
            "determination_id",
            "kind",
            unique=True,
            postgresql_where=text("kind IN ('publication', 'annulment')"),
        ),
    )
