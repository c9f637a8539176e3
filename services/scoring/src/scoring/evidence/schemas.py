from datetime import date, datetime
from typing import Any
from uuid import UUID

from pydantic import Field

from shared.web import Out

__all__ = ["EvidenceOut"]


class EvidenceOut(Out):
    """One item of evidence."""

    id: UUID = Field(description="Id of the fact, or of the aggregate (contract, wave) whose state this is.")
    version: int = Field(description="Version of the aggregate; 1 for a fact.")
    kind: str = Field(description="contract, observation, ledger, acceptance or wave.")
    contract_id: UUID = Field(description="The contract that it speaks of.")
    region: str = Field(description="`<country>-<code>`, the GB/T 2260 code for China.")
    sha256: str = Field(description="SHA-256 of the RFC 8785 form of kind, id and body; score rows name it.")
    body: dict[str, Any] = Field(description="What the item says; money and figures are decimal strings.")
    valid_on: date = Field(description="The day that it speaks of.")
    recorded_at: datetime = Field(description="When its owner recorded it, UTC.")
    received_at: datetime = Field(description="When it came to scoring, UTC.")
    event_id: UUID = Field(description="The event that brought it.")
