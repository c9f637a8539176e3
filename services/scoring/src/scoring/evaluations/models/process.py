"""Tables of the process: rounds, cases, draws, assignments, ratings, views, acts."""

from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, DateTime, ForeignKey, Index, Numeric, String, Text, UniqueConstraint
from sqlalchemy.dialects.postgresql import JSON
from sqlalchemy.orm import Mapped, mapped_column

from scoring.base import Base, one_of
from shared.db import RegionScoped

__all__ = [
    "ACTS",
    "ASSIGNMENT_STATES",
    "CASE_STATES",
    "EVALUATION_STATES",
    "Act",
    "Assignment",
    "Case",
    "Draw",
    "Evaluation",
    "Rating",
    "View",
]

EVALUATION_STATES = ("planned", "rating", "rated", "cancelled")
CASE_STATES = ("planned", "rating", "preliminary", "exchange", "review", "final", "published", "cancelled")
ASSIGNMENT_STATES = ("assigned", "declared", "submitted", "recused", "lapsed")
ACTS = (
    "planned",
    "drawn",
    "declared",
    "recused",
    "added",
    "submitted",
    "closed",
    "exchanged",
    "disagreed",
    "reviewed",
    "concluded",
    "published",
    "overdue",
    "cancelled",
)


class Evaluation(RegionScoped, Base):
    """One evaluation job: contracts of one framework and stage, rated on one form by one pool of evaluators.

    `per_case` evaluators rate each case, all rate the anchors. `region` is the region that organises it: every case
    lies in it. The lead evaluator signs the conclusions.
    """

    __tablename__ = "evaluations"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    version: Mapped[int]
    title: Mapped[str] = mapped_column(Text)
    framework_id: Mapped[str] = mapped_column(String(64))
    framework_version: Mapped[str] = mapped_column(String(32))
    framework_hash: Mapped[str] = mapped_column(String(64))
    form_id: Mapped[str] = mapped_column(String(64))
    form_version: Mapped[str] = mapped_column(String(32))
    form_sha256: Mapped[str] = mapped_column(String(64))
    stage: Mapped[str] = mapped_column(String(16))
    state: Mapped[str] = mapped_column(String(16))
    per_case: Mapped[int]
    evaluator_ids: Mapped[list[str]] = mapped_column(JSON)
    lead_id: Mapped[UUID] = mapped_column(ForeignKey("evaluators.id"))
    rating_until: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    planned_by: Mapped[str] = mapped_column(Text)
    planned_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    drawn_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    closed_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))

    __table_args__ = (
        CheckConstraint(one_of("state", EVALUATION_STATES), name="state"),
        CheckConstraint("per_case >= 1", name="per_case"),
    )


class Case(RegionScoped, Base):
    """One contract in an evaluation; `region`, parties and category are the contract's at the time of the plan.

    A conclusion may be drawn after `exchange_until`, or as soon as both parties have spoken; their views are taken
    until `views_until` at the latest. `reviewed_by` is who upheld the preliminary result after a party had disagreed.
    """

    __tablename__ = "evaluation_cases"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    evaluation_id: Mapped[UUID] = mapped_column(ForeignKey("evaluations.id"))
    contract_id: Mapped[UUID] = mapped_column(index=True)
    version: Mapped[int]
    state: Mapped[str] = mapped_column(String(16))
    anchor: Mapped[bool]
    simulated: Mapped[bool]
    purchaser_id: Mapped[UUID | None]
    provider_id: Mapped[UUID | None] = mapped_column(index=True)
    service_category: Mapped[str | None] = mapped_column(Text)
    exchange_until: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    views_until: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    reviewed_by: Mapped[str | None] = mapped_column(Text)
    reviewed_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    conclusion: Mapped[str | None] = mapped_column(Text)
    signed_by: Mapped[str | None] = mapped_column(Text)
    concluded_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    published_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))

    __table_args__ = (
        CheckConstraint(one_of("state", CASE_STATES), name="state"),
        UniqueConstraint("evaluation_id", "contract_id"),
    )


