"""What an annual report says, summed over the other slices' records of a region."""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from scoring.appeals.totals import appeal_totals
from scoring.comparisons.analysis import funnels
from scoring.comparisons.queries import Ask, results_of
from scoring.comparisons.reading import regional_equity
from scoring.comparisons.results import Level
from scoring.determinations.totals import DeterminedGroup, determined_groups, year_means
from scoring.evidence.names import party_names
from scoring.evidence.totals import contracts_known
from scoring.frameworks.document import STAGES
from scoring.frameworks.service import registry
from scoring.rectifications.totals import rectification_totals
from scoring.reports.content import (
    AnnualReport,
    EquityFigures,
    FunnelFigures,
    FunnelUnit,
    Inequality,
    StateTotal,
    Title,
    Total,
    UseTotal,
)
from scoring.results.rates import application_rates
from scoring.scores.totals import contracts_scored
from shared import clock
from shared.auth import Principal, normalise_scope
from shared.db import principal_in

__all__ = ["annual_figures"]

YEARS = 5
CITY: Final = 4
"""Digits of a city's code: below a county there is no region."""
CURRENCY: Final = "CNY"
POOR = 60.0
"""The share of results below this grade bound is what the funnel compares (财预〔2020〕10号: 差 below 60)."""


async def annual_figures(
    session: AsyncSession, *, number: str, region: str, year: int, made_at: datetime, verify_at: str
) -> AnnualReport:
    """The figures of a region and all below it, whoever's job this runs in."""
    with _as_of_region(session, region):
        groups = await determined_groups(session, year=year, length=_below(region))
        simulated = bool(groups) and not any(group.real for group in groups)
        titles = {each.document["id"]: dict(each.document["title"]) for each in (await registry(session)).versions}
        uses = await application_rates(session, by="kind", first=date(year, 1, 1), last=date(year, 12, 31))
        return AnnualReport(
            number=number,
            region=region,
            year=year,
            simulated=simulated,
            made_at=made_at,
            contracts=await contracts_known(session),
            scored=await contracts_scored(session),
            determined=sum(group.number for group in groups),
            frameworks=_totals(groups, lambda group: group.framework_id),
            stages=_totals(groups, lambda group: group.stage, order=STAGES),
            grades=_totals(groups, lambda group: group.grade, order=await _grade_order(session)),
            labels=_totals(groups, lambda group: group.label or "none", order=("firm", "indicative", "undetermined")),
            months=_totals(groups, lambda group: f"{year}-{group.month:02d}"),
            years=[
                Total(code=str(each.year), number=each.number, mean=_six(each.mean))
                for each in await year_means(session, until=year, years=YEARS)
            ],
            parts=_totals(groups, lambda group: group.part),
            uses=[
                UseTotal(
                    code=each.key,
                    opened=each.applied + each.waived + each.open + each.blocked + each.suspended,
                    applied=each.applied,
                    rate=None if each.rate is None else f"{each.rate:.6f}",
                    overdue=each.overdue,
                )
                for each in uses
                if each.key is not None
            ],
            rectifications=[
                StateTotal(code=each.state, number=each.number, overdue=each.overdue)
                for each in await rectification_totals(session, year=year)
            ],
            appeals=[
                StateTotal(code=each.outcome, number=each.number, overdue=each.overdue)
                for each in await appeal_totals(session, year=year)
            ],
            funnel=await _funnel(session, groups, region=region, simulated=simulated),
            equity=await _equity(session, groups, region=region, year=year, simulated=simulated),
            grade_titles=await _grade_titles(session),
            framework_titles=titles,
            verify_at=verify_at,
        )


@contextmanager
def _as_of_region(session: AsyncSession, region: str) -> Iterator[None]:
    """Let every read of a job see what an officer of the region sees."""
    before = principal_in(session)
    session.info["principal"] = Principal(before.subject, before.roles, (region,))
    try:
        yield
    finally:
        session.info["principal"] = before


def _below(region: str) -> int:
    """Characters that name a region one level below: provinces of a country, cities of a province, then counties."""
    code = region.partition("-")[2]
    return 5 if not code else 7 if len(code) <= 2 else 9


def _totals(
    groups: Sequence[DeterminedGroup], key: Callable[[DeterminedGroup], str], *, order: Sequence[str] = ()
) -> list[Total]:
    """Number and mean by a key: in a stated order, then by the key."""
    numbers: dict[str, int] = defaultdict(int)
    sums: dict[str, Decimal] = defaultdict(Decimal)
    for group in groups:
        numbers[key(group)] += group.number
        sums[key(group)] += group.total
    known = [code for code in order if code in numbers]
    codes = [*known, *sorted(numbers.keys() - set(known))]
    return [Total(code=code, number=numbers[code], mean=_six(sums[code] / numbers[code])) for code in codes]


