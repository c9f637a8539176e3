"""Bodies and answers of evaluations, tasks and cases."""

from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any, Literal, Self
from uuid import UUID

from pydantic import AwareDatetime, Field, PlainSerializer, StrictBool, StrictInt, StringConstraints, model_validator

from shared.web import Figure, Model, Out

__all__ = [
    "ActOut",
    "AddEvaluatorIn",
    "CloseIn",
    "ConclusionIn",
    "DStudyOut",
    "DeclarationIn",
    "DrawOut",
    "EvaluationIn",
    "EvaluationOut",
    "MarkIn",
    "MarkOut",
    "RatingsIn",
    "ReviewIn",
    "StepIn",
    "TaskOut",
    "Two",
    "ViewIn",
]

Two = Annotated[Decimal, PlainSerializer(lambda value: f"{value:.2f}", return_type=str)]
Stage = Literal["interim", "completion", "followUp"]
Nature = Literal["employment", "ownership", "family", "business", "advice", "dispute", "other"]


class EvaluationIn(Model):
    """A plan: which contracts, under which framework and form, by which evaluators."""

    title: str = Field(min_length=1, max_length=200, description="Title of the job.")
    region: Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}-[0-9A-Za-z]{1,12}$")] = Field(
        description="Region that organises it; every contract lies in it.", examples=["CN-230000"]
    )
    framework_id: str = Field(max_length=64, description="The framework that the marks are for.")
    framework_version: str | None = Field(None, max_length=32, description="Its version; by default the one in force.")
    form_id: str = Field(max_length=64, description="The rating form.")
    form_version: str | None = Field(None, max_length=32, description="Its version; by default the last recorded.")
    stage: Stage = Field(description="Stage of the contracts that is evaluated.")
    contract_ids: list[UUID] = Field(min_length=1, max_length=2000, description="The contracts, anchors included.")
    anchor_ids: list[UUID] = Field(
        [], max_length=50, description="Contracts that every evaluator rates: none, or at least 5."
    )
    evaluator_ids: list[UUID] = Field(min_length=1, max_length=300, description="The pool of evaluators.")
    lead_id: UUID = Field(description="Lead evaluator, who signs the conclusions.")
    per_case: StrictInt = Field(2, ge=1, le=20, description="Evaluators per case; 1 needs anchors.")
    rating_until: AwareDatetime = Field(description="When the ratings are due.")

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        for name, ids in (("contract_ids", self.contract_ids), ("evaluator_ids", self.evaluator_ids)):
            if len(set(ids)) < len(ids):
                raise ValueError(f"{name} names one twice")
        stray = sorted(str(each) for each in set(self.anchor_ids) - set(self.contract_ids))
        if stray:
            raise ValueError(f"anchors that are no contracts of the evaluation: {', '.join(stray)}")
        anchors = len(set(self.anchor_ids))
        if 0 < anchors < 5:
            raise ValueError(f"{anchors} anchors: give none, or at least 5, fewer link nobody")
        if self.per_case == 1 and not anchors:
            raise ValueError("one evaluator per case links nobody: give at least 5 anchors, or two evaluators per case")
        if self.per_case > len(self.evaluator_ids):
            raise ValueError(f"{self.per_case} evaluators per case of a pool of {len(self.evaluator_ids)}")
        return self


