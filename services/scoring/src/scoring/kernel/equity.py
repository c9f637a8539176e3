"""How unequal regions are: differences of scores in points, and inequality of money per head and of coverage.

Scores are bounded and lie close together, so that Theil's index of scores is near zero whatever happens; for them the
variance between regions beyond chance and gaps in points are given. Ratio indices are for amounts that begin at zero.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from scoring.kernel.shrinkage import Shrunken, shrink

__all__ = [
    "Decomposition",
    "Gaps",
    "atkinson",
    "coefficient_of_variation",
    "decompose",
    "generalised_entropy",
    "gini",
    "kolm",
    "ricci_schutz",
    "score_gaps",
    "theil",
    "theil_l",
]

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Decomposition:
    """Theil's T split into what lies inside groups and between them; `total` is their sum."""

    total: float
    within: float
    between: float


@dataclass(frozen=True, slots=True)
class Gaps:
    """Differences between regions' mean scores, in points."""

    raw_variance: float
    """Variance of the observed means (n - 1)."""
    adjusted_variance: float
    """The same less the mean squared standard error, not below 0: small regions would fake inequality otherwise."""
    shrunken: Shrunken
    widest: float
    """Highest less lowest shrunken mean."""
    widest_error: float
    """Its standard error, both regions taken as independent."""
    highest: int
    lowest: int


def _weights(values: Floats, weights: Floats | None) -> Floats:
    share = np.ones(len(values)) if weights is None else weights
    whole: Floats = share / np.sum(share)
    return whole


def gini(values: Floats, weights: Floats | None = None, *, unbiased: bool = False) -> float:
    """Gini coefficient of amounts >= 0, 0-1; `weights` are the people behind each (default equal).

    `unbiased` multiplies by n / (n - 1) (Deltas 2003); for equal weights only.
    """
    order = np.argsort(values, kind="stable")
    people, amounts = _weights(values, weights)[order], values[order]
    money = people * amounts
    total = float(np.sum(money))
    if total == 0:
        return 0.0
    running = np.cumsum(money) / total
    area = float(np.sum(people * (running + np.concatenate([[0.0], running[:-1]]))))
    found = max(0.0, 1.0 - area)  # equal amounts leave rounding on either side of 0
    return found * len(values) / (len(values) - 1) if unbiased else found


def theil(values: Floats, weights: Floats | None = None) -> float:
    """Theil's T of amounts >= 0 (an amount of 0 contributes 0), weighted by people. Source: Theil 1967."""
    people = _weights(values, weights)
    ratio = values / float(np.sum(people * values))
    terms = np.zeros(len(values))
    terms[ratio > 0] = ratio[ratio > 0] * np.log(ratio[ratio > 0])
    return float(np.sum(people * terms))


def theil_l(values: Floats, weights: Floats | None = None) -> float:
    """Theil's L, the mean logarithmic deviation, of amounts > 0."""
    people = _weights(values, weights)
    return float(np.log(np.sum(people * values)) - np.sum(people * np.log(values)))


def generalised_entropy(values: Floats, *, alpha: float) -> float:
    """Generalised entropy of order alpha, not 0 or 1 (those are Theil's L and T). Source: Shorrocks 1980."""
    return float(np.mean((values / np.mean(values)) ** alpha - 1.0) / (alpha * (alpha - 1.0)))


def atkinson(values: Floats, *, aversion: float) -> float:
    """Atkinson's index of amounts > 0, 0-1; `aversion` to inequality above 0. Source: Atkinson 1970."""
    mean = float(np.mean(values))
    if aversion == 1:
        return 1.0 - float(np.exp(np.mean(np.log(values)))) / mean
    return 1.0 - float(np.mean((values / mean) ** (1.0 - aversion)) ** (1.0 / (1.0 - aversion)))


def ricci_schutz(values: Floats) -> float:
    """Share of the total that would have to move for equality (Pietra's, Hoover's index), 0-1."""
    mean = float(np.mean(values))
    return float(np.mean(np.abs(values - mean)) / (2.0 * mean))


def kolm(values: Floats, *, aversion: float = 1.0) -> float:
    """Kolm's absolute index, in the units of the amounts. Source: Kolm 1976."""
    gap = aversion * (float(np.mean(values)) - values)
    largest = float(np.max(gap))  # taken out, so that the exponential cannot overflow
    return float((np.log(np.mean(np.exp(gap - largest))) + largest) / aversion)


def coefficient_of_variation(values: Floats, weights: Floats | None = None) -> float:
    """Standard deviation (of the population, divisor n) over the mean."""
    people = _weights(values, weights)
    mean = float(np.sum(people * values))
    return float(np.sqrt(np.sum(people * (values - mean) ** 2))) / mean


def decompose(values: Floats, groups: NDArray[np.int64], weights: Floats | None = None) -> Decomposition:
    """Theil's T inside and between groups: sum s_g T_g + sum s_g ln(mean_g / mean); s_g is a group's share of all."""
    people = _weights(values, weights)
    mean = float(np.sum(people * values))
    within = between = 0.0
    for group in np.unique(groups):
        inside = groups == group
        share = float(np.sum(people[inside] * values[inside])) / mean
        if share == 0:
            continue
        own = float(np.sum(people[inside] * values[inside]) / np.sum(people[inside]))
        within += share * theil(values[inside], people[inside])
        between += share * float(np.log(own / mean))
    return Decomposition(within + between, within, between)


def score_gaps(means: Floats, errors: Floats) -> Gaps:
    """Differences between the mean scores of five or more regions, beyond what their few contracts make by chance.

    Raises:
        NotShrinkable: fewer than five regions, or a mean without an error.
    """
    shrunken = shrink(means, errors**2)
    raw = float(np.var(means, ddof=1))
    highest, lowest = int(np.argmax(shrunken.estimate)), int(np.argmin(shrunken.estimate))
    return Gaps(
        raw_variance=raw,
        adjusted_variance=max(0.0, raw - float(np.mean(errors**2))),
        shrunken=shrunken,
        widest=float(shrunken.estimate[highest] - shrunken.estimate[lowest]),
        widest_error=float(np.sqrt(shrunken.variance[highest] + shrunken.variance[lowest])),
        highest=highest,
        lowest=lowest,
    )