def _six(value: Decimal) -> str:
    return f"{value:.6f}"


async def _grade_titles(session: AsyncSession) -> dict[str, Title]:
    """Names of the grades of all frameworks; the first that uses a code names it."""
    titles: dict[str, Title] = {}
    for each in (await registry(session)).versions:
        for grade in each.document["grades"]:
            titles.setdefault(grade["code"], dict(grade["title"]))
    return titles


async def _grade_order(session: AsyncSession) -> tuple[str, ...]:
    return tuple(await _grade_titles(session))


def _most_used(groups: Sequence[DeterminedGroup]) -> tuple[str, str]:
    """Framework and stage with the most determinations of the year."""
    used: dict[tuple[str, str], int] = defaultdict(int)
    for group in groups:
        used[group.framework_id, group.stage] += group.number
    return max(sorted(used), key=lambda each: used[each])


LEVELS: Final[Mapping[int, Level]] = {5: "province", 7: "city", 9: "county"}
"""The level below by the characters that name its regions."""


async def _equity(
    session: AsyncSession, groups: Sequence[DeterminedGroup], *, region: str, year: int, simulated: bool
) -> EquityFigures | None:
    """Equity between the regions one level below; None for a county, and where nothing was determined."""
    scope = normalise_scope(region)
    if not groups or len(scope.partition("-")[2]) > CITY:
        return None
    framework_id, stage = _most_used(groups)
    level = LEVELS[_below(scope)]
    ask = Ask(
        framework_id=framework_id,
        stage=stage,
        by="region",
        level=level,
        service_category=None,
        region=scope,
        simulated=simulated,
        published=False,
        served_by=None,
    )
    made = await regional_equity(session, principal_in(session), ask, year=year, currency=CURRENCY)
    gaps = made["scores"] or {}
    return EquityFigures(
        framework_id=framework_id,
        stage=stage,
        level=level,
        regions=made["peers"],
        refused=made["refused"],
        highest=gaps.get("highest"),
        lowest=gaps.get("lowest"),
        money=_inequality(made["money_per_head"]),
        coverage=_inequality(made["coverage"]),
        third_party=_figure(made["third_party"]),
        **{name: _figure(gaps.get(name)) for name in _GAPS},
    )


_GAPS: Final = ("raw_variance", "adjusted_variance", "between_sd", "widest", "widest_error")


def _inequality(found: Mapping[str, Any] | None) -> Inequality | None:
    if found is None:
        return None
    ratio = None if found["ratio"] is None else _figure(found["ratio"])
    figures = {name: f"{found[name]:.6f}" for name in ("mean", "gini", "theil")}
    return Inequality(regions=found["regions"], ratio=ratio, **figures)


def _figure(value: float | None) -> str | None:
    return None if value is None else f"{value:.6f}"


async def _funnel(
    session: AsyncSession, groups: Sequence[DeterminedGroup], *, region: str, simulated: bool
) -> FunnelFigures | None:
    """Providers' shares of poor results in all years, under the framework and stage that were used most this year."""
    if not groups:
        return None
    framework_id, stage = _most_used(groups)
    ask = Ask(
        framework_id=framework_id,
        stage=stage,
        by="provider",
        level="county",
        service_category=None,
        region=region,
        simulated=simulated,
        published=False,
        served_by=None,
    )
    found = await results_of(session, ask)
    made = funnels(found.results, now=clock.now(), threshold=POOR)
    outside = {"alert": "95", "alarm": "99.8"}
    names = await party_names(session, {UUID(item["unit"]) for item in made["items"]})
    return FunnelFigures(
        framework_id=framework_id,
        stage=stage,
        peers=made["peers"],
        refused=made["refused"],
        target=None if made["target"] is None else f"{100 * made['target']:.6f}",
        units=[
            FunnelUnit(
                unit=item["unit"],
                name=names.get(UUID(item["unit"])),
                results=item["results"],
                value=f"{100 * item['value']:.6f}",
                outside=outside.get(item["verdict"]),
                limits=(
                    f"{100 * item['alarm_low']:.6f}",
                    f"{100 * item['alert_low']:.6f}",
                    f"{100 * item['alert_high']:.6f}",
                    f"{100 * item['alarm_high']:.6f}",
                ),
            )
            for item in made["items"]
        ],
    )
