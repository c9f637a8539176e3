"""Regions over HTTP: reference data, readable by all."""

from typing import Annotated

from fastapi import Query

from contracts.regions.queries import children_of, parse_region
from contracts.regions.schemas import RegionList, RegionOut
from shared.auth import Principal, allow
from shared.problems import Unprocessable
from shared.web import router

__all__ = ["routes"]

routes = router(tags=["regions"])


@routes.get("/regions", summary="Provinces, or the prefectures of a province")
async def list_regions(
    _: Annotated[Principal, allow("finance", "purchaser", "provider", "evaluator", "auditor", "operator", "public")],
    parent: Annotated[
        str | None, Query(description="Region code of a province, for example CN-23.", max_length=16)
    ] = None,
) -> RegionList:
    """Divisions by GB/T 2260. Counties are accepted by syntax everywhere and not listed."""
    if parent is not None:
        try:
            parent = parse_region(parent)
        except ValueError as error:
            raise Unprocessable(
                f"parent: {error}", errors=[{"pointer": "query:parent", "detail": str(error)}]
            ) from error
    return RegionList(items=[RegionOut.model_validate(division) for division in children_of(parent)])
