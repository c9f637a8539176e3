"""Bodies about contracts: what a draft may hold. Cross-field rules answer 422 with the field's pointer."""

from datetime import date
from typing import Annotated, Any, Literal, Self
from uuid import UUID

from pydantic import AfterValidator, Field, StrictBool, StrictInt, model_validator

from contracts.contracts.models import ASPECTS
from contracts.organisations.schemas import ExternalId
from contracts.regions.queries import parse_region
from contracts.rules.queries import Clauses, Competition
from shared.web import Figure, Model, Money

__all__ = [
    "ActivateIn",
    "ContractBulkIn",
    "ContractBulkItem",
    "ContractIn",
    "ContractPatch",
    "ContractTerms",
    "IndicatorIn",
    "MilestoneIn",
    "MilestoneReportIn",
    "NeedsBasisIn",
    "OptionalReasonIn",
    "ReasonIn",
    "TerminateIn",
]

RegionText = Annotated[str, AfterValidator(parse_region)]
Code = Annotated[str, Field(min_length=1, max_length=64, pattern=r"^\S+$")]
Amount = Annotated[Money, Field(ge=0, lt=10**16)]
Count = Annotated[StrictInt, Field(ge=0, le=2_000_000_000)]


def _without_default(schema: dict[str, Any]) -> None:
    """Hide a default that is never applied: the field may be left out and may not be null."""
    schema.pop("default", None)


class NeedsBasisIn(Model):
    """Why the service is bought: the answer to the first of the four questions."""

    kind: Literal["wave", "document", "none"] = Field(description="wave (a survey of needs) | document | none.")
    reference: str | None = Field(None, max_length=200, description="Wave id, or number or hash of the document.")
    reason: str | None = Field(None, max_length=2000, description="Why there is none.")


class IndicatorIn(Model):
    """A level-3 indicator to agree."""

    code: Code = Field(description="Code, unique in the contract.", examples=["output-quantity-01"])
    name: str = Field(min_length=1, max_length=200, description="Name.", examples=["服务人次"])
    level: Literal["output", "benefit", "satisfaction"] = Field(
        description="output | benefit | satisfaction (产出 | 效益 | 满意度)."
    )
    aspect: Literal[
        "quantity", "quality", "timeliness", "cost", "economic", "social", "ecological", "sustained", "satisfaction"
    ] = Field(
        description="quantity, quality, timeliness, cost | economic, social, ecological, sustained | satisfaction."
    )
    unit: str = Field(min_length=1, max_length=50, description="Unit of target and observations.", examples=["人次"])
    direction: Literal["higher", "lower"] = Field(
        "higher", description="higher (more is better) | lower (less is better)."
    )
    target: Annotated[Figure, Field(ge=0)] = Field(
        description="Agreed value, in the unit; over 0 for direction higher.", examples=["12000"]
    )
    zero_at: Figure | None = Field(
        None, description="direction lower only, and needed there: the value, over the target, that scores 0."
    )
    baseline: Figure | None = Field(None, description="Value before this contract, in the unit.")
    standard: Literal["plan", "sector", "history"] = Field(
        "plan", description="plan | sector | history (计划 | 行业 | 历史标准)."
    )
    weight: Annotated[Figure, Field(gt=0)] = Field(description="Points inside the level; relative.", examples=["20"])
    accountable: Literal["purchaser", "provider", "joint", "outside"] = Field(
        "provider", description="Who answers for it: purchaser | provider | joint | outside."
    )
    missing: Literal["hold", "zero", "reweight"] = Field(
        "hold", description="What missing evidence means: hold | zero | reweight."
    )
    added_after_the_fact: StrictBool = Field(
        False, description="As it is read; false in a draft: only imports of past contracts have others."
    )

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.aspect not in ASPECTS[self.level]:
            raise ValueError(f"aspect of the level {self.level} is one of {', '.join(ASPECTS[self.level])}")
        if self.direction == "higher" and (self.target <= 0 or self.zero_at is not None):
            raise ValueError("direction higher has a target over 0 and no zero_at")
        if self.direction == "lower" and (self.zero_at is None or self.zero_at <= self.target):
            raise ValueError("direction lower needs zero_at over the target: the value at which the score reaches 0")
        return self


class MilestoneIn(Model):
    """A milestone to agree."""

    code: Code = Field(description="Code, unique in the contract.", examples=["M1"])
    title: str = Field(min_length=1, max_length=300, description="What is due.")
    kind: Literal["delivery", "financing"] = Field("delivery", description="delivery | financing.")
    percentage: Annotated[Figure, Field(ge=0, le=100)] = Field(
        description="Share of its kind in per cent; all of a kind sum to exactly 100.", examples=["50"]
    )
    due_on: date | None = Field(None, description="When it is due.")


