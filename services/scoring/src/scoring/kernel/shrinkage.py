"""Empirical Bayes: what is known of one provider when its few contracts are read beside all the others."""

from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq

__all__ = [
    "DECAY",
    "MINIMUM_PROVIDERS",
    "JamesStein",
    "Means",
    "NotShrinkable",
    "Shrunken",
    "between_variance",
    "decayed",
    "james_stein",
    "means_of",
    "shrink",
]

Floats = NDArray[np.float64]
Method = Literal["paule-mandel", "reml"]

MINIMUM_PROVIDERS: Final = 5
"""Fewer units say nothing reliable about the spread between them (the product's own choice)."""

DECAY: Final = 0.8
"""Weight of a contract one year older, other things equal (the product's own choice)."""

_GRID: Final = 200


class NotShrinkable(ValueError):  # noqa: N818 - named after what is wrong, as the problems of the interface are
    """The data do not say how much of the spread is chance; the message says what is missing."""


@dataclass(frozen=True, slots=True)
class Shrunken:
    """Estimates of k units, in the units of `y`."""

    mean: float
    """Mean of the units, weighted by precision."""
    mean_variance: float
    between: float
    """tau^2: variance between the units beyond chance."""
    weight: Floats
    """B = tau^2 / (tau^2 + v): how far each unit's own result counts, 0-1."""
    estimate: Floats
    variance: Floats


@dataclass(frozen=True, slots=True)
class JamesStein:
    """Estimates under one common, known variance."""

    mean: float
    factor: float
    """Share of the distance to the mean that is kept, 0-1."""
    estimate: Floats


@dataclass(frozen=True, slots=True)
class Means:
    """One mean per unit from the results of its contracts."""

    mean: Floats
    variance: Floats
    count: NDArray[np.int64]
    within: float
    """Variance between contracts of one unit beyond their measured errors; 0 when the errors explain it all."""


def james_stein(y: Floats, variance: float) -> JamesStein:
    """Positive-part James-Stein estimates that shrink towards the mean of k >= 4 units.

    Source: Efron & Morris, JASA 70 (1975) 311-319: c = 1 - (k - 3) variance / sum (y - mean)^2.
    """
    if len(y) < 4:
        raise NotShrinkable(
            f"{len(y)} units; four are the least with which shrinking towards their mean gains anything"
        )
    mean = float(np.mean(y))
    spread = float(np.sum((y - mean) ** 2))
    factor = max(0.0, 1.0 - (len(y) - 3) * variance / spread) if spread > 0 else 0.0
    return JamesStein(mean, factor, mean + factor * (y - mean))


def between_variance(y: Floats, variance: Floats, *, method: Method = "paule-mandel") -> float:
    """tau^2, the variance between units beyond their known error variances; 0 when chance explains the spread.

    Source: Paule & Mandel, J. Res. NBS 87 (1982) 377-385 (the root of sum (y - mean)^2 / (v + tau^2) = k - 1);
    restricted maximum likelihood: Viechtbauer, J. Educ. Behav. Stat. 30 (2005) 261-293.
    """
    upper = float(np.sum((y - np.mean(y)) ** 2)) or 1.0
    if method == "reml":
        return _reml(y, variance, upper=upper)

    def excess(tau2: float) -> float:
        weight = 1.0 / (variance + tau2)
        mean = float(np.sum(weight * y) / np.sum(weight))
        return float(np.sum(weight * (y - mean) ** 2)) - (len(y) - 1)

    smallest = 0.0 if float(np.min(variance)) > 0 else np.finfo(np.float64).tiny
    if excess(smallest) <= 0:
        return 0.0
    return float(brentq(excess, smallest, upper, xtol=1e-14 * upper, rtol=1e-14))


