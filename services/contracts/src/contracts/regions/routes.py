"""Regions over HTTP: reference data, readable by all."""

from datetime import date
from typing import Annotated

from fastapi import Path, Query

from contracts.places import region_of
from contracts.regions import queries, service
from contracts.regions.changes import present_codes
from contracts.regions.schemas import (
    ChangeList,
    ChangeOut,
    CountiesIn,
    CountiesOut,
    RegionChangeIn,
    RegionDetail,
    RegionList,
    RegionOut,
)
from shared import clock
from shared.auth import Principal, allow
from shared.db import ReadSession, WriteSession
from shared.web import router

__all__ = ["routes"]

routes = router(tags=["regions"])

Anyone = Annotated[Principal, allow("finance", "purchaser", "provider", "evaluator", "auditor", "operator", "public")]
RegionPath = Annotated[str, Path(description="Region code, for example CN-3414.", max_length=16)]
OnDay = Annotated[date | None, Query(description="The day to ask about; today by default.")]


@routes.get("/regions", summary="Provinces, the prefectures of one, or the counties of a prefecture")
async def list_regions(
    session: ReadSession,
    _: Anyone,
    parent: Annotated[
        str | None, Query(description="Region code of a province or prefecture, for example CN-2301.", max_length=16)
    ] = None,
    on: OnDay = None,
) -> RegionList:
    """Divisions by GB/T 2260, as they are or were on a day. Counties as far as the tenant's own list names them."""
    if parent is not None:
        parent = region_of(parent, pointer="query:parent")
    if parent is not None and parent.startswith("CN-") and len(parent) == len("CN-2301"):
        changes = await queries.changes_of_divisions(session)
        counties = await queries.counties_of(session, parent, changes, on=on or clock.today())
        return RegionList(items=[RegionOut.model_validate(county) for county in counties])
    if on is None:
        return RegionList(items=[RegionOut.model_validate(division) for division in queries.children_of(parent)])
    if parent is not None and len(parent) != len("CN-23"):
        return RegionList(items=[])
    found = queries.children_on(parent, await queries.changes_of_divisions(session), on=on)
    return RegionList(items=[RegionOut.model_validate(division) for division in found])


@routes.get("/regions/changes", summary="What became of division codes")
async def list_region_changes(session: ReadSession, _: Anyone) -> ChangeList:
    """Shipped and recorded changes. A retired code stays accepted everywhere, with a warning."""
    changes = await queries.changes_of_divisions(session)
    return ChangeList(items=[ChangeOut.model_validate(change._asdict()) for change in changes])


@routes.post("/regions/changes", status_code=201, summary="Record that a division code ends")
async def record_region_change(
    body: RegionChangeIn, session: WriteSession, _: Annotated[Principal, allow("finance", "operator")]
) -> ChangeOut:
    """Contracts keep the code of their time; totals can be read in the boundaries of then and of now.

    409 for a change without sense, and for one that is recorded already: history is not rewritten.
    """
    return ChangeOut.model_validate((await service.record_region_change(session, body))._asdict())


@routes.post("/regions/counties", summary="Take over a list of counties")
async def name_counties(
    body: CountiesIn, session: WriteSession, _: Annotated[Principal, allow("finance", "operator")]
) -> CountiesOut:
    """Names and codes of counties by a province's or city's own list. A code that it does not have is warned of."""
    return await service.name_counties(session, body)


@routes.get("/regions/{code}", summary="Show a division: its validity, what it followed, what is in its place")
async def show_region(code: RegionPath, session: ReadSession, _: Anyone, on: OnDay = None) -> RegionDetail:
    """Any code with the right syntax is answered: retired and unknown ones with a warning, never with a refusal."""
    region, day = region_of(code, pointer="path:code"), on or clock.today()
    changes = await queries.changes_of_divisions(session)
    ended = next((change for change in reversed(changes) if change.code == region), None)
    before = [change for change in changes if region in change.successors]
    began = [change for change in before if change.kind == "recode"]
    division, county = queries.division_of(region), await queries.county_of(session, region)
    warnings = await queries.region_warnings(session, region, on=day)
    return RegionDetail(
        code=region,
        name=next((known.name for known in (division, county, ended) if known), None),
        valid_from=began[-1].effective_on if began else county.valid_from if county else None,
        valid_to=ended.effective_on if ended else None,
        day_known=all(change.day_known for change in (ended, *began[-1:]) if change),
        successors=list(ended.successors) if ended else [],
        predecessors=[change.code for change in before],
        present=list(present_codes(region, changes, on=day)),
        warnings=[warning["detail"] for warning in warnings],
    )
