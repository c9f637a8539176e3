"""Bodies and answers about subcontracts."""

from datetime import date, datetime
from typing import Annotated, Any, Self
from uuid import UUID

from pydantic import Field, model_validator

from shared.web import Figure, Model, Money, Out

__all__ = ["ConsentIn", "ReasonIn", "SubcontractIn", "SubcontractOut", "SubcontractsOut"]

Hash = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


class SubcontractIn(Model):
    """A part of the service that the provider wants to give to another."""

    subcontractor_id: UUID = Field(description="Organisation that shall perform it.")
    title: str = Field(min_length=1, max_length=500, description="Which part of the service.")
    value: Annotated[Money, Field(gt=0, lt=10**16)] = Field(
        description="Value of the part in the contract's currency; all parts together stay under the contract's value.",
        examples=["20000.00"],
    )
    starts_on: date | None = Field(None, description="First day; inside the contract's term.")
    ends_on: date | None = Field(None, description="Last day; inside the contract's term.")
    document_sha256: Hash | None = Field(None, description="SHA-256 of the subcontract.")

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.starts_on and self.ends_on and self.ends_on < self.starts_on:
            raise ValueError("ends_on is before starts_on")
        return self


class ConsentIn(Model):
    """The purchaser's written consent."""

    document_sha256: Hash | None = Field(None, description="SHA-256 of the consent.")


class ReasonIn(Model):
    """Why it is refused or ended."""

    reason: str = Field(min_length=1, max_length=2000, description="The reason.")


class SubcontractOut(Out):
    """A subcontract. The provider stays liable to the purchaser for all of it (GPL art. 48)."""

    id: UUID = Field(description="Id of the subcontract.")
    contract_id: UUID = Field(description="Contract.")
    version: int = Field(description="Counts its changes; its ETag.")
    state: str = Field(description="proposed | consented | refused | ended.")
    subcontractor_id: UUID = Field(description="Organisation that performs it.")
    title: str = Field(description="Which part of the service.")
    value: Money = Field(description="Value of the part.")
    currency: str = Field(description="ISO 4217 code.")
    starts_on: date | None = Field(description="First day.")
    ends_on: date | None = Field(description="Last day.")
    document_sha256: str | None = Field(description="SHA-256 of the subcontract.")
    warnings: list[dict[str, Any]] = Field(description="What is doubtful: what, rule, how.")
    proposed_by: str = Field(description="Who proposed it.")
    proposed_at: datetime = Field(description="When.")
    decided_by: str | None = Field(description="Who consented or refused.")
    decided_at: datetime | None = Field(description="When.")
    decision_document_sha256: str | None = Field(description="SHA-256 of the consent.")
    ended_at: datetime | None = Field(description="When it ended.")
    reason: str | None = Field(description="Why it was refused or ended.")


class SubcontractsOut(Out):
    """The subcontracts of a contract."""

    items: list[SubcontractOut] = Field(description="In the order of proposal.")
    consented: Money = Field(description="Value of the parts that the purchaser consented to, ended ones included.")
    share_percent: Figure | None = Field(
        description="That as a share of the contract's value in per cent; null while the value is not known."
    )
    liable: UUID | None = Field(description="Who stays liable to the purchaser for all of it: the provider.")
