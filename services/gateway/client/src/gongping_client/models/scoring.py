"""Live scores, what they rest on, and determinations."""

from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import Field

from gongping_client.models.base import Answer, Body

__all__ = ["Determination", "DeterminationIn", "Score", "ScoreChange", "ScoreReason"]


class ScoreReason(Answer):
    """Why a score moved: a leaf whose contribution changed, in points."""

    node: str
    name: str
    before: str | None = None
    after: str


class Score(Answer):
    """A live score under one framework; always provisional. Figures are strings of six decimals."""

    contract_id: UUID
    framework_id: str
    framework_version: str
    version: int
    region: str
    simulated: bool = False
    stage: str
    score: str
    lower: str
    upper: str
    grade: str
    grade_lower: str
    grade_upper: str
    coverage: str
    held: tuple[str, ...] = ()
    content_hash: str
    recorded_at: datetime


class ScoreChange(Score):
    """A change of a live score, as the stream sends it. `position` is what a listener resumes after."""

    position: str | None = None
    previous_score: str | None = None
    previous_grade: str | None = None
    reasons: tuple[ScoreReason, ...] = ()


class DeterminationIn(Body):
    """A score to pin by a signed act; the client is the signer.

    `score_version` refuses when the score is no longer the one that was read; `content_hash` names a row explicitly.
    """

    contract_id: UUID
    framework_id: str
    document_number: str
    score_version: int | None = None
    content_hash: str | None = None
    replaces: UUID | None = None
    reason: str | None = None
    reweighted: dict[str, str] = Field(
        default_factory=dict,
        description="By node, why evidence was impossible to obtain, where the contract reweights.",
    )
    softened_targets: dict[str, str] = Field(
        default_factory=dict,
        description="By indicator id, why a target asks for less than earlier contracts agreed and reached.",
    )


class Determination(Answer):
    """A score row that was pinned."""

    id: UUID
    contract_id: UUID
    framework_id: str
    score: str
    grade: str
    content_hash: str
    document_number: str
    would_now_be: dict[str, Any] | None = Field(None, description="What the live score says now.")
