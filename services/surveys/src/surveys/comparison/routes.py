"""Comparisons over HTTP: for officers, evaluators and auditors."""

from datetime import datetime
from typing import Annotated, Literal

from fastapi import Query
from pydantic import AwareDatetime

from shared.auth import Principal, allow
from shared.db import ReadSession
from shared.web import router
from surveys.comparison.providers import compare
from surveys.comparison.queries import Asked
from surveys.comparison.regions import areas
from surveys.comparison.schemas import ProvidersOut, RegionsOut, providers_out, regions_out

__all__ = ["routes"]

routes = router(tags=["comparison"])
# Not the provider: it sees its own results and, in scoring, its own track record.
Officers = Annotated[Principal, allow("finance", "purchaser", "evaluator", "auditor", "operator")]
Hash = Annotated[
    str, Query(pattern="^[0-9a-f]{64}$", description="Hash of the questionnaire; see `instrument_sha256` of a wave.")
]
Kind = Annotated[
    Literal["needs", "midterm", "completion", "followUp"], Query(description="Kind of the waves that are compared.")
]
Item = Annotated[str, Query(max_length=64, description="Code of the question; `overall` is the headline.")]
MeasureName = Annotated[str, Query(max_length=64, description="index100, top2, bottom2, nps, share, ...")]
Region = Annotated[
    str | None, Query(max_length=16, description="Only regions that begin so, such as CN-23.", examples=["CN-23"])
]
Category = Annotated[str | None, Query(max_length=16, description="Only this part of the catalogue, such as A05.")]
Since = Annotated[AwareDatetime | None, Query(description="Only waves that were closed then or later.")]


@routes.get("/satisfaction/providers", summary="Compare providers by what their recipients said")
async def get_providers(
    *,
    session: ReadSession,
    principal: Officers,  # noqa: ARG001
    instrument_sha256: Hash,
    kind: Kind = "completion",
    item: Item = "overall",
    measure: MeasureName = "index100",
    mix: Annotated[
        list[str] | None,
        Query(max_length=4, description="Attributes of the frames that are held equal, such as age_group."),
    ] = None,
    region: Region = None,
    service_category: Category = None,
    closed_since: Since = None,
) -> ProvidersOut:
    """Each provider's mean, the same as if all had the same mix of recipients and of ways to answer, and shrunken.

    Waves of one kind with the same questionnaire to the word; no open links, and no waves that a provider supervised.
    Computed from single answers, at most 200,000 at once. Below ten answers nothing is told of a provider.
    """
    asked = _asked(instrument_sha256, kind, region, service_category, closed_since)
    found = await compare(session, asked, item=item, measure=measure, mix=tuple(dict.fromkeys(mix or ())))
    return providers_out(found, instrument_sha256=instrument_sha256, kind=kind, item=item, measure=measure)


@routes.get("/satisfaction/regions", summary="Compare regions by what recipients said")
async def get_regions(
    *,
    session: ReadSession,
    principal: Officers,  # noqa: ARG001
    instrument_sha256: Hash,
    kind: Kind = "completion",
    item: Item = "overall",
    measure: MeasureName = "index100",
    level: Annotated[Literal["province", "city", "county"], Query(description="How far codes are cut.")] = "county",
    region: Region = None,
    service_category: Category = None,
    closed_since: Since = None,
) -> RegionsOut:
    """Each region's mean with its error, and what the Fay-Herriot model makes of regions with few answers."""
    asked = _asked(instrument_sha256, kind, region, service_category, closed_since)
    found = await areas(session, asked, item=item, measure=measure, level=level)
    return regions_out(found, instrument_sha256=instrument_sha256, kind=kind, item=item, measure=measure, level=level)


def _asked(
    instrument_sha256: str, kind: str, region: str | None, service_category: str | None, closed_since: datetime | None
) -> Asked:
    return Asked(
        kind=kind,
        instrument_sha256=instrument_sha256,
        region=region,
        service_category=service_category,
        closed_since=closed_since,
    )
