"""Comparisons over HTTP: of providers, regions and costs, with what chance and small numbers leave uncertain."""

import asyncio
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import Depends, Query, Request, Response

from scoring.comparisons import analysis, queries, reading, service
from scoring.comparisons.money_schemas import EfficiencyOut, EquityOut, UnitCostsOut
from scoring.comparisons.queries import Ask
from scoring.comparisons.results import By, Level
from scoring.comparisons.schemas import (
    ChartOut,
    FigureIn,
    FigureOut,
    FunnelOut,
    ProvidersOut,
    RanksOut,
    RegionsOut,
)
from shared import clock
from shared.auth import Principal, allow
from shared.db import ReadSession, WriteSession
from shared.pagination import Page, PageQuery, Paging, encode_cursor, page_response
from shared.problems import Unprocessable
from shared.web import router, set_region

__all__ = ["routes"]

routes = router(tags=["comparisons"])

Anyone = Annotated[Principal, allow("finance", "purchaser", "provider", "evaluator", "auditor", "operator", "public")]
Officer = Annotated[Principal, allow("finance", "purchaser", "auditor", "operator")]
Recorder = Annotated[Principal, allow("finance", "operator")]
Stage = Literal["interim", "completion", "followUp"]
Category = Annotated[
    str | None,
    Query(
        pattern="^[A-Z][A-Z0-9.]{0,15}$", description="Only contracts of this kind of service and what lies under it."
    ),
]
Part = Annotated[
    str | None,
    Query(pattern="^[A-Z]{2}(-[A-Za-z0-9]{0,12})?$", description="Only contracts whose region begins so: `CN-23`."),
]


async def _ask(
    *,
    framework_id: Annotated[str, Query(max_length=64, description="Results under this framework.")],
    stage: Annotated[Stage, Query(description="Results of this stage.")] = "completion",
    service_category: Category = None,
    region: Part = None,
    simulated: Annotated[bool, Query(description="Simulated results instead of real ones.")] = False,
    in_effect: Annotated[
        bool, Query(description="Only determinations that have taken effect; false: also those not served yet.")
    ] = True,
) -> Ask:
    return Ask(
        framework_id=framework_id,
        stage=stage,
        by="provider",
        level="county",
        service_category=service_category,
        region=region,
        simulated=simulated,
        published=False,
        served_by=clock.now() if in_effect else None,
    )


Asked = Annotated[Ask, Depends(_ask)]
LevelQuery = Annotated[Level, Query(description="by region: province, city or county (GB/T 2260).")]
ByQuery = Annotated[By, Query(description="provider, purchaser (their own sub-scores) or region (the whole score).")]


@routes.get("/comparisons/providers", summary="Track records of providers")
async def provider_records(
    session: ReadSession,
    principal: Anyone,
    ask: Asked,
    by: Annotated[Literal["provider", "purchaser"], Query(description="Whose own sub-scores.")] = "provider",
) -> ProvidersOut:
    """Empirical-Bayes estimates from determined sub-scores: only what the provider answers for, older results less.

    Few contracts are drawn towards the mean of the peers; fewer than five peers give counted means only.
    """
    seen, own = reading.seen_by(principal, ask, by=by)
    found = await queries.results_of(session, seen)
    made = await asyncio.to_thread(analysis.track_records, found.results, now=clock.now())
    return ProvidersOut.model_validate(reading.answer(seen, found, made, own=own))


@routes.get("/comparisons/regions", summary="Scores of regions")
async def region_scores(
    session: ReadSession, principal: Anyone, ask: Asked, level: LevelQuery = "county"
) -> RegionsOut:
    """Mean determined scores of regions with their errors, and shrunken, with the share of poor results."""
    seen, _ = reading.seen_by(principal, ask, by="region", level=level)
    found = await queries.results_of(session, seen)
    made = await asyncio.to_thread(analysis.regions, found.results, now=clock.now())
    return RegionsOut.model_validate(reading.answer(seen, found, made))


@routes.get("/comparisons/funnel", summary="Funnel plot")
async def funnel_plot(
    *,
    session: ReadSession,
    principal: Anyone,
    ask: Asked,
    by: ByQuery = "provider",
    level: LevelQuery = "county",
    measure: Annotated[
        Literal["mean", "below"], Query(description="Mean result, or share of results below `threshold`.")
    ] = "mean",
    threshold: Annotated[float, Query(gt=0, le=100, description="Points, for `below`.")] = analysis.POOR,
) -> FunnelOut:
    """Which units lie further from their peers than their size and the usual spread among peers explain."""
    seen, own = reading.seen_by(principal, ask, by=by, level=level)
    found = await queries.results_of(session, seen)
    limit = threshold if measure == "below" else None
    made = await asyncio.to_thread(analysis.funnels, found.results, now=clock.now(), threshold=limit)
    return FunnelOut.model_validate(reading.answer(seen, found, made, own=own))


@routes.get("/comparisons/ranks", summary="Intervals of ranks")
async def rank_intervals(
    *, session: ReadSession, principal: Anyone, ask: Asked, by: ByQuery = "provider", level: LevelQuery = "county"
) -> RanksOut:
    """90 % intervals of ranks and P(top quarter); an order only where two units overlap by one half at most."""
    seen, own = reading.seen_by(principal, ask, by=by, level=level)
    found = await queries.results_of(session, seen)
    made = await asyncio.to_thread(analysis.league, found.results, now=clock.now())
    return RanksOut.model_validate(reading.answer(seen, found, made, own=own))


