"""Control charts: whether a series has changed, or only wavers as it always did."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.special import gammaln

__all__ = [
    "D2",
    "MINIMUM_POINTS",
    "Chart",
    "Cusum",
    "SeriesTooShort",
    "cusum",
    "ewma",
    "individuals",
    "p_chart",
    "s_chart",
    "u_chart",
    "xbar_chart",
]

Floats = NDArray[np.float64]

MINIMUM_POINTS: Final = 8
D2: Final = (1.128, 1.693, 2.059, 2.326, 2.534, 2.704, 2.847, 2.970, 3.078)
"""Mean range of n = 2..10 normal values in standard deviations, with the three decimals of the published tables, so
that a limit computed here is the one that a handbook gives. Source: Montgomery, Introduction to Statistical Quality
Control, appendix VI; the same rounding as R's qcc."""

_RUN: Final = 8


class SeriesTooShort(ValueError):  # noqa: N818 - named after what is wrong
    """Fewer than eight points: limits from them would say nothing."""


@dataclass(frozen=True, slots=True)
class Chart:
    """A series with its limits and the points that break a rule."""

    values: Floats
    centre: float
    sigma: float
    """Standard deviation of one value as the chart's method estimates it."""
    low: Floats
    high: Floats
    beyond: tuple[int, ...]
    """Places (from 0) outside the three-sigma limits."""
    runs: tuple[int, ...]
    """Places at which the eighth value in a row, or a later one, lies on one side of the centre."""
    two_of_three: tuple[int, ...]
    """Places at which two of three values in a row lie beyond two sigma on the same side."""


@dataclass(frozen=True, slots=True)
class Cusum:
    """Sums of deviations in standard errors; `out` are the places (from 0) where one is beyond the decision limit."""

    above: Floats
    below: Floats
    out: tuple[int, ...]


def _check(values: Floats) -> None:
    if len(values) < MINIMUM_POINTS:
        raise SeriesTooShort(f"{len(values)} points; at least {MINIMUM_POINTS} are needed for control limits")


def _chart(values: Floats, centre: float, sigma: float, spread: Floats) -> Chart:
    """A chart with limits of three `spread` around the centre; the rules are those of Western Electric (1956)."""
    low, high = centre - 3 * spread, centre + 3 * spread
    return _judged(values, centre=centre, sigma=sigma, spread=spread, low=low, high=high)


def _judged(values: Floats, *, centre: float, sigma: float, spread: Floats, low: Floats, high: Floats) -> Chart:
    sides = np.sign(values - centre)
    runs, length = [], 0
    for place, side in enumerate(sides):
        length = length + 1 if place and side == sides[place - 1] and side != 0 else int(side != 0)
        if length >= _RUN:
            runs.append(place)
    far = np.where(np.abs(values - centre) > 2 * spread, sides, 0.0)
    pairs = tuple(
        place
        for place in range(2, len(values))
        if far[place] != 0 and np.count_nonzero(far[place - 2 : place + 1] == far[place]) >= 2
    )
    outside = np.flatnonzero((values < low) | (values > high))
    return Chart(values, centre, sigma, low, high, tuple(int(each) for each in outside), tuple(runs), pairs)


def individuals(values: Floats, *, baseline: int | None = None) -> Chart:
    """Chart of single values: mean +- 3 x mean moving range / 1.128 (2.66 times the mean moving range).

    The first `baseline` values make the limits; default all. Source: Montgomery, 6.4; Shewhart's I-MR chart.

    Raises:
        SeriesTooShort: fewer than eight values.
    """
    known = values[:baseline]
    _check(known)
    sigma = float(np.mean(np.abs(np.diff(known)))) / D2[0]
    return _chart(values, float(np.mean(known)), sigma, np.full(len(values), sigma))


