"""Krippendorff's alpha, for any number of raters, any metric and missing marks.

Alpha is 1 - Do / De: the disagreement observed within the units against the one expected by chance. For the interval
metric both are sums of squares, so that marks of 0-100 cost O(n) instead of a table of all pairs of values; the ordinal
metric is the interval metric of the mid-ranks; the nominal metric needs counts only. Source: Krippendorff 2011,
"Computing Krippendorff's alpha-reliability"; the closed forms are checked against the published example.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

__all__ = ["FIRM", "TENTATIVE", "AlphaInterval", "Metric", "alpha", "alpha_interval"]

Array = NDArray[np.float64]
Index = NDArray[np.intp]
Metric = Literal["nominal", "ordinal", "interval", "ratio"]

FIRM: Final = 0.80
"""From here on the marks are reliable."""
TENTATIVE: Final = 0.667
"""Below this, marks may not be used for anything of consequence without adjudication."""

_BLOCK: Final = 512
_TABLE: Final = 1 << 20
"""Whole-numbered marks are counted in a table up to this many values; others are sorted."""


def alpha(unit: NDArray[np.integer], mark: NDArray[np.floating], *, metric: Metric = "interval") -> float:
    """Alpha of marks in long form: `mark[i]` was given to unit `unit[i]`; who gave it does not matter.

    Units with one mark are left out, as nothing pairs with it. NaN when nothing pairs; 1 when all pairable marks are
    the same.
    """
    codes = np.asarray(unit, np.intp)
    values = np.asarray(mark, np.float64)
    sizes = np.bincount(codes)
    if (sizes == 1).any():
        paired = sizes[codes] >= 2
        codes, values = codes[paired], values[paired]
        sizes = np.bincount(codes, minlength=len(sizes))
    if not len(values):
        return float("nan")
    return _METRICS[metric](codes, values, sizes)


def _interval(codes: Index, values: Array, sizes: Index) -> float:
    """Do = (1/n) sum 2 m SS / (m - 1) over the units, De = 2 SS_T / (n - 1)."""
    centred = values - values.mean()
    total = float(centred @ centred)
    if total <= 0.0:
        return 1.0
    held = sizes >= 2
    m = sizes[held].astype(np.float64)
    sums = np.bincount(codes, centred, minlength=len(sizes))[held]
    squares = np.bincount(codes, centred * centred, minlength=len(sizes))[held]
    within = (m * squares - sums * sums) / (m - 1.0)
    n = len(values)
    return 1.0 - float(within.sum()) * (n - 1) / (n * total)


def _ordinal(codes: Index, values: Array, sizes: Index) -> float:
    """The distance (F_c - F_k)^2 with F = cumulated counts less half of the own: the interval metric of F."""
    place, counts = _categories(values)
    middle = np.cumsum(counts) - counts / 2.0
    return _interval(codes, middle[place], sizes)


def _nominal(codes: Index, values: Array, sizes: Index) -> float:
    place, counts = _categories(values)
    n = len(values)
    expected = n * n - float((counts.astype(np.float64) ** 2).sum())
    if expected <= 0.0:
        return 1.0
    cells, together = np.unique(codes * len(counts) + place, return_counts=True)
    equal = np.bincount(cells // len(counts), together.astype(np.float64) ** 2, minlength=len(sizes))
    held = sizes >= 2
    m = sizes[held].astype(np.float64)
    different = (m * m - equal[held]) / (m - 1.0)
    return 1.0 - float(different.sum()) * (n - 1) / expected


def _ratio(codes: Index, values: Array, sizes: Index) -> float:
    """The distance ((c - k) / (c + k))^2 has no closed form: pairs within units, and pairs of distinct values."""
    if values.min() < 0.0:
        raise ValueError("the ratio metric needs marks of 0 and more")
    place, counts = _categories(values)
    distinct = np.unique(values)
    weight = counts.astype(np.float64)
    expected = 0.0
    for start in range(0, len(distinct), _BLOCK):
        rows = slice(start, start + _BLOCK)
        expected += float(weight[rows] @ _relative(distinct[rows, None], distinct[None, :]) @ weight)
    if expected <= 0.0:
        return 1.0
    order = np.argsort(codes, kind="stable")
    ranked, starts = distinct[place[order]], np.concatenate(([0], np.cumsum(sizes)))
    observed = 0.0
    for m in np.unique(sizes[sizes >= 2]):
        members = np.flatnonzero(sizes == m)
        block = ranked[starts[members][:, None] + np.arange(m)]
        for lag in range(1, int(m)):
            observed += 2.0 * float(_relative(block[:, lag:], block[:, :-lag]).sum()) / (int(m) - 1)
    return 1.0 - observed * (len(values) - 1) / expected


def _relative(one: Array, other: Array) -> Array:
    total = one + other
    quotient: Array = np.divide(one - other, total, out=np.zeros_like(total), where=total > 0.0)
    return quotient * quotient


def _categories(values: Array) -> tuple[Index, Index]:
    """The place of each mark among the distinct marks in their order, and how often each occurs."""
    low, high = values.min(), values.max()
    if high - low < _TABLE:
        whole = (values - low).astype(np.intp)
        if (whole == values - low).all():
            counts = np.bincount(whole)
            found = counts > 0
            if found.all():
                return whole, counts
            return (np.cumsum(found) - 1)[whole], counts[found]
    _, place, counted = np.unique(values, return_inverse=True, return_counts=True)
    return place.astype(np.intp), counted.astype(np.intp)


_METRICS: Final[dict[Metric, Callable[[Index, Array, Index], float]]] = {
    "nominal": _nominal,
    "ordinal": _ordinal,
    "interval": _interval,
    "ratio": _ratio,
}


@dataclass(frozen=True, slots=True)
class AlphaInterval:
    """Alpha with the percentile interval of a bootstrap over units."""

    value: float
    lower: float
    upper: float
    units: int
    """Units with at least two marks."""
    draws: int


def alpha_interval(
    unit: NDArray[np.integer],
    mark: NDArray[np.floating],
    *,
    metric: Metric = "interval",
    draws: int = 1000,
    level: float = 0.95,
    seed: int = 0,
) -> AlphaInterval:
    """Alpha with its bootstrap interval: whole units are drawn with replacement, so that ties within a unit stay.

    The same seed gives the same interval. Draws in which all marks are alike count as alpha = 1, as alpha itself does.
    """
    value = alpha(unit, mark, metric=metric)
    sizes = np.bincount(np.asarray(unit, np.intp))
    members = np.flatnonzero(sizes >= 2)
    if len(members) < 2:
        return AlphaInterval(value, float("nan"), float("nan"), len(members), 0)
    random = np.random.Generator(np.random.Philox(seed))
    order = np.argsort(unit, kind="stable")
    marks = np.asarray(mark, np.float64)[order]
    starts = np.concatenate(([0], np.cumsum(sizes)))
    if metric == "interval":
        found = _interval_draws(marks, sizes[members], starts[members], random, draws)
    else:
        found = np.empty(draws)
        for number in range(draws):
            drawn = members[random.integers(len(members), size=len(members))]
            many = sizes[drawn]
            offset = np.repeat(starts[drawn] - np.concatenate(([0], np.cumsum(many)[:-1])), many)
            found[number] = alpha(
                np.repeat(np.arange(len(drawn)), many), marks[offset + np.arange(int(many.sum()))], metric=metric
            )
    low, high = np.quantile(found, [(1.0 - level) / 2.0, (1.0 + level) / 2.0])
    return AlphaInterval(value, float(low), float(high), len(members), draws)


def _interval_draws(marks: Array, sizes: Index, starts: Index, random: np.random.Generator, draws: int) -> Array:
    """The interval metric needs four sums per unit; a draw is a weighting of the units."""
    centred = marks - marks.mean()
    running = np.concatenate(([0.0], np.cumsum(centred)))
    running_squares = np.concatenate(([0.0], np.cumsum(centred * centred)))
    m = sizes.astype(np.float64)
    sums = running[starts + sizes] - running[starts]
    squares = running_squares[starts + sizes] - running_squares[starts]
    within = (m * squares - sums * sums) / (m - 1.0)
    terms = np.stack([m, sums, squares, within], axis=1)
    units = len(sizes)
    totals = np.empty((draws, 4))
    for number in range(draws):
        weight = np.bincount(random.integers(units, size=units), minlength=units).astype(np.float64)
        totals[number] = weight @ terms
    n, total, square, disagreement = totals.T
    spread = square - total * total / n
    flat = spread <= 1e-12 * np.maximum(square, 1.0)
    return np.where(flat, 1.0, 1.0 - disagreement * (n - 1.0) / (n * np.where(flat, 1.0, spread)))
