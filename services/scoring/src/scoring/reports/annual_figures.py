"""What an annual report says, summed over the other slices' records of a region."""

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import date, datetime
from decimal import Decimal

from sqlalchemy.ext.asyncio import AsyncSession

from scoring.appeals.totals import appeal_totals
from scoring.comparisons.analysis import funnels
from scoring.comparisons.queries import Ask, results_of
from scoring.determinations.totals import DeterminedGroup, determined_groups, year_means
from scoring.evidence.totals import contracts_known
from scoring.frameworks.document import STAGES
from scoring.frameworks.service import registry
from scoring.rectifications.totals import rectification_totals
from scoring.reports.content import AnnualReport, FunnelFigures, FunnelUnit, StateTotal, Title, Total, UseTotal
from scoring.results.rates import application_rates
from scoring.scores.totals import contracts_scored
from shared import clock
from shared.auth import Principal
from shared.db import principal_in

__all__ = ["annual_figures"]

YEARS = 5
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


async def _funnel(
    session: AsyncSession, groups: Sequence[DeterminedGroup], *, region: str, simulated: bool
) -> FunnelFigures | None:
    """Providers' shares of poor results in all years, under the framework and stage that were used most this year."""
    if not groups:
        return None
    used: dict[tuple[str, str], int] = defaultdict(int)
    for group in groups:
        used[group.framework_id, group.stage] += group.number
    framework_id, stage = max(sorted(used), key=lambda each: used[each])
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
    return FunnelFigures(
        framework_id=framework_id,
        stage=stage,
        refused=made["refused"],
        target=None if made["target"] is None else f"{100 * made['target']:.6f}",
        units=[
            FunnelUnit(
                unit=item["unit"],
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
