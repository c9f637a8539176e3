"""Bodies and answers about organisations."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import AfterValidator, Field, StrictBool

from contracts.organisations.uscc import check_uscc
from contracts.regions.queries import parse_region
from shared.web import Model, Out

__all__ = [
    "ExternalId",
    "ExternalIdOut",
    "OrganisationBulkIn",
    "OrganisationBulkItem",
    "OrganisationIn",
    "OrganisationOut",
    "OrganisationRole",
    "WarningOut",
]

OrganisationRole = Literal["purchaser", "provider", "evaluator"]
UsccText = Annotated[str, AfterValidator(lambda text: check_uscc(text).code)]
RegionText = Annotated[str, AfterValidator(parse_region)]


class ExternalId(Model):
    """The id of a thing in the system that sends it."""

    source: str = Field(
        min_length=1, max_length=100, description="Name of the source system.", examples=["hlj-finance"]
    )
    id: str = Field(min_length=1, max_length=200, description="Id in that system.", examples=["ORG-0001"])


class ExternalIdOut(Out):
    """The id of a thing in a source system."""

    source: str = Field(description="Name of the source system.")
    id: str = Field(description="Id in that system.")


class WarningOut(Out):
    """Something doubtful that was kept as it was given."""

    code: str = Field(description="Stable code of the warning.", examples=["division-retired"])
    detail: str = Field(description="What is doubtful.")


class OrganisationIn(Model):
    """An organisation to record."""

    name: str = Field(min_length=1, max_length=300, description="Full registered name.", examples=["某市民政局"])
    uscc: UsccText | None = Field(
        None,
        min_length=18,
        max_length=18,
        description="Unified social credit code (GB 32100-2015), checked in full.",
        examples=["91110000600037341L"],
    )
    roles: list[OrganisationRole] = Field(min_length=1, max_length=3, description="purchaser | provider | evaluator.")
    seat: RegionText | None = Field(None, max_length=16, description="Region of its seat.", examples=["CN-2301"])
    external_id: ExternalId | None = Field(
        None, description="Its id in the sending system; the key of the bulk upsert."
    )
    simulated: StrictBool = Field(False, description="Made up for a demonstration or a test.")


class OrganisationOut(Out):
    """An organisation: national reference data."""

    id: UUID = Field(description="Id of the organisation.")
    version: int = Field(description="Counts its changes.")
    name: str = Field(description="Full registered name.")
    uscc: str | None = Field(description="Unified social credit code; null when unknown.")
    kind: str | None = Field(description="What the code's first two characters say; null without a code.")
    roles: list[str] = Field(description="purchaser | provider | evaluator.")
    seat: str | None = Field(description="Region of its seat; null when unknown.")
    origin: str = Field(description="native | import.")
    simulated: bool = Field(description="Made up for a demonstration or a test.")
    warnings: list[WarningOut] = Field(description="What is doubtful about it.")
    external_ids: list[ExternalIdOut] = Field(description="Its ids in source systems.")
    created_at: datetime = Field(description="When it was recorded.")
    updated_at: datetime = Field(description="When it was changed last.")


class OrganisationBulkItem(OrganisationIn):
    """One item of a bulk upsert."""

    external_id: ExternalId = Field(description="Its id in the sending system: the key of the upsert.")


class OrganisationBulkIn(Model):
    """Organisations to record or to bring up to date."""

    items: list[OrganisationBulkItem] = Field(min_length=1, description="The items, 500 at most by default.")
