"""Answers about the catalogue."""

from pydantic import Field

from shared.web import Out

__all__ = ["CatalogueItemOut", "CatalogueOut"]


class CatalogueItemOut(Out):
    """An item of the guiding catalogue."""

    code: str = Field(description="Item code.", examples=["A05"])
    kind: str = Field(description="public (公共服务) | auxiliary (政府履职辅助性服务).")
    name: str = Field(description="Chinese name.", examples=["卫生健康公共服务"])
    name_en: str = Field(description="English name.", examples=["Health"])


class CatalogueOut(Out):
    """The guiding catalogue."""

    edition: str = Field(description="Edition of the catalogue.", examples=["2020"])
    items: list[CatalogueItemOut]