def p_chart(numerator: Floats, denominator: Floats) -> Chart:
    """Chart of shares: p +- 3 sqrt(p (1 - p) / n_i), held inside [0, 1]. Source: Montgomery, 7.2."""
    _check(numerator)
    centre = float(np.sum(numerator) / np.sum(denominator))
    sigma = float(np.sqrt(centre * (1 - centre)))
    spread = sigma / np.sqrt(denominator)
    low, high = np.maximum(centre - 3 * spread, 0.0), np.minimum(centre + 3 * spread, 1.0)
    values = numerator / denominator
    return _judged(values, centre=centre, sigma=sigma, spread=spread, low=low, high=high)


def u_chart(counts: Floats, sizes: Floats) -> Chart:
    """Chart of counts per unit of size: u +- 3 sqrt(u / n_i), not below 0. Source: Montgomery, 7.3."""
    _check(counts)
    centre = float(np.sum(counts) / np.sum(sizes))
    sigma = float(np.sqrt(centre))
    spread = sigma / np.sqrt(sizes)
    low, high = np.maximum(centre - 3 * spread, 0.0), centre + 3 * spread
    return _judged(counts / sizes, centre=centre, sigma=sigma, spread=spread, low=low, high=high)


def xbar_chart(groups: Floats, *, baseline: int | None = None) -> Chart:
    """Chart of means of groups of 2-10 values (one row each), sigma from the mean range. Source: Montgomery, 6.2."""
    known = groups[:baseline]
    _check(known)
    size = groups.shape[1]
    sigma = float(np.mean(np.ptp(known, axis=1))) / D2[size - 2]
    spread = np.full(len(groups), sigma / np.sqrt(size))
    return _chart(groups.mean(axis=1), float(np.mean(known)), sigma, spread)


def s_chart(groups: Floats, *, baseline: int | None = None) -> Chart:
    """Chart of standard deviations of groups (one row each), with c4 exact. Source: Montgomery, 6.3."""
    known = groups[:baseline]
    _check(known)
    size = groups.shape[1]
    c4 = float(np.sqrt(2 / (size - 1)) * np.exp(gammaln(size / 2) - gammaln((size - 1) / 2)))
    centre = float(np.mean(known.std(axis=1, ddof=1)))
    sigma = centre / c4
    spread = np.full(len(groups), sigma * np.sqrt(1 - c4**2))
    low, high = np.maximum(centre - 3 * spread, 0.0), centre + 3 * spread
    values = groups.std(axis=1, ddof=1)
    return _judged(values, centre=centre, sigma=sigma, spread=spread, low=low, high=high)


def ewma(values: Floats, *, centre: float, error: float, smoothing: float = 0.2, width: float = 3.0) -> Chart:
    """Exponentially weighted moving average, for slow shifts; starts at the centre.

    Variance at the t-th value: error^2 smoothing / (2 - smoothing) (1 - (1 - smoothing)^2t).
    Source: Roberts, Technometrics 1 (1959) 239-250.
    """
    _check(values)
    smooth = np.empty(len(values))
    last = centre
    for place, value in enumerate(values):
        last = smoothing * float(value) + (1 - smoothing) * last
        smooth[place] = last
    steps = np.arange(1, len(values) + 1)
    spread = error * np.sqrt(smoothing / (2 - smoothing) * (1 - (1 - smoothing) ** (2 * steps)))
    low, high = centre - width * spread, centre + width * spread
    outside = tuple(int(each) for each in np.flatnonzero((smooth < low) | (smooth > high)))
    return Chart(smooth, centre, error, low, high, outside, (), ())  # its values depend on each other: no run rules


def cusum(values: Floats, *, centre: float, error: float, slack: float = 0.5, decision: float = 4.0) -> Cusum:
    """Two one-sided cumulative sums of (value - centre) / error, for small lasting shifts.

    `slack` and `decision` in standard errors. Source: Page, Biometrika 41 (1954) 100-115; Montgomery, 9.1.
    """
    _check(values)
    z = (values - centre) / error
    above, below = np.empty(len(z)), np.empty(len(z))
    high = low = 0.0
    for place, each in enumerate(z):
        high = max(0.0, high + float(each) - slack)
        low = min(0.0, low + float(each) + slack)
        above[place], below[place] = high, low
    out = np.flatnonzero((above > decision) | (below < -decision))
    return Cusum(above, below, tuple(int(each) for each in out))
