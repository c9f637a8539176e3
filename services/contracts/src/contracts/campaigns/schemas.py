"""Bodies and answers about campaigns."""

from datetime import date, datetime
from typing import Annotated, Literal, Self
from uuid import UUID

from pydantic import Field, StrictBool, StrictInt, model_validator

from contracts.places import RegionText
from shared.web import Model, Out, Total

__all__ = [
    "CampaignIn",
    "CampaignOut",
    "ExtendIn",
    "OwedContractOut",
    "ReasonIn",
    "ReminderOut",
    "RequirementOut",
    "ReturnOut",
    "RollUpRow",
    "SubmitIn",
    "SubmitManyIn",
]

Category = Annotated[str, Field(pattern=r"^[A-Z][0-9]{0,6}$")]


class AskedIn(Model):
    """A requirement of the campaign."""

    code: str = Field(min_length=1, max_length=64, description="Code, one of GET /v1/campaigns/requirements.")
    severity: Literal["block", "warn"] = Field(
        "warn", description="block: nothing is submitted without it | warn: a gap needs a reason."
    )


class CampaignIn(Model):
    """A year's campaign to open."""

    region: RegionText = Field(max_length=16, description="Scope: this region with everything below it.")
    year: Annotated[StrictInt, Field(ge=1990, le=2100)] = Field(description="Year that is reported.")
    title: str = Field(min_length=1, max_length=200, description="Title.", examples=["2025 年度绩效自评"])
    categories: list[Category] = Field([], max_length=50, description="First characters of catalogue items; none: all.")
    units: list[UUID] = Field([], max_length=2000, description="Purchasers that owe a return; none: all.")
    opens_on: date = Field(description="First day of submission.")
    due_on: date = Field(description="Deadline.")
    remind_days: Annotated[StrictInt, Field(ge=0, le=90)] = Field(
        7, description="Days before the deadline from which on a unit is reminded."
    )
    requirements: list[AskedIn] = Field(
        [], max_length=100, description="What is asked of each contract; none: everything that is known, as a warning."
    )
    simulated: StrictBool = Field(False, description="Made up for a demonstration or a test.")

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.due_on < self.opens_on:
            raise ValueError("due_on is before opens_on")
        if len({one.code for one in self.requirements}) < len(self.requirements):
            raise ValueError("a requirement stands twice")
        return self


class ExtendIn(Model):
    """More time."""

    due_on: date = Field(description="The new deadline, after the present one.")
    reason: str = Field(min_length=1, max_length=2000, description="Why.")


class ReasonIn(Model):
    """Why this is done."""

    reason: str = Field(min_length=1, max_length=2000, description="Why.")


class SubmitIn(Model):
    """A submission."""

    reason: str | None = Field(None, min_length=1, max_length=2000, description="Why there are gaps, if there are.")


class SubmitItem(SubmitIn):
    """One item of a mass submission."""

    return_id: UUID = Field(description="The return.")


class SubmitManyIn(Model):
    """Returns to submit."""

    items: list[SubmitItem] = Field(min_length=1, description="The returns, 500 at most by default.")


class RequirementOut(Out):
    """A requirement that a campaign can make."""

    code: str = Field(description="Code.")
    of: str = Field(description="all | evaluable (not closed as not evaluable) | completed contracts.")
    zh: str = Field(description="In Chinese.")
    en: str = Field(description="In English.")
    how: str = Field(description="How a gap is mended.")
    source: str = Field(description="Source; own: a convention of ours.")
    confidence: str = Field(description="How surely it is known.")


class AskedOut(RequirementOut):
    """A requirement of the campaign, as it was when the campaign began."""

    severity: str = Field(description="block | warn.")


class CampaignOut(Out):
    """A campaign."""

    id: UUID = Field(description="Id.")
    version: int = Field(description="Counts its changes; its ETag.")
    scope: str = Field(description="Region prefix: it and everything below.")
    year: int = Field(description="Year that is reported.")
    title: str = Field(description="Title.")
    categories: list[str] = Field(description="First characters of catalogue items; none: all.")
    units: list[UUID] = Field(description="Purchasers that owe a return; none: all.")
    opens_on: date = Field(description="First day of submission.")
    due_on: date = Field(description="Deadline.")
    remind_days: int = Field(description="Days before the deadline from which on a unit is reminded.")
    requirements: list[AskedOut] = Field(description="What is asked of each contract.")
    state: str = Field(description="open | locked.")
    simulated: bool = Field(description="Made up for a demonstration or a test.")
    created_by: str = Field(description="Who opened it.")
    created_at: datetime = Field(description="When.")


class ReturnOut(Out):
    """A unit's return."""

    id: UUID = Field(description="Id.")
    version: int = Field(description="Counts its changes; its ETag.")
    campaign_id: UUID = Field(description="The campaign.")
    organisation_id: UUID = Field(description="The unit.")
    region: str = Field(description="Region of the contracts that it is about.")
    state: str = Field(description="open | submitted | returned | locked.")
    due_on: date = Field(description="Its deadline.")
    rounds: int = Field(description="Submissions so far.")
    reason: str | None = Field(description="Why it was sent back or extended, or why gaps remain.")
    submitted_by: str | None = Field(description="Who submitted it last.")
    submitted_at: datetime | None = Field(description="When.")
    contracts: int = Field(description="Contracts of the year, as they are now.")
    complete: int = Field(description="Of these, without any gap.")
    missing: dict[str, int] = Field(description="How many contracts lack each requirement.")
    submitted: dict[str, object] | None = Field(description="The same figures as they were at the last submission.")


class OwedContractOut(Out):
    """A contract of a return."""

    contract_id: UUID = Field(description="The contract.")
    title: str = Field(description="Title.")
    state: str = Field(description="Its state.")
    missing: list[str] = Field(description="Requirements that it lacks.")


class ReminderOut(Out):
    """A deadline that comes near, or has passed."""

    id: UUID = Field(description="Id.")
    return_id: UUID = Field(description="The return.")
    organisation_id: UUID = Field(description="The unit.")
    region: str = Field(description="Region of its contracts.")
    kind: str = Field(description="dueSoon | overdue.")
    due_on: date = Field(description="The deadline.")
    recorded_at: datetime = Field(description="When.")


class RollUpRow(Out):
    """A contract, a budget project or a department."""

    key: UUID | None = Field(description="Its id; null: what no budget project has a share of.")
    name: str | None = Field(description="Title; code and name; name of the department.")
    currency: str = Field(description="ISO 4217 code.")
    contracts: int = Field(description="Contracts that have a share in the row.")
    value: Total = Field(description="Value of its shares. Every yuan stands in one row of a level.")
    paid: Total = Field(description="Payments less refunds of its shares.")
    scored: int = Field(description="Contracts with a determination that stands.")
    score: str | None = Field(description="Mean of their scores, 0-100, weighted by value; null without any.")
    grades: dict[str, int] = Field(description="Contracts by grade.")