class Draw(RegionScoped, Base):
    """A random assignment as it was made: seed, algorithm, exclusions with their reasons, result. Only added.

    Whoever holds this row can repeat the drawing. `random` is whether nothing but conflicts of interest and rotation
    limited it; calibration rests on that.
    """

    __tablename__ = "evaluation_draws"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    evaluation_id: Mapped[UUID] = mapped_column(ForeignKey("evaluations.id"), index=True)
    case_id: Mapped[UUID | None]
    seed: Mapped[str] = mapped_column(String(32))
    algorithm: Mapped[str] = mapped_column(String(64))
    random: Mapped[bool]
    body: Mapped[dict[str, Any]] = mapped_column(JSON)
    sha256: Mapped[str] = mapped_column(String(64))
    drawn_by: Mapped[str] = mapped_column(Text)
    drawn_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))


class Assignment(RegionScoped, Base):
    """An evaluator's task to rate one case. `position` is its random place in the order of the evaluator's cases.

    A submitted rating whose evaluator turns out to have a conflict is `recused` and keeps when it was submitted.
    """

    __tablename__ = "evaluation_assignments"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    evaluation_id: Mapped[UUID] = mapped_column(ForeignKey("evaluations.id"), index=True)
    case_id: Mapped[UUID] = mapped_column(ForeignKey("evaluation_cases.id"))
    evaluator_id: Mapped[UUID] = mapped_column(ForeignKey("evaluators.id"), index=True)
    draw_id: Mapped[UUID] = mapped_column(ForeignKey("evaluation_draws.id"))
    position: Mapped[int]
    state: Mapped[str] = mapped_column(String(16))
    version: Mapped[int]
    declared_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    submitted_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    submission_sha256: Mapped[str | None] = mapped_column(String(64))

    __table_args__ = (
        CheckConstraint(one_of("state", ASSIGNMENT_STATES), name="state"),
        CheckConstraint(
            "CASE state WHEN 'submitted' THEN submitted_at IS NOT NULL WHEN 'recused' THEN true "
            "ELSE submitted_at IS NULL END",
            name="submitted",
        ),
        UniqueConstraint("case_id", "evaluator_id"),
    )


class Rating(RegionScoped, Base):
    """One mark of an evaluator for one criterion of a case. Rows are only added, until the rating is submitted.

    The highest `revision` of a criterion counts. `mark` is on the form's scale; `narrative` says why. `midpoint` marks
    the fallback: the evaluator picked a tier and no value inside it.
    """

    __tablename__ = "ratings"

    region: Mapped[str] = mapped_column(String(16))  # no index of its own: ratings are read by assignment
    id: Mapped[UUID] = mapped_column(primary_key=True)
    assignment_id: Mapped[UUID] = mapped_column(ForeignKey("evaluation_assignments.id"))
    criterion: Mapped[str] = mapped_column(String(64))
    revision: Mapped[int]
    tier: Mapped[str | None] = mapped_column(String(32))
    mark: Mapped[Decimal] = mapped_column(Numeric(9, 2))
    midpoint: Mapped[bool]
    narrative: Mapped[str] = mapped_column(Text)
    tier_reason: Mapped[str | None] = mapped_column(Text)
    recorded_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))

    __table_args__ = (UniqueConstraint("assignment_id", "criterion", "revision"),)


class View(RegionScoped, Base):
    """What provider or purchaser say about a preliminary result in the exchange of views. Rows are only added."""

    __tablename__ = "evaluation_views"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    case_id: Mapped[UUID] = mapped_column(ForeignKey("evaluation_cases.id"), index=True)
    party: Mapped[str] = mapped_column(String(16))
    agrees: Mapped[bool]
    statement: Mapped[str] = mapped_column(Text)
    stated_by: Mapped[str] = mapped_column(Text)
    stated_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))

    __table_args__ = (CheckConstraint(one_of("party", ("provider", "purchaser")), name="party"),)


class Act(RegionScoped, Base):
    """One step of the process with who took it and why: the working papers' list of contents. Rows are only added."""

    __tablename__ = "evaluation_acts"

    region: Mapped[str] = mapped_column(String(16))  # acts are read by evaluation
    id: Mapped[UUID] = mapped_column(primary_key=True)
    evaluation_id: Mapped[UUID] = mapped_column(ForeignKey("evaluations.id"))
    case_id: Mapped[UUID | None]
    kind: Mapped[str] = mapped_column(String(16))
    outcome: Mapped[str | None] = mapped_column(String(32))
    reason: Mapped[str | None] = mapped_column(Text)
    by: Mapped[str] = mapped_column(Text)
    at: Mapped[datetime] = mapped_column(DateTime(timezone=True))

    __table_args__ = (
        CheckConstraint(one_of("kind", ACTS), name="kind"),
        Index(None, "evaluation_id", "id"),
    )