@routes.get("/comparisons/chart", summary="Control chart")
async def control_chart(
    *,
    session: ReadSession,
    principal: Anyone,
    ask: Asked,
    unit: Annotated[str, Query(max_length=64, description="Id of the provider or purchaser, or the region.")],
    by: ByQuery = "provider",
    level: LevelQuery = "county",
    kind: Annotated[
        Literal["individuals", "ewma", "cusum", "share"],
        Query(description="Single results; smoothed; cumulative sums; share of poor results per quarter."),
    ] = "individuals",
    baseline: Annotated[
        int | None, Query(ge=8, le=1000, description="Limits from the first so many results; default: from all.")
    ] = None,
) -> ChartOut:
    """Whether a unit's results have changed or only waver as they always did; from eight points on."""
    seen, own = reading.seen_by(principal, ask, by=by, level=level)
    found = await queries.results_of(session, seen)
    mine = [each for each in found.results if each.unit == unit and own in {None, unit}]
    made = analysis.chart(mine, kind=kind, baseline=baseline)
    answer = reading.answer(seen, found, made) | {"unit": unit, "kind": kind, "results": len(mine)}
    return ChartOut.model_validate(answer)


@routes.get("/comparisons/equity", summary="Equity between regions")
async def regional_equity(
    *,
    session: ReadSession,
    principal: Officer,
    ask: Asked,
    year: Annotated[int, Query(ge=1950, le=2200, description="Year in which the contracts began.")],
    level: LevelQuery = "county",
    currency: Annotated[str, Query(pattern="^[A-Z]{3}$", description="ISO 4217.")] = "CNY",
) -> EquityOut:
    """Gaps of scores in points beyond chance; Gini and Theil of money per head and coverage; share of third parties."""
    seen, _ = reading.seen_by(principal, ask, by="region", level=level)
    return EquityOut.model_validate(
        await reading.regional_equity(session, principal, seen, year=year, currency=currency)
    )


@routes.get("/comparisons/efficiency", summary="Cost efficiency")
async def cost_efficiency(
    *,
    session: ReadSession,
    principal: Officer,
    ask: Asked,
    measure: Annotated[str | None, Query(max_length=500, description="What a unit is, where contracts differ.")] = None,
    indicator: Annotated[
        str | None, Query(max_length=64, description="Code of the quantity indicator to count.")
    ] = None,
    currency: Annotated[str, Query(pattern="^[A-Z]{3}$", description="ISO 4217.")] = "CNY",
) -> EfficiencyOut:
    """Data envelopment analysis over contracts of exactly one kind of service. It never enters a score by itself."""
    if ask.service_category is None:
        raise Unprocessable(
            "Cost efficiency compares contracts of one kind of service: name it.",
            errors=[{"pointer": "query:service_category", "detail": "is required here"}],
        )
    seen, _ = reading.seen_by(principal, ask, by="provider")
    return EfficiencyOut.model_validate(
        await reading.cost_efficiency(
            session, seen, category=ask.service_category, measure=measure, indicator=indicator, currency=currency
        )
    )


@routes.get("/comparisons/unit-costs", summary="Cost per accepted unit of a contract")
async def unit_costs(
    *,
    session: ReadSession,
    principal: Officer,  # noqa: ARG001
    contract_id: Annotated[UUID, Query(description="The contract.")],
    indicator: Annotated[
        str | None, Query(max_length=64, description="Code of the quantity indicator to count.")
    ] = None,
    response: Response,
) -> UnitCostsOut:
    """Against the purchaser's previous contract of the same scope and against direct provision, price-indexed."""
    item = await reading.unit_costs(session, contract_id, indicator=indicator)
    set_region(response, item["region"])
    return UnitCostsOut.model_validate({"items": [item]})


@routes.post("/comparisons/figures", status_code=201, summary="Record a reference figure")
async def record_figure(body: FigureIn, session: WriteSession, _: Recorder, response: Response) -> FigureOut:
    """Population, price index or cost of direct provision, with its source; a correction names the figure before."""
    made = await service.record_figure(session, body)
    set_region(response, made.region)
    return _figure(made, None)


@routes.get("/comparisons/figures", summary="Reference figures")
async def list_figures(
    *,
    session: ReadSession,
    _: Officer,
    page: PageQuery,
    request: Request,
    response: Response,
    kind: Annotated[
        Literal["population", "price_index", "direct_cost"] | None, Query(description="Only of this kind.")
    ] = None,
    place: Annotated[
        str | None,
        Query(
            pattern="^[A-Z]{2}(-[A-Za-z0-9]{0,12})?$", description="Only of regions whose code begins so, of any scope."
        ),
    ] = None,
) -> Page[FigureOut]:
    """In the order in which they were recorded, corrected ones included; reference data of all regions."""
    found = await queries.list_figures(session, kind=kind, region=place, after=_after(page), limit=page.limit + 1)
    shown = found[: page.limit]
    following = encode_cursor(shown[-1][0].id) if len(found) > page.limit else None
    return page_response(request, response, [_figure(*each) for each in shown], next_cursor=following)


def _figure(figure: Any, superseded_by: UUID | None) -> FigureOut:  # noqa: ANN401 - a row of the slice's own table
    columns = {column.key: getattr(figure, column.key) for column in figure.__table__.columns}
    return FigureOut.model_validate(columns | {"superseded_by": superseded_by})


def _after(page: Paging) -> UUID | None:
    if page.cursor is None:
        return None
    try:
        (figure_id,) = page.cursor
        return UUID(figure_id)
    except (TypeError, ValueError, AttributeError) as error:
        raise Unprocessable(
            "The cursor is not one of this list.", errors=[{"pointer": "query:cursor", "detail": "of another list"}]
        ) from error
