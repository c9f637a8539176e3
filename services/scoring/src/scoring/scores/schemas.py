from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import BeforeValidator, Field

from scoring.scores.targets.schemas import TargetOut
from shared.web import Out

__all__ = [
    "Advice",
    "EvidenceRef",
    "ExplanationNode",
    "ExplanationOut",
    "GateOut",
    "PartOut",
    "PartUncertaintyOut",
    "RetiredScoreOut",
    "ScoreOut",
    "ScoreRowOut",
    "ScoresOut",
    "Source",
    "Step",
    "UncertaintyBrief",
    "UncertaintyOut",
]

Six = Annotated[str, BeforeValidator(lambda value: value if isinstance(value, str) else f"{value:.6f}")]
"""A figure with six decimals, as a JSON string."""

_SCORE = "0-100 points, six decimals; evidence that is held counts 0."
_GRADE = "excellent (>= 90), good (>= 80), fair (>= 60) or poor; lower bound inclusive, decided on the quantised score."


class PartOut(Out):
    """The sub-score of what one party answers for."""

    weight: Six = Field(description="Points of the whole score that its indicators can earn.")
    score: Six | None = Field(description="Its own score, 0-100, six decimals; null: nothing is its own.")
    lower: Six | None = Field(description="The same if its missing evidence were 0.")
    upper: Six | None = Field(description="The same if its missing evidence were 100.")
    grade: str | None = Field(description="Band of its score.")
    held: list[str] = Field(description="Its indicators without evidence that block a determination.")


class GateOut(Out):
    """A cap that no other result makes good."""

    code: str = Field(description="Code of the gate.")
    node: str = Field(description="Node that it watches.")
    below: Six = Field(description="Threshold, points of the node.")
    cap: str = Field(description="Best grade while the node lies below the threshold.")
    value: Six = Field(description="The node's value, 0-100.")
    crossed: bool = Field(description="Whether the node lies below.")


class UncertaintyBrief(Out):
    """How sure a score is, in short."""

    label: str = Field(
        description="firm (P of the grade >= .90), indicative (>= .70) or undetermined; undetermined too where missing "
        "evidence could change the grade."
    )
    low: Six = Field(description="2.5 % quantile of the score, points.")
    median: Six = Field(description="Median of the score, points.")
    high: Six = Field(description="97.5 % quantile of the score, points.")
    probability: Six = Field(description="P of the score's grade, 0-1.")
    probabilities: dict[str, Six] = Field(description="P of each grade, 0-1, best grade first.")


class PartUncertaintyOut(Out):
    """How sure a sub-score is."""

    se: Six = Field(description="Standard error: standard deviation of its draws, points of 0-100.")
    low: Six = Field(description="2.5 % quantile, points.")
    median: Six = Field(description="Median, points.")
    high: Six = Field(description="97.5 % quantile, points.")
    label: str = Field(description="firm, indicative or undetermined, by the sub-score's own grade.")
    probability: Six = Field(description="P of the sub-score's grade, 0-1.")
    probabilities: dict[str, Six] = Field(description="P of each grade, 0-1, best grade first.")


class ScoreOut(Out):
    """A live score: it follows every event and is always provisional."""

    contract_id: UUID = Field(description="The contract.")
    framework_id: str = Field(description="Framework that it was scored under.")
    framework_version: str = Field(description="Version of the framework.")
    framework_hash: str = Field(description="SHA-256 of the framework's document.")
    version: int = Field(description="Number of the score row, per contract and framework.")
    region: str = Field(description="`<country>-<code>`, the GB/T 2260 code for China.")
    simulated: bool = Field(description="Whether any evidence that was used is simulated.")
    provisional: bool = Field(description="Always true: only a determination binds.")
    stage: str = Field(description="interim, completion or followUp; each has its own weights.")
    score: Six = Field(description=_SCORE)
    lower: Six = Field(description="The score if all missing evidence were 0.")
    upper: Six = Field(description="The score if all missing evidence were 100.")
    coverage: Six = Field(description="Share of the weight with evidence, 0-1.")
    grade: str = Field(description=_GRADE)
    grade_lower: str = Field(description="Grade of `lower`.")
    grade_upper: str = Field(description="Grade of `upper`.")
    held: list[str] = Field(description="Indicators without evidence that block a determination.")
    content_hash: str = Field(description="SHA-256 of the canonical content: evidence, framework, algorithm, result.")
    chain_hash: str = Field(description="Hash of the row in the chain of its contract and framework.")
    recorded_at: datetime = Field(description="When the row was written, UTC.")
    parts: dict[str, PartOut] | None = Field(
        description="Sub-scores of purchaser, provider, joint and outside; null: written by an earlier release."
    )
    ungated: Six | None = Field(description="The score before gates; null: the framework has none.")
    gates: list[GateOut] | None = Field(description="Gates with their nodes; null likewise.")
    thin: list[str] | None = Field(
        description="Nodes without a value, because evidence covers too little of their weight; null likewise."
    )
    uncertainty: UncertaintyBrief | None = Field(description="How sure it is; null for the moment that it takes.")


