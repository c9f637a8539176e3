from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import BeforeValidator, Field

from shared.web import Out

__all__ = ["ExplanationNode", "ExplanationOut", "ScoreOut", "ScoreRowOut", "ScoresOut"]

Six = Annotated[str, BeforeValidator(lambda value: value if isinstance(value, str) else f"{value:.6f}")]
"""A figure with six decimals, as a JSON string."""

_SCORE = "0-100 points, six decimals; evidence that is held counts 0."
_GRADE = "excellent (>= 90), good (>= 80), fair (>= 60) or poor; lower bound inclusive, decided on the quantised score."


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


class ScoresOut(Out):
    """The live scores of a contract."""

    contract_id: UUID = Field(description="The contract.")
    items: list[ScoreOut] = Field(description="One per framework, by its id.")


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
    content_hash: str = Field(description="SHA-256 of the row's content.")
    tree: ExplanationNode = Field(description="The root; the points lost over the leaves add up to 100 - score.")
