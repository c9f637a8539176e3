"""Sums over determinations, for reports about a region and a year.

Months and years are those of the deployment's offices (`clock.ZONE`).
"""

from datetime import date
from decimal import Decimal
from typing import NamedTuple

from sqlalchemy import ColumnElement, Integer, cast, extract, func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from scoring.determinations.models import Determination, DeterminationAct
from shared import clock

__all__ = ["DeterminedGroup", "YearMean", "determined_groups", "year_means"]


class DeterminedGroup(NamedTuple):
    """Determinations that are alike: how many, and the sum of their scores (points of 100)."""

    framework_id: str
    stage: str
    grade: str
    label: str | None
    part: str
    """The region's code cut to `length` characters."""
    month: int
    number: int
    total: Decimal
    real: int
    """How many rest on no simulated evidence."""


class YearMean(NamedTuple):
    """All determinations of a year."""

    year: int
    number: int
    mean: Decimal


def _standing() -> list[ColumnElement[bool]]:
    """Neither replaced nor annulled."""
    later = aliased(Determination)
    replaced = select(later.id).where(later.replaces == Determination.id).correlate(Determination).exists()
    annulled = (
        select(DeterminationAct.id)
        .where(DeterminationAct.determination_id == Determination.id, DeterminationAct.kind == "annulment")
        .correlate(Determination)
        .exists()
    )
    return [~replaced, ~annulled]


async def determined_groups(session: AsyncSession, *, year: int, length: int) -> list[DeterminedGroup]:
    """What was signed in a calendar year and stands, in the caller's regions, grouped.

    `length` is how many characters of the region's code name a part: 7 for the cities of a province.
    """
    part = func.left(Determination.region, length)
    month = cast(extract("month", func.timezone(clock.ZONE.key, Determination.issued_at)), Integer)
    keys = (Determination.framework_id, Determination.stage, Determination.grade, Determination.label, part, month)
    statement = (
        select(
            *keys,
            func.count(),
            func.sum(Determination.score),
            func.count().filter(~Determination.simulated),
        )
        .where(
            Determination.issued_at >= clock.start_of(date(year, 1, 1)),
            Determination.issued_at < clock.start_of(date(year + 1, 1, 1)),
            *_standing(),
        )
        .group_by(*keys)
        .order_by(*keys)
    )
    return [DeterminedGroup(*row) for row in await session.execute(statement)]


async def year_means(session: AsyncSession, *, until: int, years: int) -> list[YearMean]:
    """Number and mean score of what was signed in each of the last years up to `until` and stands."""
    year = cast(extract("year", func.timezone(clock.ZONE.key, Determination.issued_at)), Integer)
    statement = (
        select(year, func.count(), func.avg(Determination.score))
        .where(
            Determination.issued_at >= clock.start_of(date(until - years + 1, 1, 1)),
            Determination.issued_at < clock.start_of(date(until + 1, 1, 1)),
            *_standing(),
        )
        .group_by(year)
        .order_by(year)
    )
    return [YearMean(*row) for row in await session.execute(statement)]