class EvaluationOut(Out):
    """An evaluation."""

    id: UUID = Field(description="Id of the evaluation.")
    version: int = Field(description="Counts the changes.")
    title: str = Field(description="Title.")
    region: str = Field(description="Region that organises it.")
    state: str = Field(description="planned, rating, rated or cancelled; the cases go on by themselves.")
    framework_id: str = Field(description="The framework that the marks are for.")
    framework_version: str = Field(description="Its version.")
    framework_hash: str = Field(description="SHA-256 of its document.")
    form_id: str = Field(description="The rating form.")
    form_version: str = Field(description="Its version.")
    form_sha256: str = Field(description="SHA-256 of the form.")
    stage: str = Field(description="interim, completion or followUp.")
    per_case: int = Field(description="Evaluators per case.")
    evaluator_ids: list[UUID] = Field(description="The pool.")
    lead_id: UUID = Field(description="Lead evaluator.")
    rating_until: datetime = Field(description="When the ratings are due, UTC.")
    planned_by: str = Field(description="Who planned it.")
    planned_at: datetime = Field(description="When, UTC.")
    drawn_at: datetime | None = Field(description="When the assignment was drawn.")
    closed_at: datetime | None = Field(description="When rating was closed.")
    cases: dict[str, int] = Field(description="Number of cases per state.")
    ratings: dict[str, int] = Field(description="Number of assignments per state: how far the rating is.")


class DrawOut(Out):
    """A random assignment with all that is needed to repeat it."""

    id: UUID = Field(description="Id of the draw.")
    case_id: UUID | None = Field(description="The case that one more evaluator was drawn for; null: the whole plan.")
    seed: str = Field(description="128 bits, hexadecimal: the entropy of numpy's SeedSequence for PCG64.")
    algorithm: str = Field(description="Name and version of the algorithm.")
    random: bool = Field(
        description="Whether nothing but conflicts of interest and rotation limited it; calibration rests on that."
    )
    body: dict[str, Any] = Field(
        description="Evaluators and cases in the order of the numbers, exclusions with reasons, blocks, connectedness."
    )
    sha256: str = Field(description="SHA-256 of the RFC 8785 form of `body`.")
    drawn_by: str = Field(description="Who drew.")
    drawn_at: datetime = Field(description="When, UTC.")


class ActOut(Out):
    """One step of the process."""

    kind: str = Field(description="What was done.")
    case_id: UUID | None = Field(description="About which case; null: the whole evaluation.")
    outcome: str | None = Field(description="How a decision went.")
    reason: str | None = Field(description="The reason given.")
    by: str = Field(description="Who: the subject of the token.")
    at: datetime = Field(description="When, UTC.")


class DeclarationIn(Model):
    """What an evaluator declares before rating a case."""

    conflict: StrictBool = Field(description="Whether there is a conflict of interest with this case.")
    nature: Nature | None = Field(None, description="Its kind.")
    statement: str | None = Field(None, min_length=1, max_length=2000, description="What it is.")

    @model_validator(mode="after")
    def _stated(self) -> Self:
        if self.conflict != (self.nature is not None and self.statement is not None):
            raise ValueError("a conflict comes with nature and statement, and only a conflict does")
        return self


class MarkIn(Model):
    """A mark for one criterion."""

    criterion: str = Field(max_length=64, description="Code of the criterion.")
    tier: str | None = Field(None, max_length=32, description="The tier, where the criterion has tiers.")
    mark: Figure | None = Field(
        None,
        description="The mark on the criterion's scale, at most two decimals; null takes the middle of the tier.",
        examples=["85"],
    )
    tier_reason: str | None = Field(
        None, min_length=1, max_length=2000, description="Why this value inside the tier; needed with tier and mark."
    )
    narrative: str = Field(min_length=1, max_length=8000, description="Why: what was seen, in which document or place.")


class RatingsIn(Model):
    """Marks of one case; a criterion that was marked before gets a new revision."""

    marks: list[MarkIn] = Field(min_length=1, max_length=60, description="The marks.")


class MarkOut(Out):
    """A mark."""

    criterion: str = Field(description="Code of the criterion.")
    node: str | None = Field(description="Node of the framework that it enters; null: it enters no score.")
    revision: int = Field(description="Counts the changes before the submission; the highest counts.")
    tier: str | None = Field(description="The tier.")
    mark: Two = Field(description="On the criterion's scale.")
    midpoint: bool = Field(description="Whether it is the middle of the tier because no value was given.")
    tier_reason: str | None = Field(description="Why this value inside the tier.")
    narrative: str = Field(description="Why.")
    recorded_at: datetime = Field(description="When, UTC.")


