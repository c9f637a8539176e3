from datetime import date, datetime
from uuid import UUID

from pydantic import Field

from shared.web import Out

__all__ = ["KnownScoreOut"]


class KnownScoreOut(Out):
    """The score that the evidence known at an instant makes; nothing is stored."""

    contract_id: UUID = Field(description="The contract.")
    framework_id: str = Field(description="The framework.")
    framework_version: str = Field(description="Its version.")
    framework_hash: str = Field(description="SHA-256 of its document.")
    known_at: datetime = Field(description="Only what had come in by then, UTC.")
    valid_at: date | None = Field(description="Only what speaks of this day or an earlier one.")
    simulated: bool = Field(description="Whether any evidence that was used is simulated.")
    stage: str = Field(description="interim, completion or followUp.")
    score: str = Field(description="0-100 points, six decimals; evidence that is held counts 0.")
    lower: str = Field(description="The score if all missing evidence were 0.")
    upper: str = Field(description="The score if all missing evidence were 100.")
    coverage: str = Field(description="Share of the weight with evidence, 0-1.")
    grade: str = Field(description="Band of the score.")
    held: list[str] = Field(description="Indicators without evidence that would block a determination.")
    content_hash: str = Field(description="What the score row would be named.")
