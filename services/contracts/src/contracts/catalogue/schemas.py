"""Bodies and answers about the catalogue."""

from datetime import date
from uuid import UUID

from pydantic import Field

from contracts.places import RegionText
from shared.web import Model, Out

__all__ = [
    "CatalogueDiff",
    "CatalogueItemOut",
    "CatalogueOut",
    "EditionDetail",
    "EditionIn",
    "EditionItemIn",
    "EditionItemOut",
    "EditionItemsIn",
    "EditionList",
    "EditionOut",
    "ItemChange",
]


class CatalogueItemOut(Out):
    """An item of the guiding catalogue."""

    code: str = Field(description="Item code.", examples=["A05"])
    kind: str = Field(description="public (公共服务) | auxiliary (政府履职辅助性服务).")
    name: str = Field(description="Chinese name.", examples=["卫生健康公共服务"])
    name_en: str | None = Field(description="English name; null when there is none.", examples=["Health"])


class CatalogueOut(Out):
    """The guiding catalogue."""

    edition: str = Field(description="Edition of the catalogue.", examples=["2020"])
    items: list[CatalogueItemOut]


class EditionItemIn(Model):
    """An item of an edition. Its parent is the longest shorter code of the edition that it begins with."""

    code: str = Field(
        pattern=r"^[AB][0-9]{2,7}$",
        description="Letter of the part (A public, B auxiliary) and digits; a child begins with its parent's code.",
        examples=["A0501"],
    )
    name: str = Field(min_length=1, max_length=200, description="Chinese name.")
    name_en: str | None = Field(None, min_length=1, max_length=200, description="English name.")


class EditionItemsIn(Model):
    """The whole tree of a draft."""

    items: list[EditionItemIn] = Field(min_length=1, max_length=2000, description="Every item, each code once.")


class EditionIn(Model):
    """An edition to draft: with its items, or with those of another edition to start from."""

    jurisdiction: RegionText = Field(
        max_length=16, description="Who issues it: CN-00 (central) or a province.", examples=["CN-23"]
    )
    edition: str = Field(min_length=1, max_length=60, description="Its name, unique in the jurisdiction.")
    in_force_on: date = Field(description="First day on which it holds, once it is approved.")
    source: str = Field(min_length=1, max_length=500, description="Document that issues it: number, date or link.")
    based_on: UUID | None = Field(None, description="Edition whose items it starts from; null: `items` has them.")
    items: list[EditionItemIn] = Field(
        default_factory=list, max_length=2000, description="Its items, or those that differ from `based_on`."
    )


class EditionOut(Out):
    """An edition of the catalogue."""

    id: UUID = Field(description="Id of the edition.")
    version: int = Field(description="Counts its changes; its ETag.")
    jurisdiction: str = Field(description="CN-00 (central) or a province.")
    edition: str = Field(description="Its name.")
    state: str = Field(description="draft | approved. Only approved editions hold.")
    in_force_on: date = Field(description="First day on which it holds, until a later one of the jurisdiction does.")
    source: str = Field(description="Document that issues it, and how sure a shipped one is.")


class EditionList(Out):
    """Editions by jurisdiction and day."""

    items: list[EditionOut]


class EditionItemOut(Out):
    """An item with what lies below it."""

    code: str = Field(description="Item code.")
    kind: str = Field(description="public | auxiliary.")
    parent: str | None = Field(description="Code of the item above; null for a top item.")
    name: str = Field(description="Chinese name.")
    name_en: str | None = Field(description="English name; null when there is none.")
    children: "list[EditionItemOut]" = Field(description="Items below it, in the order of their codes.")


class EditionDetail(EditionOut):
    """An edition with its tree."""

    tree: list[EditionItemOut] = Field(description="Top items with what lies below them.")


class ItemChange(Out):
    """An item that both editions have, under different names."""

    code: str = Field(description="Item code.")
    before: str = Field(description="Chinese name in the first edition.")
    after: str = Field(description="Chinese name in the second.")


class CatalogueDiff(Out):
    """What differs between two editions."""

    added: list[CatalogueItemOut] = Field(description="Items that only the second has.")
    removed: list[CatalogueItemOut] = Field(description="Items that only the first has.")
    renamed: list[ItemChange] = Field(description="Items with another name.")
