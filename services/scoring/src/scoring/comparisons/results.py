"""Determined results by unit: what every comparison of providers, purchasers and regions begins with."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Literal

import numpy as np
from numpy.typing import NDArray

from scoring.kernel import shrinkage
from shared import clock

__all__ = ["By", "Estimated", "Grouped", "Level", "Result", "above", "estimated", "grouped", "in_level", "read_results"]

By = Literal["provider", "purchaser", "region"]
Level = Literal["province", "city", "county"]
Floats = NDArray[np.float64]

_DIGITS: Final[dict[str, int]] = {"country": 0, "province": 2, "city": 4, "county": 6}
_Z: Final = 1.959963984540054
_YEAR_SECONDS: Final = 365.25 * 86400


@dataclass(frozen=True, slots=True)
class Result:
    """One determined result of a unit, 0-100, with its standard error (0: not known, or exact)."""

    contract_id: str
    unit: str
    value: float
    error: float
    at: datetime


@dataclass(frozen=True, slots=True)
class Grouped:
    """Results of k units: `codes` says to which of `units` each result belongs."""

    units: tuple[str, ...]
    codes: NDArray[np.int64]
    values: Floats
    errors: Floats
    years: Floats
    """Age of each result."""
    at: tuple[datetime, ...]


@dataclass(frozen=True, slots=True)
class Estimated:
    """Means of k units as they are, and as they are expected to be once chance is taken into account."""

    units: tuple[str, ...]
    count: NDArray[np.int64]
    latest: tuple[datetime, ...]
    mean: Floats
    error: Floats | None
    """Standard errors of the means; None where nothing says what chance is."""
    within: float | None
    """Variance between contracts of one unit beyond their measured errors; None likewise."""
    shrunken: shrinkage.Shrunken | None
    refused: str | None
    """Why there are no modelled estimates."""


def in_level(region: str, level: str) -> str:
    """The region of a level that a region lies in: `CN-230102` in `CN-230100` (city) and `CN-230000` (province).

    `country` gives `CN-000000`. Source: GB/T 2260, two digits a level. Regions outside China have one level only.
    """
    country, _, code = region.partition("-")
    if country != "CN" or not code.isdigit():
        return region
    return f"CN-{code[: _DIGITS[level]]:0<6}"


def above(region: str, level: str) -> bool:
    """Whether a region lies above a level: a city's own contract belongs to none of its counties."""
    country, _, code = region.partition("-")
    return country == "CN" and code.isdigit() and len(code.ljust(6, "0").rstrip("0")) <= _DIGITS[level] - 2


def read_results(rows: Iterable[Any], *, by: By, level: Level) -> list[Result]:
    """Results from rows of determinations; those that say nothing about a unit of the kind are left out.

    The error is what the determination pinned: of a sub-score that of its own leaves.
    """
    found = []
    for row in rows:
        unit = row.owner
        if by == "region":
            unit = None if above(row.region, level) else in_level(row.region, level)
        if unit is None or row.score is None:
            continue
        error = 0.0 if row.width is None else row.width / (2 * _Z)
        found.append(Result(row.contract_id, unit, row.score, error, row.counts_from))
    return found


def grouped(results: Sequence[Result], *, now: datetime) -> Grouped:
    """Results by unit in the order of (unit, time, contract), so that the same results give the same figures.

    Their ages are those at the beginning of the offices' day: who asks again on the same day reads the same figures.
    """
    today = clock.start_of(clock.day_of(now))
    ordered = sorted(results, key=lambda each: (each.unit, each.at, each.contract_id))
    units = sorted({each.unit for each in ordered})
    place = {unit: code for code, unit in enumerate(units)}
    return Grouped(
        units=tuple(units),
        codes=np.array([place[each.unit] for each in ordered], dtype=np.int64),
        values=np.array([each.value for each in ordered]),
        errors=np.array([each.error for each in ordered]),
        years=np.array([max((today - each.at).total_seconds(), 0.0) / _YEAR_SECONDS for each in ordered]),
        at=tuple(each.at for each in ordered),
    )


def estimated(group: Grouped) -> Estimated:
    """Means with errors and empirical-Bayes estimates as far as the results allow."""
    count = np.bincount(group.codes, minlength=len(group.units)).astype(np.int64)
    last = np.cumsum(count) - 1  # results are in the order of unit and time
    latest = tuple(group.at[int(place)] for place in last)
    try:
        if not group.units:
            raise shrinkage.NotShrinkable("nothing was determined")  # noqa: TRY301 - one place says what refusal means
        means = shrinkage.means_of(group.values, group.errors, group.codes, group.years)
    except shrinkage.NotShrinkable as refusal:
        plain = np.bincount(group.codes, weights=group.values, minlength=len(group.units)) / np.maximum(count, 1)
        return Estimated(group.units, count, latest, plain, None, None, None, str(refusal))
    error = np.sqrt(means.variance)
    try:
        shrunken = shrinkage.shrink(means.mean, means.variance)
    except shrinkage.NotShrinkable as refusal:
        return Estimated(group.units, count, latest, means.mean, error, means.within, None, str(refusal))
    return Estimated(group.units, count, latest, means.mean, error, means.within, shrunken, None)
