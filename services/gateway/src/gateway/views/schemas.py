from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import Field

from shared.web import Out

__all__ = ["DossierOut", "Part", "PartOk", "PartUnavailable"]


class PartOk(Out):
    """A part that its service has answered."""

    status: Literal["ok"] = Field(description="The part is there.")
    data: Any = Field(description="The service's own answer; null when it holds nothing about this contract yet.")


class PartUnavailable(Out):
    """A part that is missing now, and why. It says nothing about the contract."""

    status: Literal["unavailable"] = Field(description="The part is missing.")
    reason: str = Field(description="Why it is missing.", examples=["The service scoring cannot be reached."])


Part = Annotated[PartOk | PartUnavailable, Field(discriminator="status")]


class DossierOut(Out):
    """Everything about a contract in one answer, each part as fresh as its service."""

    contract_id: UUID = Field(description="The contract.")
    composed_at: datetime = Field(description="Instant at which the parts were asked for, UTC.")
    complete: bool = Field(description="Whether every part is there; false: look at the parts for the reason.")
    contract: Part = Field(description="The contract as the contracts service shows it.")
    feedback: Part = Field(
        description="`waves`: the newest, each with its `results`, a part of its own; `more`: older ones exist."
    )
    score: Part = Field(description="The live scores, one per framework; always provisional.")
