from datetime import datetime
from uuid import UUID

from pydantic import Field

from scoring.evaluations.schemas import Two
from shared.web import Out

__all__ = ["AssignmentOut", "CaseOut", "CaseResult", "CriterionResult", "RaterMark", "ViewOut"]


class ViewOut(Out):
    """A view of a party."""

    party: str = Field(description="provider or purchaser.")
    agrees: bool = Field(description="Whether it agrees.")
    statement: str = Field(description="The view.")
    stated_at: datetime = Field(description="When, UTC.")


class AssignmentOut(Out):
    """Who rates a case; for officers."""

    id: UUID = Field(description="Id of the assignment.")
    evaluator_id: UUID = Field(description="The evaluator.")
    code: str = Field(description="Pseudonym.")
    state: str = Field(description="assigned, declared, submitted, recused or lapsed.")
    submitted_at: datetime | None = Field(description="When submitted, UTC.")


class RaterMark(Out):
    """One evaluator's mark."""

    rater: str = Field(description="Pseudonym for officers and the lead evaluator; a number for everybody else.")
    mark: Two = Field(description="On the criterion's scale.")
    tier: str | None = Field(description="The tier.")
    midpoint: bool = Field(description="Whether it is the middle of the tier because no value was given.")
    tier_reason: str | None = Field(description="Why this value inside the tier.")
    narrative: str = Field(description="Why.")


class CriterionResult(Out):
    """Raw marks of a criterion; a calibration round sets fair ones beside them."""

    criterion: str = Field(description="Code of the criterion.")
    node: str | None = Field(description="Node of the framework that it enters; null: it enters no score.")
    raters: int = Field(description="Number of submitted marks.")
    mean: Two = Field(description="Mean of the raw marks, on the criterion's scale.")
    lowest: Two = Field(description="Lowest mark.")
    highest: Two = Field(description="Highest mark.")
    marks: list[RaterMark] = Field(description="The marks; empty for the public.")


class CaseResult(Out):
    """The raw result of a case."""

    criteria: list[CriterionResult] = Field(description="Per criterion, in the order of the form.")
    total: Two | None = Field(description="Mean weighted by the form's weights, 0-100; null when it has none.")
    total_lowest: Two | None = Field(description="The same of the most severe evaluator.")
    total_highest: Two | None = Field(description="The same of the most lenient evaluator.")


class CaseOut(Out):
    """A contract in an evaluation, as far as the caller may see it."""

    id: UUID = Field(description="Id of the case; an appeal names it.")
    evaluation_id: UUID = Field(description="The evaluation.")
    contract_id: UUID = Field(description="The contract.")
    region: str = Field(description="Its region.")
    simulated: bool = Field(description="Whether the contract is simulated.")
    framework_id: str = Field(description="The framework that the marks are for.")
    stage: str = Field(description="interim, completion or followUp.")
    state: str = Field(description="planned, rating, preliminary, exchange, review, final, published or cancelled.")
    version: int = Field(description="Counts the changes.")
    anchor: bool | None = Field(description="Whether every evaluator rates it; null for evaluators, who may not know.")
    purchaser_id: UUID | None = Field(description="The purchaser.")
    provider_id: UUID | None = Field(description="The provider.")
    exchange_until: datetime | None = Field(description="Until when the parties are asked for their views, UTC.")
    views_until: datetime | None = Field(description="The last instant at which a view is taken, UTC.")
    reviewed_at: datetime | None = Field(description="When the level above upheld the result, UTC.")
    conclusion: str | None = Field(description="The conclusion, once it is drawn.")
    signed_by: str | None = Field(description="Pseudonym of the lead evaluator who signed.")
    concluded_at: datetime | None = Field(description="When, UTC.")
    published_at: datetime | None = Field(description="When it was published, UTC.")
    provisional: bool = Field(description="True until the conclusion is drawn.")
    result: CaseResult | None = Field(description="The marks; null while the case is rated, and in lists.")
    views: list[ViewOut] = Field(description="What the parties said; empty for the public and in lists.")
    assignments: list[AssignmentOut] = Field(description="Who rates it; for officers and the lead evaluator only.")
