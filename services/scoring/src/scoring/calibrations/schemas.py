from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BeforeValidator, Field, field_validator

from shared.web import Model, Out

__all__ = [
    "AdjudicationIn",
    "DecisionOut",
    "DependenceOut",
    "FacetsOut",
    "FlagDecisionIn",
    "FlagOut",
    "RoundIn",
    "RoundOut",
    "TrialIn",
    "TrialOut",
    "ValueOut",
    "WithoutOut",
]

Six = Annotated[str, BeforeValidator(lambda value: value if isinstance(value, str) else f"{value:.6f}")]
Mark = Annotated[Decimal, Field(ge=0, le=100, max_digits=9, decimal_places=6)]


class RoundIn(Model):
    """Evaluations whose marks are calibrated together."""

    title: str = Field(min_length=1, max_length=200, description="What the round is called.")
    evaluation_ids: list[UUID] = Field(
        min_length=1,
        max_length=200,
        description="Evaluations whose rating is closed, of one form, framework and stage.",
    )
    prior_round_id: UUID | None = Field(
        None, description="A closed round whose severities are carried forward as what is known of the evaluators."
    )
    replaces: UUID | None = Field(
        None, description="The closed round that this one replaces, when further marks have come in."
    )

    @field_validator("evaluation_ids")
    @classmethod
    def _once(cls, value: list[UUID]) -> list[UUID]:
        if len(set(value)) < len(value):
            raise ValueError("an evaluation is named twice")
        return value


class RoundOut(Out):
    """A calibration round."""

    id: UUID = Field(description="Id.")
    version: int = Field(description="Version, also the ETag.")
    region: str = Field(description="The smallest region that holds its evaluations.")
    title: str = Field(description="What it is called.")
    level: str = Field(description="Level at which marks enter the score, by the framework: criterion or total.")
    stage: str = Field(description="Stage of the contracts.")
    state: str = Field(description="open, needs_adjudication (the evaluators agree too little) or closed.")
    evaluation_ids: list[UUID] = Field(description="Its evaluations.")
    prior_round_id: UUID | None = Field(description="The round that severities were carried from.")
    replaces: UUID | None = Field(description="The round that it replaces.")
    opened_by: str = Field(description="Who opened it.")
    opened_at: datetime = Field(description="When, UTC.")
    closed_by: str | None = Field(description="Who closed it.")
    closed_at: datetime | None = Field(description="When, UTC.")
    offered: bool | None = Field(description="Whether severity was taken out; false: raw marks stand.")
    refusal: str | None = Field(description="Why not, and what to do.")
    content: dict[str, Any] | None = Field(
        description="What closing found, never changed: per criterion Krippendorff's alpha with its bootstrap interval "
        "(of the marks that enter, and raw), variance components in squared points, intraclass correlations, Gwet's "
        "AC2 of the grades, severities in points with their variance, standard errors of block differences in points."
    )
    sha256: str | None = Field(description="SHA-256 of the RFC 8785 form of `content`; evidence names it.")
    decisions: list["DecisionOut"] = Field(description="What was decided on it and its flags.")


class DecisionOut(Out):
    """A panel's recorded decision."""

    id: UUID = Field(description="Id.")
    flag_id: UUID | None = Field(description="The flag; null: the round's agreement.")
    outcome: str = Field(
        description="unfounded, marks_stand, second_evaluation, adjudicated; annulled (on appeal): undecided again."
    )
    reasons: str = Field(description="Why.")
    document_number: str | None = Field(description="Number of the panel's document.")
    decided_by: str = Field(description="Who recorded it.")
    decided_at: datetime = Field(description="When, UTC.")
    replaces: UUID | None = Field(description="The decision that it took the place of.")
    appeal_id: UUID | None = Field(description="The appeal that was decided so.")


class ValueOut(Out):
    """A contract's value on one criterion, raw, fair and shrunk side by side, in points 0-100."""

    round_id: UUID = Field(description="The round.")
    contract_id: UUID = Field(description="The contract.")
    criterion: str = Field(description="The criterion, or `total`.")
    ratings: int = Field(description="How many evaluators marked it.")
    raw: Six = Field(description="Mean of the marks.")
    fair: Six | None = Field(description="Mean of the marks less their evaluators' severity, cut to 0-100.")
    shrunk: Six | None = Field(description="The best prediction: drawn towards the mean by the marks' unreliability.")
    se: Six | None = Field(description="Standard error of what enters the score, points.")
    df: Six | None = Field(
        description="Degrees of freedom of the standard error: of marks and of evaluators (Satterthwaite)."
    )
    clipped: bool = Field(description="Whether the fair value was cut to 0-100.")
    evaluator_dependent: bool = Field(description="Whether the marks' grade would be another without some evaluator.")
    basis: str = Field(description="What enters the score: fair or raw.")
    simulated: bool = Field(description="Whether the contract is simulated.")
    marks: dict[str, Any] = Field(
        description="Per evaluator the mark, the fair mark, and the value without that evaluator, points."
    )
    evidence_id: UUID | None = Field(description="The evidence that it became; null while it is being entered.")


class WithoutOut(Out):
    """The contract's score without one evaluator."""

    evaluator_id: UUID = Field(description="The evaluator that is left out (pseudonymous).")
    criteria: list[str] = Field(description="What that evaluator had marked.")
    score: Six | None = Field(description="The score without it, 0-100 points; null: nothing is left to score.")
    grade: str | None = Field(description="Its grade; what nobody else marked counts as missing evidence does.")
    grade_upper: str | None = Field(description="The grade if that were 100.")
    difference: str | None = Field(description="Without less with, points, with a sign.")
    changes: bool = Field(description="Whether the grade is another, or could be.")


