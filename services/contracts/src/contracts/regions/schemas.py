"""Bodies and answers about regions."""

from datetime import date
from typing import Literal

from pydantic import Field, field_validator

from contracts.places import RegionText
from shared.web import Model, Out

__all__ = [
    "ChangeList",
    "ChangeOut",
    "CountiesIn",
    "CountiesOut",
    "RegionChangeIn",
    "RegionDetail",
    "RegionList",
    "RegionOut",
]


class RegionOut(Out):
    """A division of China by GB/T 2260."""

    code: str = Field(description="Region code, `CN-` and the digits of GB/T 2260.", examples=["CN-23"])
    name: str = Field(description="Chinese name.", examples=["黑龙江省"])
    name_en: str | None = Field(description="English name; null below provinces.", examples=["Heilongjiang"])
    level: str = Field(description="province | prefecture | county.")
    parent: str | None = Field(description="Region code of the division above; null for a province.")


class RegionList(Out):
    """Divisions in the order of their codes."""

    items: list[RegionOut]


class RegionChangeIn(Model):
    """A change of a division: its code ends, and others take its place."""

    kind: Literal["recode", "merger", "split", "retirement"] = Field(
        description="recode (a new code for the same division) | merger (into another) | split | retirement."
    )
    code: RegionText = Field(max_length=16, description="The code that ends.", examples=["CN-330103"])
    name: str | None = Field(None, min_length=1, max_length=100, description="Its name until then.")
    successors: list[RegionText] = Field(
        default_factory=list, max_length=50, description="Codes in its place: none for retirement, several for split."
    )
    effective_on: date = Field(description="The first day on which the code is no longer valid.")
    document: str = Field(min_length=1, max_length=300, description="Document that orders it (number, hash or link).")


class CountyIn(Model):
    """A county of the list."""

    code: RegionText = Field(max_length=16, description="Its six digits.", examples=["CN-230102"])
    name: str = Field(min_length=1, max_length=100, description="Chinese name.", examples=["道里区"])
    valid_from: date | None = Field(None, description="First day of the code, where the list says it.")

    @field_validator("code")
    @classmethod
    def _county(cls, code: str) -> str:
        if not code.startswith("CN-") or len(code) != len("CN-230102"):
            raise ValueError("a county has six digits (GB/T 2260), for example CN-230102")
        return code


class CountiesIn(Model):
    """Counties of a province's or city's own list of divisions."""

    document: str = Field(min_length=1, max_length=300, description="The list (number, hash or link).")
    items: list[CountyIn] = Field(min_length=1, max_length=1000, description="Counties, each once.")


class CountiesOut(Out):
    """What became of the list."""

    created: int = Field(description="Counties that were not named before.")
    updated: int = Field(description="Counties whose name or first day changed.")
    unchanged: int = Field(description="Counties that were named so already.")


class ChangeOut(Out):
    """A change of a division."""

    kind: str = Field(description="recode | merger | split | retirement.")
    code: str = Field(description="The code that ended.")
    name: str | None = Field(description="Its name until then; null when not known.")
    successors: list[str] = Field(description="Codes in its place.")
    effective_on: date = Field(description="First day without the code; 1 January when only the year is known.")
    day_known: bool = Field(description="False when only the year of `effective_on` is known.")
    source: str = Field(description="The document, or where a shipped change is from and how sure it is.")


class ChangeList(Out):
    """Changes in the order of their days."""

    items: list[ChangeOut]


class RegionDetail(Out):
    """A division: what it is called, since when and until when its code is valid, and what is in its place today."""

    code: str = Field(description="Region code.")
    name: str | None = Field(description="Chinese name; null for counties that nobody has named.")
    valid_from: date | None = Field(description="First day of the code as far as it was told; null: not known.")
    valid_to: date | None = Field(description="First day without the code; null: it is valid.")
    day_known: bool = Field(description="False when only the years of these days are known.")
    successors: list[str] = Field(description="Codes that took its place.")
    predecessors: list[str] = Field(description="Codes that it took the place of.")
    present: list[str] = Field(description="What covers it on the day asked for: itself while it is valid.")
    warnings: list[str] = Field(description="What is doubtful about the code; it is accepted all the same.")