def _reml(y: Floats, variance: Floats, *, upper: float) -> float:
    """The largest restricted likelihood over its stationary points and 0: the score can have several roots."""

    def parts(tau2: float) -> tuple[Floats, float, float]:
        weight = 1.0 / (variance + tau2)
        total = float(np.sum(weight))
        return weight, total, float(np.sum(weight * y)) / total

    def score(tau2: float) -> float:
        weight, total, mean = parts(tau2)
        squares = float(np.sum(weight**2))
        return float(np.sum((weight * (y - mean)) ** 2)) - (total - squares / total)

    def deviance(tau2: float) -> float:
        weight, total, mean = parts(tau2)
        return float(np.sum(weight * (y - mean) ** 2) - np.sum(np.log(weight)) + np.log(total))

    positive = float(np.min(variance)) > 0
    grid = np.concatenate([[0.0] if positive else [], np.geomspace(upper * 1e-9, upper, _GRID)])
    slopes = [score(float(each)) for each in grid]
    candidates = [0.0] if positive else []
    for low, high, before, after in zip(grid, grid[1:], slopes, slopes[1:], strict=False):
        if before > 0 >= after:
            candidates.append(float(brentq(score, float(low), float(high), xtol=1e-14 * upper, rtol=1e-14)))
    return min(candidates, key=deviance, default=0.0)


def shrink(y: Floats, variance: Floats, *, method: Method = "paule-mandel") -> Shrunken:
    """Empirical-Bayes estimates of k units with known error variances.

    B = tau^2 / (tau^2 + v); estimate = mean + B (y - mean); variance = B v + (1 - B)^2 var(mean). A unit about which
    little is known is drawn towards the mean of all; one with many contracts keeps its own result.

    Raises:
        NotShrinkable: fewer than five units, or no unit has an error variance.
    """
    if len(y) < MINIMUM_PROVIDERS:
        raise NotShrinkable(f"{len(y)} units; at least {MINIMUM_PROVIDERS} are needed to tell chance from difference")
    if not np.all(variance > 0):
        raise NotShrinkable("a unit has no error variance")
    between = between_variance(y, variance, method=method)
    precision = 1.0 / (variance + between)
    mean = float(np.sum(precision * y) / np.sum(precision))
    mean_variance = float(1.0 / np.sum(precision))
    weight = between / (between + variance)
    return Shrunken(
        mean=mean,
        mean_variance=mean_variance,
        between=between,
        weight=weight,
        estimate=mean + weight * (y - mean),
        variance=weight * variance + (1.0 - weight) ** 2 * mean_variance,
    )


def decayed(variance: Floats, years: Floats) -> Floats:
    """Variances that grow with the age of the result: v / 0.8^years. Ages below 0 count 0."""
    return variance / DECAY ** np.maximum(years, 0.0)


def means_of(scores: Floats, errors: Floats, units: NDArray[np.int64], years: Floats) -> Means:
    """One mean per unit 0..k-1 from the results of its contracts, older ones counting less.

    A contract's variance is that of its measured error plus the spread between contracts of one unit, which is pooled
    over all units (moments: pooled within variance less the mean squared error, not below 0); age inflates it.

    Arguments:
        scores: result of each contract.
        errors: its standard error in the same units; 0 where it is exact.
        units: which unit each contract belongs to; every unit of 0..max has one at least.
        years: age of each result.

    Raises:
        NotShrinkable: no unit has two contracts and no result has an error: nothing says what chance is.
    """
    count = np.bincount(units)
    plain = np.bincount(units, weights=scores) / count
    freedom = len(scores) - len(count)
    squares = float(np.sum((scores - plain[units]) ** 2))
    within = max(0.0, squares / freedom - float(np.mean(errors**2))) if freedom else 0.0
    variance = within + errors**2
    if not np.all(variance > 0):
        raise NotShrinkable(
            "no unit has two contracts that differ and some results carry no error, so that nothing says what chance is"
        )
    precision = 1.0 / decayed(variance, years)
    total = np.bincount(units, weights=precision)
    mean = np.bincount(units, weights=precision * scores) / total
    return Means(mean, 1.0 / total, count.astype(np.int64), within)