class TaskOut(Out):
    """One case of the calling evaluator. It says nothing of the live score, of others' ratings, or of anchors."""

    id: UUID = Field(description="Id of the assignment.")
    evaluation_id: UUID = Field(description="The evaluation.")
    case_id: UUID = Field(description="The case.")
    contract_id: UUID = Field(description="The contract.")
    contract_title: str | None = Field(description="Its title.")
    region: str = Field(description="Its region.")
    service_category: str | None = Field(description="Its service category.")
    stage: str = Field(description="Stage that is evaluated.")
    form_id: str = Field(description="The rating form.")
    form_version: str = Field(description="Its version.")
    position: int = Field(description="Place in the order in which you rate; it is random, keep to it.")
    state: str = Field(description="assigned, declared, submitted, recused or lapsed.")
    rating_until: datetime = Field(description="When the rating is due, UTC.")
    declared_at: datetime | None = Field(description="When you declared to have no conflict.")
    submitted_at: datetime | None = Field(description="When you submitted; nothing changes afterwards.")
    submission_sha256: str | None = Field(description="SHA-256 of what you submitted.")
    marks: list[MarkOut] = Field(description="Your marks, the revision that counts of each; empty in a list.")


class CloseIn(Model):
    """Close the rating."""

    lapse: StrictBool = Field(False, description="Let outstanding assignments lapse.")
    reason: str | None = Field(None, min_length=1, max_length=2000, description="Why; needed to let any lapse.")

    @model_validator(mode="after")
    def _reasoned(self) -> Self:
        if self.lapse and self.reason is None:
            raise ValueError("state why outstanding assignments lapse")
        return self


class StepIn(Model):
    """A step with its reason."""

    reason: str = Field(min_length=1, max_length=4000, description="The reason; it is kept with the case.")


class AddEvaluatorIn(StepIn):
    """One more evaluator for a case."""

    evaluator_id: UUID | None = Field(
        None, description="Whom; by default one is drawn from the pool, which is the rule: a choice is not random."
    )


class ViewIn(Model):
    """What a party says about a preliminary result."""

    agrees: StrictBool = Field(description="Whether the party agrees; if not, a level above reviews.")
    statement: str = Field(min_length=1, max_length=8000, description="The view.")


class ReviewIn(Model):
    """The decision of the level above."""

    decision: Literal["upheld", "another_evaluation"] = Field(
        description="upheld: the preliminary result stands; another_evaluation: one more evaluator rates the case."
    )
    reason: str = Field(min_length=1, max_length=8000, description="The reasons, view by view.")


class ConclusionIn(Model):
    """The final conclusion, signed by the lead evaluator who sends it."""

    conclusion: str = Field(min_length=1, max_length=20_000, description="The conclusion in words.")


class DStudyOut(Out):
    """How many evaluators are needed, from the variances of the marks so far."""

    criterion: str = Field(description="The criterion, or `total`.")
    wanted: float = Field(description="The reliability that was asked for, 0-1.")
    marks: int = Field(description="Number of marks that the variances rest on.")
    variance_case: float = Field(description="Variance of the cases, squared points of 0-100.")
    variance_severity: float = Field(description="Variance of the evaluators' severity.")
    variance_residual: float = Field(description="Variance of the rest.")
    dependability: dict[str, float] = Field(description="Phi of the raw mean of 1 to 10 evaluators, 0-1.")
    generalisability: dict[str, float] = Field(description="E rho squared of the calibrated mean of 1 to 10, 0-1.")
    raters_raw: int | None = Field(description="Evaluators per case for raw means; null: no number is enough.")
    raters_calibrated: int | None = Field(description="Evaluators per case for calibrated means; null: none is enough.")