class RetiredScoreOut(Out):
    """The last score under a framework that is out of force for the contract; its rows stand in the history."""

    framework_id: str = Field(description="The framework.")
    framework_version: str = Field(description="Its version.")
    version: int = Field(description="Number of the last score row.")
    stage: str = Field(description="interim, completion or followUp.")
    score: Six = Field(description="Its score, 0-100 points.")
    grade: str = Field(description="Its grade.")
    retired_at: datetime = Field(description="Since when it is live no more, UTC.")
    replaced_by: str | None = Field(description="`id@version` of the framework that took its place; null: none did.")


class ScoresOut(Out):
    """The live scores of a contract."""

    contract_id: UUID = Field(description="The contract.")
    items: list[ScoreOut] = Field(description="One per framework, by its id.")
    retired: list[RetiredScoreOut] = Field(description="Scores under frameworks that are out of force, by their ids.")


class ScoreRowOut(Out):
    """One score row with everything that a recomputation needs."""

    version: int = Field(description="Number of the row, per contract and framework.")
    framework_version: str = Field(description="Version of the framework.")
    simulated: bool = Field(description="Whether any evidence that was used is simulated.")
    content: dict[str, Any] = Field(description="The canonical content whose SHA-256 (RFC 8785) is `content_hash`.")
    content_hash: str = Field(description="SHA-256 of `content`.")
    previous_hash: str | None = Field(description="`chain_hash` of the row before; null for the first.")
    chain_hash: str = Field(
        description="SHA-256 of the canonical form of [previous_hash, content_hash, recorded_at, causes]."
    )
    causes: list[UUID] = Field(description="Ids of the events that led to this row, sorted.")
    recorded_at: datetime = Field(description="When the row was written, UTC.")


class Source(Out):
    """An item of evidence with an error of its own."""

    id: UUID = Field(description="Id of the item.")
    kind: str = Field(description="sampling (survey, statistic), rater (marks) or method (a fallback).")
    nodes: str = Field(description="Nodes that rest on it, separated by blanks.")
    sd: Six = Field(description="Standard deviation of the score that comes from it, points.")
    share: Six = Field(description="Share of the evidence's variance, 0-1.")


class Advice(Out):
    """What should be measured next."""

    action: str = Field(description="supply-evidence, more-answers, another-evaluator or state-the-value.")
    nodes: str = Field(description="Nodes that it is about, separated by blanks.")
    evidence: UUID | None = Field(None, description="The item whose error is meant.")
    points: Six | None = Field(None, description="supply-evidence: points at stake.")
    reduces: Six | None = Field(
        None,
        description="Share of the evidence's variance that would go: with twice the answers, one more evaluator, or "
        "the value stated.",
    )


class UncertaintyOut(UncertaintyBrief):
    """How sure a score is. Weights and method are held fixed; what they would add stands in `shares`."""

    contract_id: UUID = Field(description="The contract.")
    framework_id: str = Field(description="The framework.")
    version: int = Field(description="Number of the score row.")
    content_hash: str = Field(description="SHA-256 of the row's content.")
    stored: bool = Field(description="Whether it is the record; a preview with more draws is not stored.")
    draws: int = Field(description="Draws; 1: nothing in it is uncertain.")
    gates: dict[str, Six] = Field(description="P that each gate's node lies below its threshold, 0-1.")
    shares: dict[str, Six | None] = Field(
        description="Share of the variance by kind, 0-1: sampling, rater, weight (null: no panel's spread is stated), "
        "method (the choice of the mean, and fallbacks)."
    )
    sources: list[Source] = Field(description="Items of evidence with an error, the largest first.")
    advice: list[Advice] = Field(description="What should be measured next, the most useful first.")
    method: dict[str, Any] = Field(description="Algorithm, generator, version of numpy, what is held fixed.")
    record_hash: str = Field(description="SHA-256 of the canonical form of the record.")
    parts: dict[str, PartUncertaintyOut | None] = Field(
        description="How sure the sub-scores of purchaser, provider, joint and outside are, each by the draws of its "
        "own leaves; null: nothing is the party's own."
    )
    parts_hash: str = Field(description="SHA-256 of the canonical form of the record of the sub-scores.")


