"""Answers about regions."""

from pydantic import Field

from shared.web import Out

__all__ = ["RegionList", "RegionOut"]


class RegionOut(Out):
    """A division of China by GB/T 2260."""

    code: str = Field(description="Region code, `CN-` and the digits of GB/T 2260.", examples=["CN-23"])
    name: str = Field(description="Chinese name.", examples=["黑龙江省"])
    name_en: str | None = Field(description="English name; null below provinces.", examples=["Heilongjiang"])
    level: str = Field(description="province | prefecture.")
    parent: str | None = Field(description="Region code of the province; null for a province.")


class RegionList(Out):
    """Divisions in the order of their codes."""

    items: list[RegionOut]
