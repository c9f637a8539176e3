"""Bodies and answers about retention."""

from datetime import date, datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field, StrictInt

from contracts.retention.proposals import Noun
from shared.web import Model, Out

__all__ = [
    "DueOut",
    "ErasureOut",
    "HoldIn",
    "HoldOut",
    "HoldsOut",
    "PeriodIn",
    "PeriodOut",
    "ProposalOut",
    "ReleaseIn",
    "RetentionOut",
]


class PeriodIn(Model):
    """How long a noun is kept in a scope."""

    scope: str = Field(
        pattern=r"^(\*|[A-Z]{2}(-[0-9A-Za-z]{1,13})?)$",
        description="Region with everything below it; * for every region.",
        examples=["CN-23"],
    )
    noun: Noun = Field(description="records | freeText | personalFields | individuals | imports.")
    years: Annotated[StrictInt, Field(ge=1, le=100)] = Field(
        description="Years from the end of the contract (of an import: from its last change)."
    )
    basis: str = Field(min_length=1, max_length=2000, description="The law or decision that it rests on.")


class PeriodOut(Out):
    """A period that a tenant has set."""

    id: UUID = Field(description="Id.")
    scope: str = Field(description="Region prefix; * for every region.")
    noun: str = Field(description="records | freeText | personalFields | individuals | imports.")
    years: int = Field(description="Years from the end of the contract (of an import: from its last change).")
    basis: str = Field(description="The law or decision that it rests on.")
    set_by: str = Field(description="Who set it.")
    set_at: datetime = Field(description="When.")
    confirmed_by: str | None = Field(description="The second person; null: it has no effect yet.")
    confirmed_at: datetime | None = Field(description="When.")


class ProposalOut(Out):
    """A shipped proposal."""

    noun: str = Field(description="records | freeText | personalFields | individuals | imports.")
    years: int = Field(description="Proposed years.")
    begins: dict[str, str] = Field(description="Where the period begins, in Chinese and English.")
    what: dict[str, str] = Field(description="What is erased, in Chinese and English.")
    source: str = Field(description="Source of the period.")
    confidence: str = Field(description="How surely it is known; own: a proposal of ours.")


class RetentionOut(Out):
    """Proposals, and what was set."""

    proposals: list[ProposalOut] = Field(description="One for each noun. By themselves they erase nothing.")
    periods: list[PeriodOut] = Field(description="What was set; of a scope and noun the last confirmed one counts.")


class DueOut(Out):
    """A contract whose period is over."""

    contract_id: UUID = Field(description="The contract.")
    region: str = Field(description="Its region.")
    simulated: bool = Field(description="Made up for a demonstration or a test.")
    years: int = Field(description="The period that counts.")
    scope: str = Field(description="The scope that it was set for.")
    held: bool = Field(description="Whether a hold or an open appeal keeps it.")


class ErasureOut(Out):
    """What was erased."""

    id: UUID = Field(description="Id.")
    noun: str = Field(description="records | freeText | personalFields | individuals | imports.")
    about_id: UUID = Field(description="The contract, the organisation of a person, or the import.")
    region: str = Field(description="Region; CN-00 for persons, who are national.")
    simulated: bool = Field(description="Made up for a demonstration or a test.")
    rows: dict[str, int] = Field(description="Rows by table or field.")
    rule: str = Field(description="The period that it was erased by.")
    erased_at: datetime = Field(description="When.")


class HoldIn(Model):
    """Why a contract is held."""

    kind: Literal["appeal", "order"] = Field(description="appeal (of a dispute outside this system) | order.")
    reason: str = Field(min_length=1, max_length=2000, description="Why.")
    document: str | None = Field(None, min_length=1, max_length=200, description="Number of the order.")
    until: date | None = Field(None, description="Last day; null until it is released.")


class ReleaseIn(Model):
    """Why a hold is released."""

    reason: str = Field(min_length=1, max_length=2000, description="The reason, as it stands in the decision.")


class HoldOut(Out):
    """A legal hold."""

    id: UUID = Field(description="Id.")
    version: int = Field(description="Counts its changes; its ETag.")
    contract_id: UUID = Field(description="The contract.")
    kind: str = Field(description="appeal | order.")
    reason: str = Field(description="Why.")
    document: str | None = Field(description="Number of the order.")
    until: date | None = Field(description="Last day; null until it is released.")
    placed_by: str = Field(description="Who placed it.")
    placed_at: datetime = Field(description="When.")
    released_by: str | None = Field(description="Who released it.")
    released_at: datetime | None = Field(description="When.")
    release_reason: str | None = Field(description="Why.")


class HoldsOut(Out):
    """What keeps a contract from being erased."""

    holds: list[HoldOut] = Field(description="Holds, released ones too, in the order of placing.")
    appeals: list[UUID] = Field(description="Appeals that are not decided: each holds the contract by itself.")
    held: bool = Field(description="Whether anything keeps it today.")