class Step(Out):
    """A change of one indicator that alone would bring the next better grade."""

    node: str = Field(description="The indicator.")
    grade: str = Field(description="The grade that it would bring.")
    state: str = Field(description="evidence, or hold: evidence would have to be supplied.")
    normalised: Six = Field(description="Its score now, 0-100.")
    needed: Six = Field(description="The score that it needs, 0-100.")
    raw: str | None = Field(description="Its value now; null without evidence.")
    raw_needed: str | None = Field(description="The value that it needs, in its unit; null where a tier is picked.")
    points: Six = Field(description="How far its own score has to rise.")


class EvidenceRef(Out):
    """An item of evidence that a leaf rests on."""

    id: UUID = Field(description="Id of the item.")
    sha256: str = Field(description="Its content hash.")


class ExplanationNode(Out):
    """A node of the framework with what it earned and lost. Points of a node are the sums over its leaves."""

    node: str = Field(description="Dotted code from the root; empty for the root.")
    title: dict[str, str] = Field(description="Title in English (en) and Chinese (zh).")
    weight: Six = Field(description="Points that can be earned; 100 at the root.")
    points: Six = Field(description="Points earned; the score at the root.")
    lost: Six = Field(description="Points lost; 100 - score at the root, exactly the sum over the leaves.")
    state: str | None = Field(
        description="Leaf only: evidence, or what its absence means: hold, zero, reweight (weight goes to the others)."
    )
    normalised: Six | None = Field(description="Leaf with evidence: 0-100.")
    raw: str | None = Field(description="Leaf with evidence: the measured value, or the code of the tier.")
    unit: str | None = Field(description="Leaf only: unit of the measured value.")
    target: str | None = Field(description="Leaf with a target: the target.")
    accountable: str | None = Field(description="Leaf only: purchaser, provider, joint or outside.")
    over_attained: bool = Field(description="Whether the target was exceeded so far that it has to be explained.")
    notes: list[str] = Field(
        description="Leaf only, what stood in for something: midpoint (of a tier without a stated value), "
        "sector-baseline (a first contract), target-zero."
    )
    normaliser: dict[str, Any] | None = Field(
        description="Leaf only: how the value became a score, with its parameters."
    )
    source: str | None = Field(description="Leaf only: the rule that it follows.")
    evidence: list[EvidenceRef] = Field(description="Leaf with evidence: the items that it rests on.")
    children: list["ExplanationNode"] = Field(description="Nodes below, in the order of the framework.")


class ExplanationOut(Out):
    """A score row as a tree."""

    contract_id: UUID = Field(description="The contract.")
    framework_id: str = Field(description="The framework.")
    framework_version: str = Field(description="Its version.")
    version: int = Field(description="Number of the score row.")
    simulated: bool = Field(description="Whether any evidence that was used is simulated.")
    provisional: bool = Field(description="Always true: only a determination binds.")
    stage: str = Field(description="interim, completion or followUp.")
    score: Six = Field(description=_SCORE)
    grade: str = Field(description=_GRADE)
    lower: Six = Field(description="The score if all missing evidence were 0.")
    upper: Six = Field(description="The score if all missing evidence were 100.")
    ungated: Six | None = Field(description="The score before gates; null: the framework has none.")
    gates: list[GateOut] = Field(description="The gates with their nodes' values.")
    thin: list[str] = Field(description="Nodes without a value: evidence covers too little of their weight.")
    method: str = Field(
        description="How points are divided among the leaves: by weighted shares where all means are arithmetic, else "
        "by Aumann-Shapley values node by node."
    )
    parts: dict[str, PartOut] = Field(description="Sub-scores of purchaser, provider, joint and outside.")
    next_grade: list[Step] = Field(description="Single changes that would bring the next grade, the smallest first.")
    content_hash: str = Field(description="SHA-256 of the row's content.")
    targets: list[TargetOut] = Field(
        description="The agreed targets beside what earlier contracts of the same service agreed and reached, as known "
        "now."
    )
    tree: ExplanationNode = Field(description="The root; the points lost add up to 100 - the ungated score.")
