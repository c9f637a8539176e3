from datetime import datetime
from decimal import Decimal
from typing import Literal
from uuid import UUID

from pydantic import Field

from shared.web import Out

__all__ = ["ImpactChangeOut", "ImpactOut"]


class ImpactChangeOut(Out):
    """A contract whose grade changes, or probably does."""

    contract_id: UUID = Field(description="The contract.")
    region: str = Field(description="Its region.")
    score_before: Decimal | None = Field(description="Points (0-100) under what it is compared with; null: no score.")
    grade_before: str | None = Field(description="Grade before; null where the contract had none.")
    score_after: Decimal = Field(description="Points (0-100) under the version that is asked about.")
    grade_after: str = Field(description="Grade under it.")
    probability: Decimal = Field(
        description="Probability (0-1) that the grade differs, given the uncertainty of the evidence: both sides with "
        "the same draws."
    )


class ImpactOut(Out):
    """What a version of a framework would change."""

    id: UUID = Field(description="Id of this computation.")
    framework_id: str = Field(description="Framework.")
    framework_version: str = Field(description="Version that is asked about.")
    hash: str = Field(description="SHA-256 of its document when the impact was asked for.")
    region: str = Field(description="Prefix of the regions that were looked at.")
    against: str | None = Field(description="`id@version` that it is compared with; null: there is none.")
    state: Literal["running", "done", "stale"] = Field(
        description="stale: the document was changed meanwhile, ask again."
    )
    contracts: int = Field(description="Contracts scored so far under the version.")
    changed: int = Field(description="Of these, those whose grade differs.")
    expected: Decimal = Field(description="Expected number of contracts whose grade differs, given the uncertainty.")
    transitions: dict[str, dict[str, int]] = Field(
        description="Contracts by grade before (`none`: no score) and grade after."
    )
    asked_at: datetime = Field(description="When it was asked for.")
    finished_at: datetime | None = Field(description="When it was done; null while it runs.")
    changes: list[ImpactChangeOut] = Field(description="Contracts that change, by id; a page of them.")
    next: str | None = Field(description="Cursor of the next page of changes; null on the last one.")
