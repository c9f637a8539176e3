"""Events of the scoring service about third-party evaluations. None carries a mark: ratings are blind."""

from datetime import datetime
from uuid import UUID

from pydantic import Field

from shared.events.base import EventData, event

__all__ = ["EvaluationCaseUpdated", "EvaluationUpdated"]


@event("scoring.evaluation.updated.v1", kind="state")
class EvaluationUpdated(EventData):
    """A third-party evaluation at one version: planned, assigned and being rated, rated, cancelled."""

    evaluation_id: UUID
    version: int = Field(ge=1)
    region: str = Field(description="The region that organises it; its cases lie in it.")
    simulated: bool = Field(False, description="Whether any of its contracts is simulated.")
    title: str
    state: str = Field(description="planned | rating | rated | cancelled.")
    stage: str = Field(description="interim | completion | followUp.")
    framework_id: str
    framework_version: str
    framework_hash: str
    form_id: str
    form_version: str
    form_sha256: str
    per_case: int = Field(ge=1, description="Evaluators per case; anchor cases have all.")
    cases: int = Field(ge=1, description="Number of contracts, anchors included.")
    evaluators: int = Field(ge=1, description="Number of evaluators in the pool.")
    rating_until: datetime = Field(description="When the ratings are due.")


@event("scoring.evaluation_case.updated.v1", kind="state")
class EvaluationCaseUpdated(EventData):
    """One contract's place in a third-party evaluation."""

    case_id: UUID
    version: int = Field(ge=1)
    evaluation_id: UUID
    contract_id: UUID
    region: str
    simulated: bool = False
    state: str = Field(
        description="planned | rating | preliminary | exchange | review | final | published | cancelled."
    )
    stage: str = Field(description="interim | completion | followUp.")
    framework_id: str
    exchange_until: datetime | None = Field(None, description="Until when the parties are asked for their views.")
    views_until: datetime | None = Field(None, description="The last instant at which a view is taken.")
    concluded_at: datetime | None = None
    published_at: datetime | None = None