class DependenceOut(Out):
    """Whether the grade of a contract's score hangs on one evaluator."""

    contract_id: UUID = Field(description="The contract.")
    framework_id: str = Field(description="The framework.")
    version: int = Field(description="Number of the score row.")
    score: Six = Field(description="Its score, points.")
    grade: str = Field(description="Its grade.")
    evaluator_dependent: bool | None = Field(
        description="Whether the grade would change without any one of them; null: nobody rated the contract."
    )
    items: list[WithoutOut] = Field(description="One per evaluator, by id.")


class FacetOut(Out):
    """One evaluator in the many-facet model."""

    severity: Six = Field(description="Logits; more is more severe. All evaluators' sum to 0.")
    se: Six = Field(description="Standard error, logits.")
    infit: Six = Field(
        description="Mean squared residual, weighted; 1 as the model says, 0.5-1.5 productive, over 2 not."
    )
    outfit: Six = Field(description="The same unweighted: single surprising grades show here.")


class DifficultyOut(Out):
    """One criterion in the many-facet model."""

    difficulty: Six = Field(description="Logits; more is harder to get a good grade on.")
    se: Six = Field(description="Standard error, logits.")


class FacetsOut(Out):
    """The round's grades by the many-facet Rasch model, beside the crossed effects; no score rests on it."""

    round_id: UUID = Field(description="The round.")
    estimable: bool = Field(description="Whether the grades determine the model.")
    reason: str | None = Field(description="Why they do not, with the evaluator or criterion concerned.")
    marks: int = Field(description="Marks of the round.")
    grades: list[str] = Field(description="Grades that were given, worst first; they are taken as ordered only.")
    steps: list[Six] = Field(description="Where the next better grade becomes the likelier one, logits; they sum to 0.")
    criteria: dict[str, DifficultyOut] = Field(description="By criterion.")
    evaluators: dict[str, FacetOut] = Field(description="By evaluator (pseudonymous).")
    variance: Six | None = Field(description="Between contracts, squared logits.")
    deviance: Six | None = Field(description="-2 ln L.")
    reliability: Six | None = Field(description="Of the contracts' positions, 0-1.")
    evaluator_strata: Six | None = Field(
        description="Levels of severity that can be told apart: (4 G + 1) / 3; about 1 where evaluators are alike."
    )


class FlagOut(Out):
    """A question about the marks, with what was decided."""

    id: UUID = Field(description="Id.")
    round_id: UUID = Field(description="The round.")
    kind: str = Field(
        description="severity, inconsistency, central_tendency, halo, no_discrimination, favouritism, copying or drift."
    )
    criterion: str = Field(description="The criterion, or `total`.")
    evaluator_id: UUID | None = Field(description="The evaluator.")
    other_evaluator_id: UUID | None = Field(description="The other of a pair.")
    provider_id: UUID | None = Field(description="The provider (favouritism).")
    contracts: list[UUID] = Field(description="The contracts concerned.")
    detail: dict[str, Any] = Field(description="Effect (points, ratio or correlation), p, n, and what the rule adds.")
    holds: bool = Field(description="Whether it holds the contracts' determinations until it is decided.")
    raised_at: datetime = Field(description="When, UTC.")
    decision: DecisionOut | None = Field(description="What was decided.")


class FlagDecisionIn(Model):
    """What was decided on a flag. Marks and evaluators are not changed by it."""

    outcome: Literal["unfounded", "marks_stand", "second_evaluation"] = Field(
        description="unfounded: chance or a good reason; marks_stand: it is so, and the marks are used; "
        "second_evaluation: further evaluators rate the contracts, and a new round replaces this one."
    )
    reasons: str = Field(min_length=10, max_length=4000, description="Why; the evaluator's own statement belongs here.")
    document_number: str | None = Field(None, max_length=100, description="Number of the panel's document.")


class AdjudicationIn(Model):
    """A panel's decision that the marks may be used although the evaluators agree too little."""

    reasons: str = Field(min_length=10, max_length=4000, description="Why the marks may be used.")
    document_number: str = Field(min_length=1, max_length=100, description="Number of the panel's document.")


class TrialIn(Model):
    """Changed marks of one contract on one criterion."""

    contract_id: UUID = Field(description="The contract.")
    criterion: str = Field(max_length=64, description="The criterion, or `total`.")
    marks: dict[UUID, Mark] = Field({}, max_length=50, description="Evaluator to mark, points 0-100; others stand.")
    without: list[UUID] = Field([], max_length=50, description="Evaluators whose marks are left out.")


class TrialOut(Out):
    """What the value would be; nothing is stored."""

    round_id: UUID = Field(description="The round whose parameters are used.")
    contract_id: UUID = Field(description="The contract.")
    criterion: str = Field(description="The criterion, or `total`.")
    basis: str = Field(description="fair or raw.")
    standing: Six = Field(description="The value that stands, points 0-100.")
    value: Six = Field(description="The value with these marks, points 0-100.")
    clipped: bool = Field(description="Whether it was cut to 0-100.")
    ratings: int = Field(description="Marks that it rests on.")


RoundOut.model_rebuild()
