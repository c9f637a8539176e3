"""Events of the scoring service: live scores and determinations."""

from datetime import datetime
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from shared.events.base import EventData, event

__all__ = ["DeterminationActed", "DeterminationIssued", "ScoreReason", "ScoreStanding", "ScoreUpdated"]


class ScoreReason(BaseModel):
    """Why a score moved: one leaf of the framework whose contribution changed."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    node: str
    name: str
    before: str | None = Field(description="Contribution in points before, six decimals; null: there was no score yet.")
    after: str


@event("scoring.score.updated.v1", kind="state")
class ScoreUpdated(EventData):
    """The live score of a contract under one framework changed; it is always provisional."""

    contract_id: UUID
    framework_id: str
    framework_version: str
    framework_hash: str
    version: int = Field(ge=1, description="Number of the score row, per contract and framework.")
    region: str
    simulated: bool = False
    stage: str = Field(description="interim | completion | followUp.")
    score: str = Field(description="0-100, six decimals; evidence that is held counts 0.")
    lower: str = Field(description="The score if all missing evidence were 0.")
    upper: str = Field(description="The score if all missing evidence were 100.")
    grade: str = Field(description="excellent | good | fair | poor: the band of `score`.")
    grade_lower: str
    grade_upper: str
    coverage: str = Field(description="Share of the weight with evidence, 0-1, six decimals.")
    held: tuple[str, ...] = Field((), description="Nodes without evidence that block a determination.")
    provisional: bool = True
    previous_score: str | None = None
    previous_grade: str | None = None
    reasons: tuple[ScoreReason, ...] = ()
    content_hash: str
    chain_hash: str
    causes: tuple[UUID, ...] = Field((), description="Ids of the events that led to this row.")
    recorded_at: datetime


@event("scoring.score.standing.v1", kind="fact")
class ScoreStanding(EventData):
    """A live score left the live scores, or came back, because its framework went out of force for the contract.

    While it is out no `scoring.score.updated.v1` follows under that framework. Of several about one score the one with
    the latest `recorded_at` holds.
    """

    contract_id: UUID
    framework_id: str
    version: int = Field(ge=1, description="Number of the newest score row, per contract and framework.")
    region: str
    simulated: bool = False
    live: bool = Field(
        description="False: the framework is out of force for the contract; its rows stay in the history."
    )
    recorded_at: datetime


@event("scoring.determination.issued.v1", kind="fact")
class DeterminationIssued(EventData):
    """A score row was pinned by a signed act."""

    determination_id: UUID
    contract_id: UUID
    region: str
    simulated: bool = False
    framework_id: str
    framework_version: str
    framework_hash: str
    stage: str
    score: str
    grade: str
    content_hash: str
    evidence_cutoff: datetime
    document_number: str
    signed_by: str
    issued_at: datetime
    replaces: UUID | None = None
    point_grade: str | None = Field(None, description="Band of the score before gates and the coverage cap.")
    capped_by: tuple[str, ...] = Field((), description="gate:<code> | coverage: why `grade` is lower.")
    label: str | None = Field(None, description="firm | indicative | undetermined.")
    binding: bool | None = Field(None, description="Whether consequences may open by themselves.")
    adverse_allowed: bool | None = Field(None, description="Whether adverse consequences may open by themselves.")
    p_grade: str | None = Field(None, description="P of `grade`, 0-1, six decimals.")
    p_grade_or_worse: str | None = Field(None, description="P of `grade` or a worse one, 0-1, six decimals.")
    provider_score: str | None = Field(None, description="0-100: only what the provider answers for.")
    provider_grade: str | None = None
    purchaser_score: str | None = Field(None, description="0-100: only what the purchaser answers for.")
    purchaser_grade: str | None = None
    uncertainty_hash: str | None = None
    appeal_id: UUID | None = Field(None, description="The appeal whose decision it carries out.")


@event("scoring.determination.acted.v1", kind="fact")
class DeterminationActed(EventData):
    """Something was done with a determination after it was signed."""

    act_id: UUID
    determination_id: UUID
    contract_id: UUID
    region: str
    simulated: bool = False
    kind: str = Field(description="service | publication | suspension | release | annulment.")
    acted_at: datetime
    effective_at: datetime | None = Field(None, description="Service: when the determination takes effect for it.")
    party: str | None = Field(None, description="Service: provider | purchaser.")
    appeal_id: UUID | None = None