class ContractTerms(Model):
    """What a draft holds; everything may be filled in later, by PATCH."""

    contract_number: str | None = Field(None, min_length=1, max_length=100, description="Number on the contract.")
    provider_id: UUID | None = Field(None, description="Organisation that provides the service.")
    service_category: str | None = Field(
        None,
        pattern=r"^[A-Z][0-9]{2,6}$",
        description="Item of the guiding catalogue; provinces add digits.",
        examples=["A05"],
    )
    currency: str = Field("CNY", pattern=r"^[A-Z]{3}$", description="ISO 4217 code.")
    value: Amount | None = Field(
        None, description="Contract value, two decimals, a JSON string.", examples=["120000.00"]
    )
    budget: Amount | None = Field(None, description="Budget line of the contract, two decimals, a JSON string.")
    signed_on: date | None = Field(None, description="Date of signature.")
    starts_on: date | None = Field(None, description="First day of the term.")
    ends_on: date | None = Field(None, description="Last day of the term.")
    procurement_method: Literal["open", "selective", "limited", "direct"] | None = Field(
        None, description="open | selective | limited | direct (OCDS)."
    )
    tenderers: Count | None = Field(None, description="Number of tenderers.")
    beneficiary_population: Count | None = Field(None, description="Number of people whom the service is for.")
    needs_basis: NeedsBasisIn | None = Field(None, description="Why the service is bought.")
    competition: Competition | None = Field(None, description="How the provider was found: notice, bids, award.")
    clauses: Clauses | None = Field(None, description="What the contract's text provides, for its rules.")
    indicators: list[IndicatorIn] = Field([], max_length=60, description="Agreed level-3 indicators; the whole list.")
    milestones: list[MilestoneIn] = Field([], max_length=60, description="Milestones; the whole list.")


class ContractIn(ContractTerms):
    """A contract to draft."""

    region: RegionText = Field(
        max_length=16, description="Region that owns the contract; it never changes.", examples=["CN-230102"]
    )
    title: str = Field(min_length=1, max_length=500, description="Title.", examples=["居家养老服务"])
    purchaser_id: UUID = Field(description="Organisation that purchases the service.")
    external_id: ExternalId | None = Field(
        None, description="Its id in the sending system; the key of the bulk upsert."
    )
    simulated: StrictBool = Field(False, description="Made up for a demonstration or a test.")


class ContractPatch(ContractTerms):
    """Changes of a draft: what is not named stays (no default is applied); null clears; lists are replaced whole."""

    title: str = Field("", min_length=1, max_length=500, description="Title.", json_schema_extra=_without_default)
    purchaser_id: UUID = Field(
        UUID(int=0), description="Organisation that purchases the service.", json_schema_extra=_without_default
    )


class ContractBulkItem(ContractIn):
    """One item of a bulk upsert."""

    external_id: ExternalId = Field(description="Its id in the sending system: the key of the upsert.")
    version: Annotated[StrictInt, Field(ge=1)] | None = Field(
        None,
        description="Version (the ETag) that the change is based on: the item alone answers 412 where the draft was "
        "changed since. Left out, it replaces whatever version there is.",
    )


class ContractBulkIn(Model):
    """Contracts to draft, or drafts to bring up to date."""

    items: list[ContractBulkItem] = Field(min_length=1, description="The items, 200 at most by default.")


class ActivateIn(Model):
    """What becomes known at signature."""

    signed_on: date | None = Field(None, description="Date of signature, if the draft does not have it.")
    contract_number: str | None = Field(
        None, min_length=1, max_length=100, description="Number, if the draft does not have it."
    )


class ReasonIn(Model):
    """Why this is done."""

    reason: str = Field(min_length=1, max_length=2000, description="The reason, as it stands in the decision.")


class OptionalReasonIn(Model):
    """Why this is done, when there is something to say."""

    reason: str | None = Field(None, min_length=1, max_length=2000, description="The reason.")


class TerminateIn(ReasonIn):
    """How and why a contract ends before its completion."""

    end_reason: Literal["incomplete", "unsuccessful"] = Field(
        "incomplete", description="incomplete | unsuccessful (OCDS 1.2)."
    )


class MilestoneReportIn(Model):
    """What became of a milestone."""

    status: Literal["met", "partlyMet", "notMet"] = Field(description="met | partlyMet | notMet.")
    met_on: date | None = Field(None, description="When it was met; needed for met and partlyMet.")
    note: str | None = Field(
        None, min_length=1, max_length=2000, description="Remark; a correction needs it: why it is corrected."
    )

    @model_validator(mode="after")
    def _dated(self) -> Self:
        if (self.status != "notMet") != (self.met_on is not None):
            raise ValueError("met_on belongs to met and partlyMet, and is needed there")
        return self
