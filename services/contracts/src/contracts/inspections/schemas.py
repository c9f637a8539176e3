"""Bodies and answers about inspections."""

from datetime import date, datetime
from typing import Annotated, Literal, Self
from uuid import UUID

from pydantic import Field, StrictBool, model_validator

from shared.web import Model, Out

__all__ = ["CancelIn", "InspectionIn", "InspectionOut", "VisitIn"]

Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
Code = Annotated[str, Field(min_length=1, max_length=64, pattern=r"^[\w.:-]+$")]
Words = Annotated[str, Field(min_length=1, max_length=4000)]
Result = Literal["met", "partlyMet", "notMet", "notChecked"]


class InspectorIn(Model):
    """An office that takes part; no person is named."""

    organisation_id: UUID | None = Field(None, description="Its organisation; null where it is not recorded.")
    role: str = Field(min_length=1, max_length=100, description="As what: 财政部门, 购买主体, 第三方, ...")


class PointIn(Model):
    """A point of the checklist."""

    code: Code = Field(description="Code, unique in the checklist.")
    text: Words = Field(description="What is looked at.")
    source: str | None = Field(None, min_length=1, max_length=200, description="Term of the contract or article.")


class DocumentIn(Model):
    """A document by reference: photographs, minutes, samples."""

    sha256: Sha256 = Field(description="SHA-256 of the document.")
    title: str = Field(min_length=1, max_length=200, description="Title.")
    link: str | None = Field(None, pattern=r"^https?://\S+$", max_length=1000, description="Where it can be read.")


class InspectionIn(Model):
    """An inspection to plan."""

    title: str = Field(min_length=1, max_length=200, description="What is inspected.")
    planned_on: date = Field(description="The day; not in the past.")
    announced: StrictBool = Field(True, description="false: the provider does not see it before it was carried out.")
    place: str | None = Field(None, min_length=1, max_length=500, description="Where.")
    inspectors: list[InspectorIn] = Field(min_length=1, max_length=50, description="Who takes part, by office.")
    checklist: list[PointIn] = Field(min_length=1, max_length=200, description="What is looked at.")

    @model_validator(mode="after")
    def _distinct(self) -> Self:
        codes = [point.code for point in self.checklist]
        if len(codes) != len(set(codes)):
            raise ValueError("each point of the checklist has a code of its own")
        return self


class ResultIn(Model):
    """What was seen about one point."""

    code: Code = Field(description="Code of the point.")
    result: Result = Field(description="met | partlyMet | notMet | notChecked.")
    note: str | None = Field(None, min_length=1, max_length=4000, description="What was seen; needed unless met.")

    @model_validator(mode="after")
    def _told(self) -> Self:
        if self.result != "met" and self.note is None:
            raise ValueError("say in note what was seen, or why it was not looked at")
        return self


class VisitIn(Model):
    """What an inspection found."""

    visited_on: date = Field(description="The day; not in the future.")
    place: str | None = Field(None, min_length=1, max_length=500, description="Where, if elsewhere than planned.")
    results: list[ResultIn] = Field(min_length=1, max_length=200, description="One for each point of the checklist.")
    summary: Words = Field(description="Result in words.")
    documents: list[DocumentIn] = Field(min_length=1, max_length=100, description="The record, photographs, samples.")


class CancelIn(Model):
    """Why an inspection does not take place."""

    reason: str = Field(min_length=1, max_length=2000, description="The reason.")


class InspectorOut(Out):
    """An office that takes part."""

    organisation_id: UUID | None = Field(description="Its organisation.")
    role: str = Field(description="As what.")


class PointOut(Out):
    """A point of the checklist."""

    code: str = Field(description="Code.")
    text: str = Field(description="What is looked at.")
    source: str | None = Field(description="Term of the contract or article.")
    result: str | None = Field(description="met | partlyMet | notMet | notChecked; null before the visit.")
    note: str | None = Field(description="What was seen.")


class DocumentOut(Out):
    """A document by reference."""

    sha256: str = Field(description="SHA-256.")
    title: str = Field(description="Title.")
    link: str | None = Field(description="Where it can be read.")


class InspectionOut(Out):
    """An inspection."""

    id: UUID = Field(description="Id.")
    version: int = Field(description="Version; the ETag.")
    contract_id: UUID = Field(description="Contract.")
    region: str = Field(description="Region of the contract.")
    state: str = Field(description="planned | carriedOut | cancelled.")
    title: str = Field(description="What is inspected.")
    planned_on: date = Field(description="Planned day.")
    announced: bool = Field(description="Whether the provider was told before.")
    visited_on: date | None = Field(description="Day of the visit.")
    place: str | None = Field(description="Where.")
    inspectors: list[InspectorOut] = Field(description="Who took part, by office.")
    checklist: list[PointOut] = Field(description="What was looked at, with results.")
    documents: list[DocumentOut] = Field(description="Its documents.")
    summary: str | None = Field(description="Result, or the reason why it was cancelled.")
    recorded_at: datetime = Field(description="When it was planned.")
    updated_at: datetime = Field(description="When it changed last.")
