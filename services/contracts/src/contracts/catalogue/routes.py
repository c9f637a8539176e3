"""The guiding catalogue over HTTP: reference data, readable by all; two persons draft and approve."""

from datetime import date
from typing import Annotated
from uuid import UUID

from fastapi import Query, Response

from contracts.catalogue import queries, service
from contracts.catalogue.queries import Edition, Item
from contracts.catalogue.schemas import (
    CatalogueDiff,
    CatalogueItemOut,
    CatalogueOut,
    EditionDetail,
    EditionIn,
    EditionItemOut,
    EditionItemsIn,
    EditionList,
    EditionOut,
    ItemChange,
)
from contracts.places import region_of
from shared import clock
from shared.auth import Principal, allow
from shared.concurrency import IfMatch, etag
from shared.db import ReadSession, WriteSession
from shared.web import router

__all__ = ["routes"]

routes = router(tags=["catalogue"])

Anyone = Annotated[Principal, allow("finance", "purchaser", "provider", "evaluator", "auditor", "operator", "public")]
Editor = Annotated[Principal, allow("finance", "operator")]


@routes.get("/catalogue", summary="The guiding catalogue of services that government may buy")
async def show_catalogue(
    session: ReadSession,
    _: Anyone,
    region: Annotated[
        str | None, Query(description="Region whose edition is asked for; the central one by default.", max_length=16)
    ] = None,
    on: Annotated[date | None, Query(description="Day on which the edition holds; today by default.")] = None,
) -> CatalogueOut:
    """Only an item of the catalogue that is in the budget may be bought (MOF Order 102, art. 11-16).

    The edition in force: the province's own when one is approved, else the central one.
    """
    asked = region_of(region, pointer="query:region") if region is not None else None
    edition = await queries.edition_in_force(session, region=asked, on=on or clock.today())
    items = await queries.items_of(session, edition_id=edition.id)
    return CatalogueOut(edition=edition.edition, items=[_plain(item) for item in items])


@routes.get("/catalogue/editions", summary="List the editions of the catalogue")
async def list_editions(
    session: ReadSession,
    _: Anyone,
    jurisdiction: Annotated[
        str | None, Query(description="CN-00 or a province; all by default.", max_length=16)
    ] = None,
) -> EditionList:
    """The shipped central edition and those that were recorded here, drafts too."""
    asked = region_of(jurisdiction, pointer="query:jurisdiction") if jurisdiction is not None else None
    return EditionList(
        items=[EditionOut.model_validate(one) for one in await queries.list_editions(session, jurisdiction=asked)]
    )


@routes.get("/catalogue/diff", summary="What differs between two editions")
async def diff_editions(
    session: ReadSession,
    _: Anyone,
    from_: Annotated[UUID, Query(alias="from", description="Id of the first edition.")],
    to: Annotated[UUID, Query(description="Id of the second edition.")],
) -> CatalogueDiff:
    """Items added, removed and renamed from the first to the second."""
    for edition_id in (from_, to):
        await queries.get_edition(session, edition_id=edition_id)
    before, after = [
        {item.code: item for item in await queries.items_of(session, edition_id=edition_id)}
        for edition_id in (from_, to)
    ]
    return CatalogueDiff(
        added=[_plain(item) for code, item in after.items() if code not in before],
        removed=[_plain(item) for code, item in before.items() if code not in after],
        renamed=[
            ItemChange(code=code, before=before[code].name, after=item.name)
            for code, item in after.items()
            if code in before and before[code].name != item.name
        ],
    )


@routes.post("/catalogue/editions", status_code=201, summary="Draft an edition of the catalogue")
async def create_edition(body: EditionIn, session: WriteSession, response: Response, _: Editor) -> EditionDetail:
    """A province's own version, or a later central one. It holds once a second person has approved it."""
    edition = await service.create_edition(session, body)
    response.headers["Location"] = f"/v1/catalogue/editions/{edition.id}"
    return _detail(response, edition, await queries.items_of(session, edition_id=edition.id))


@routes.get("/catalogue/editions/{edition_id}", summary="Show an edition with its tree")
async def show_edition(edition_id: UUID, session: ReadSession, response: Response, _: Anyone) -> EditionDetail:
    """The ETag is what `If-Match` of a change wants."""
    edition = await queries.get_edition(session, edition_id=edition_id)
    return _detail(response, edition, await queries.items_of(session, edition_id=edition.id))


@routes.put("/catalogue/editions/{edition_id}/items", summary="Replace the tree of a draft")
async def replace_items(
    edition_id: UUID, body: EditionItemsIn, session: WriteSession, response: Response, if_match: IfMatch, _: Editor
) -> EditionDetail:
    """409 once the edition is approved: contracts rest on it."""
    edition = await service.replace_items(session, body, edition_id=edition_id, if_match=if_match)
    return _detail(response, edition, await queries.items_of(session, edition_id=edition.id))


@routes.post("/catalogue/editions/{edition_id}/approve", summary="Approve a draft edition")
async def approve_edition(
    edition_id: UUID, session: WriteSession, response: Response, if_match: IfMatch, _: Editor
) -> EditionDetail:
    """403 for whoever edited it last: four eyes."""
    edition = await service.approve_edition(session, edition_id=edition_id, if_match=if_match)
    return _detail(response, edition, await queries.items_of(session, edition_id=edition.id))


def _plain(item: Item) -> CatalogueItemOut:
    return CatalogueItemOut(code=item.code, kind=item.kind, name=item.name, name_en=item.name_en)


def _detail(response: Response, edition: Edition, items: list[Item]) -> EditionDetail:
    response.headers["ETag"] = etag(edition.version)
    below: dict[str | None, list[Item]] = {}
    for item in items:
        below.setdefault(item.parent, []).append(item)

    def branch(parent: str | None) -> list[EditionItemOut]:
        return [
            EditionItemOut(
                code=item.code,
                kind=item.kind,
                parent=item.parent,
                name=item.name,
                name_en=item.name_en,
                children=branch(item.code),
            )
            for item in below.get(parent, [])
        ]

    about = {name: getattr(edition, name) for name in EditionOut.model_fields}
    return EditionDetail(**about, tree=branch(None))
