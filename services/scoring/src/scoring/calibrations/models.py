from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, DateTime, ForeignKey, Index, Numeric, String, Text, UniqueConstraint, Uuid, text
from sqlalchemy.dialects.postgresql import ARRAY, JSON
from sqlalchemy.orm import Mapped, mapped_column

from scoring.base import Base, one_of
from shared.db import RegionScoped

__all__ = [
    "BASES",
    "FLAGS",
    "LEVELS",
    "OUTCOMES",
    "STATES",
    "CalibratedValue",
    "CalibrationCase",
    "CalibrationCorrection",
    "CalibrationDecision",
    "CalibrationFlag",
    "CalibrationRound",
]

STATES = ("open", "needs_adjudication", "closed")
LEVELS = ("criterion", "total")
BASES = ("fair", "raw")
FLAGS = (
    "severity",
    "inconsistency",
    "central_tendency",
    "halo",
    "no_discrimination",
    "favouritism",
    "copying",
    "drift",
)
OUTCOMES = ("unfounded", "marks_stand", "second_evaluation", "adjudicated", "annulled")


class CalibrationRound(RegionScoped, Base):
    """The marks of a set of evaluations, calibrated together.

    Open until it is closed; what closing found (`content`, with its `sha256`) never changes afterwards. A round whose
    evaluators agree too little is `needs_adjudication` until a panel's decision closes it. When further marks come in,
    a new round `replaces` the old one, which stays as it was. `prior_round_id` is where severities were carried from.
    """

    __tablename__ = "calibration_rounds"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    version: Mapped[int]
    title: Mapped[str] = mapped_column(Text)
    level: Mapped[str] = mapped_column(String(16))
    state: Mapped[str] = mapped_column(String(24))
    form_id: Mapped[str] = mapped_column(String(64))
    form_version: Mapped[str] = mapped_column(String(32))
    framework_hash: Mapped[str] = mapped_column(String(64))
    stage: Mapped[str] = mapped_column(String(16))
    evaluation_ids: Mapped[list[str]] = mapped_column(JSON)
    prior_round_id: Mapped[UUID | None] = mapped_column(ForeignKey("calibration_rounds.id"))
    replaces: Mapped[UUID | None] = mapped_column(ForeignKey("calibration_rounds.id"))
    opened_by: Mapped[str] = mapped_column(Text)
    opened_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    closed_by: Mapped[str | None] = mapped_column(Text)
    closed_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    offered: Mapped[bool | None]
    refusal: Mapped[str | None] = mapped_column(Text)
    content: Mapped[dict[str, Any] | None] = mapped_column(JSON)
    sha256: Mapped[str | None] = mapped_column(String(64))

    __table_args__ = (
        CheckConstraint(one_of("state", STATES), name="state"),
        CheckConstraint(one_of("level", LEVELS), name="level"),
        CheckConstraint("(state = 'open') = (sha256 IS NULL)", name="sha256"),
        UniqueConstraint("replaces"),
    )


class CalibrationCase(RegionScoped, Base):
    """A case of an evaluation in a round; `region` is the contract's."""

    __tablename__ = "calibration_cases"

    round_id: Mapped[UUID] = mapped_column(ForeignKey("calibration_rounds.id"), primary_key=True)
    case_id: Mapped[UUID] = mapped_column(primary_key=True)
    evaluation_id: Mapped[UUID] = mapped_column(index=True)
    contract_id: Mapped[UUID] = mapped_column(index=True)


