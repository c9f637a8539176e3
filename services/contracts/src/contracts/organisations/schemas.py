"""Bodies and answers about organisations."""

from datetime import date, datetime
from typing import Annotated, Literal, Self
from uuid import UUID

from pydantic import AfterValidator, Field, SecretStr, StrictBool, model_validator

from contracts.organisations.individuals import check_resident_id
from contracts.organisations.uscc import check_uscc
from contracts.places import RegionText
from shared.web import Model, Out

__all__ = [
    "EligibilityOut",
    "ExternalId",
    "ExternalIdOut",
    "IndividualIn",
    "InstitutionClass",
    "OrganisationBulkIn",
    "OrganisationBulkItem",
    "OrganisationIn",
    "OrganisationOut",
    "OrganisationRole",
    "UsccOut",
    "UsccText",
    "VerdictOut",
    "WarningOut",
]

OrganisationRole = Literal["purchaser", "provider", "evaluator"]
UsccText = Annotated[str, AfterValidator(lambda text: check_uscc(text).code)]
InstitutionClass = Literal["administrative", "publicWelfare1", "publicWelfare2", "productionBusiness"]


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
    institution_class: InstitutionClass | None = Field(
        None,
        description="Class of a public institution, which decides whether it may buy or provide: administrative "
        "(承担行政职能) | publicWelfare1 (公益一类) | publicWelfare2 (公益二类) | "
        "productionBusiness (从事生产经营活动).",
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
    institution_class: str | None = Field(
        description="administrative | publicWelfare1 | publicWelfare2 | productionBusiness; null when not stated."
    )
    individual: bool = Field(description="A person, known by a pseudonym only.")
    status: str = Field(description="active | succeeded (merged or split up) | dissolved.")
    ended_on: date | None = Field(description="Since when it is no longer active.")
    succeeded_by: list[UUID] = Field(description="Organisations that took its place.")
    record_from: list[UUID] = Field(description="Predecessors whose track record counts for it by a recorded decision.")
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


class IndividualIn(Model):
    """An individual as a provider. Number and document are hashed and forgotten; there is no place for a name."""

    document: Literal["residentId", "passport", "other"] = Field(
        "residentId", description="Kind of identity document. A residentId is checked by GB 11643."
    )
    number: SecretStr = Field(
        min_length=4, max_length=40, description="Number of the document; hashed under a secret key and not stored."
    )
    simulated: StrictBool = Field(False, description="Made up for a demonstration or a test.")

    @model_validator(mode="after")
    def _checked(self) -> Self:
        if self.document == "residentId":
            check_resident_id(self.number.get_secret_value())
        return self


class VerdictOut(Out):
    """What is known about one role."""

    role: str = Field(description="purchaser | provider | evaluator.")
    verdict: str = Field(description="eligible | barred | ask (the code alone does not tell).")
    source: str = Field(description="Article behind it.")
    confidence: str = Field(description="How sure the wording of the article is.")
    note: str = Field(description="Why, or what to ask.")


class EligibilityOut(Out):
    """What code and class of an organisation say about its roles. It informs and never refuses."""

    organisation_id: UUID = Field(description="Id of the organisation.")
    verdicts: list[VerdictOut] = Field(description="One for each role.")


class UsccOut(Out):
    """What a unified social credit code says."""

    uscc: str = Field(description="The code as it was given.")
    valid: bool = Field(description="Whether both check characters, the registrar and the characters are right.")
    problem: str | None = Field(description="The first thing that is wrong; null for a valid code.")
    registrar: str | None = Field(description="Who registered it.")
    kind: str | None = Field(description="Kind of organisation; null for a class that the table does not name.")
    division: str | None = Field(description="Positions 3 to 8: division of the registrar by GB/T 2260.")
    warnings: list[WarningOut] = Field(description="What is doubtful: retired and unknown divisions are accepted.")
    verdicts: list[VerdictOut] = Field(description="What the kind says about each role.")