class CalibratedValue(RegionScoped, Base):
    """One contract's mark on one criterion (or on the total), raw, fair and shrunk side by side, 0-100.

    `basis` says which of them enters the score, with the standard error `se`. `marks` holds per evaluator the mark, the
    fair mark and what the value would be without that evaluator; `evaluator_dependent` is whether the grade of the
    contract's marks would then be another one.
    """

    __tablename__ = "calibrated_values"

    round_id: Mapped[UUID] = mapped_column(ForeignKey("calibration_rounds.id"), primary_key=True)
    contract_id: Mapped[UUID] = mapped_column(primary_key=True)
    criterion: Mapped[str] = mapped_column(String(64), primary_key=True)
    ratings: Mapped[int]
    raw: Mapped[Decimal] = mapped_column(Numeric(9, 6))
    fair: Mapped[Decimal | None] = mapped_column(Numeric(9, 6))
    shrunk: Mapped[Decimal | None] = mapped_column(Numeric(9, 6))
    se: Mapped[Decimal | None] = mapped_column(Numeric(9, 6))
    df: Mapped[Decimal | None] = mapped_column(Numeric(12, 2))
    clipped: Mapped[bool]
    evaluator_dependent: Mapped[bool]
    simulated: Mapped[bool]
    basis: Mapped[str] = mapped_column(String(8))
    marks: Mapped[dict[str, Any]] = mapped_column(JSON)
    evidence_id: Mapped[UUID | None]

    __table_args__ = (
        CheckConstraint(one_of("basis", BASES), name="basis"),
        Index("ix_calibrated_values_contract_id", "contract_id"),
    )


class CalibrationFlag(RegionScoped, Base):
    """Something to look into, never a verdict: it holds the contracts named until a decision is recorded."""

    __tablename__ = "calibration_flags"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    round_id: Mapped[UUID] = mapped_column(ForeignKey("calibration_rounds.id"), index=True)
    kind: Mapped[str] = mapped_column(String(24))
    criterion: Mapped[str] = mapped_column(String(64))
    evaluator_id: Mapped[UUID | None]
    other_evaluator_id: Mapped[UUID | None]
    provider_id: Mapped[UUID | None]
    contracts: Mapped[list[UUID]] = mapped_column(ARRAY(Uuid()))
    detail: Mapped[dict[str, Any]] = mapped_column(JSON)
    holds: Mapped[bool]
    raised_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))

    __table_args__ = (
        CheckConstraint(one_of("kind", FLAGS), name="kind"),
        Index("ix_calibration_flags_contracts", "contracts", postgresql_using="gin"),
    )


class CalibrationDecision(RegionScoped, Base):
    """A panel's recorded decision on a flag, or on a round whose evaluators agree too little. Rows are only added.

    Upon an appeal (`appeal_id`) a decision `replaces` the one appealed against; `annulled` leaves the flag undecided
    until somebody decides anew, which replaces the annulment.
    """

    __tablename__ = "calibration_decisions"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    round_id: Mapped[UUID] = mapped_column(ForeignKey("calibration_rounds.id"), index=True)
    flag_id: Mapped[UUID | None] = mapped_column(ForeignKey("calibration_flags.id"))
    outcome: Mapped[str] = mapped_column(String(24))
    reasons: Mapped[str] = mapped_column(Text)
    document_number: Mapped[str | None] = mapped_column(Text)
    decided_by: Mapped[str] = mapped_column(Text)
    decided_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    replaces: Mapped[UUID | None] = mapped_column(ForeignKey("calibration_decisions.id"))
    appeal_id: Mapped[UUID | None]

    __table_args__ = (
        CheckConstraint(one_of("outcome", OUTCOMES), name="outcome"),
        UniqueConstraint("replaces"),
        Index(
            "uq_calibration_decisions_flag",
            "flag_id",
            unique=True,
            postgresql_where=text("flag_id IS NOT NULL AND replaces IS NULL"),
        ),
        Index("uq_calibration_decisions_round", "round_id", unique=True, postgresql_where=text("flag_id IS NULL")),
    )


class CalibrationCorrection(RegionScoped, Base):
    """A mark (0-100) that an appeal corrected. Rows are only added; of several about one mark the latest counts.

    The mark itself stays as it was submitted. A later round takes the corrected one, so that it does not bring back
    what an appeal has put right.
    """

    __tablename__ = "calibration_corrections"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    round_id: Mapped[UUID] = mapped_column(ForeignKey("calibration_rounds.id"))
    contract_id: Mapped[UUID] = mapped_column(index=True)
    evaluator_id: Mapped[UUID]
    criterion: Mapped[str] = mapped_column(String(64))
    mark: Mapped[Decimal] = mapped_column(Numeric(9, 6))
    appeal_id: Mapped[UUID]
    recorded_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
