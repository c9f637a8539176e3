"""Peer views: units compared with each other. For comparison and diagnosis, never in an absolute score.

Every figure here depends on who else is in the table: a new unit changes everyone's. Rows are units, columns are
indicators, NaN is missing. Source of the definitions: OECD/JRC handbook on composite indicators; COINr 1.1.14, whose
numbers the tests reproduce.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.stats import rankdata

__all__ = [
    "Treated",
    "borda",
    "copeland",
    "cronbach",
    "distance_to_best",
    "distance_to_target",
    "dominance",
    "effective_weights",
    "filled",
    "fuzzy",
    "is_skewed",
    "kurtosis",
    "log_shifted",
    "mazziotta_pareto",
    "minmax",
    "ordered_average",
    "orness",
    "outranking",
    "percentile_rank",
    "ranks",
    "skewness",
    "treat",
    "winsorise",
    "zscore",
]

Array = NDArray[np.float64]

SKEW: Final = 2.0
KURTOSIS: Final = 3.5
"""Outliers are treated where |skew| > 2 and kurtosis > 3.5 (rule of thumb of the JRC)."""
MOST: Final = 5
"""Points that are winsorised at most."""


def _known(x: Array) -> Array:
    return x[~np.isnan(x)]


def skewness(x: Array) -> float:
    """Adjusted Fisher-Pearson skewness of the values that are there: G1 = sqrt(n (n - 1)) / (n - 2) x m3 / m2^1.5."""
    known = _known(x)
    n, centred = len(known), known - known.mean()
    second = float((centred**2).mean())
    if second == 0.0:
        return float("nan")
    return float((n * (n - 1)) ** 0.5 / (n - 2) * (centred**3).mean() / second**1.5)


def kurtosis(x: Array) -> float:
    """Excess kurtosis, G2 = (n - 1) / ((n - 2)(n - 3)) [(n + 1) g2 + 6]."""
    known = _known(x)
    n, centred = len(known), known - known.mean()
    second = float((centred**2).mean())
    if second == 0.0:
        return float("nan")
    g2 = float((centred**4).mean() / second**2) - 3.0
    return float((n - 1) / ((n - 2) * (n - 3)) * ((n + 1) * g2 + 6.0))


def is_skewed(x: Array, *, skew: float = SKEW, kurt: float = KURTOSIS) -> bool:
    """Whether outliers need treatment: |skew| above its limit and kurtosis above its own; a constant does not."""
    found = skewness(x)
    return not np.isnan(found) and abs(found) > skew and kurtosis(x) > kurt


def winsorise(x: Array, points: int) -> Array:
    """The `points` most extreme values on the skewed side get the value of the next one."""
    if points == 0:
        return x.copy()
    order = np.argsort(np.where(np.isnan(x), np.inf, x), kind="stable")[: int((~np.isnan(x)).sum())]
    made = x.copy()
    if skewness(x) >= 0.0:
        made[order[-points:]] = x[order[-points - 1]]
    else:
        made[order[:points]] = x[order[points]]
    return made


def log_shifted(x: Array) -> Array:
    """log(x - min + 0.01 (max - min)): for what winsorisation does not mend."""
    low, high = np.nanmin(x), np.nanmax(x)
    return np.asarray(np.log(x - low + 0.01 * (high - low)))


@dataclass(frozen=True, slots=True)
class Treated:
    """An indicator after its treatment."""

    values: Array
    points: int
    """Values that were winsorised."""
    logged: bool


def treat(x: Array, *, most: int = MOST) -> Treated:
    """Winsorise point by point until the distribution passes; after `most` points take the logarithm instead."""
    for points in range(most + 1):
        made = winsorise(x, points)
        if not is_skewed(made):
            return Treated(made, points, logged=False)
    return Treated(log_shifted(x), 0, logged=True)


def filled(x: Array, groups: Sequence[str]) -> tuple[Array, NDArray[np.bool_]]:
    """Gaps filled with the mean of the unit's group, and where that was done, so that a view can say so.

    Only for a view that cannot stand a gap: a score never fills one. A group without any value leaves its gaps.
    """
    made, gaps, group = x.copy(), np.isnan(x), np.asarray(groups)
    for row, column in np.argwhere(gaps):
        known = _known(x[group == group[row], column])
        made[row, column] = known.mean() if len(known) else np.nan
    return made, gaps & ~np.isnan(made)


def minmax(x: Array, *, low: float = 0.0, high: float = 100.0) -> Array:
    """Each column stretched to [low, high]; a constant column is NaN, for nothing tells its units apart."""
    least, most = np.nanmin(x, axis=0), np.nanmax(x, axis=0)
    width = np.where(most > least, most - least, np.nan)
    return np.asarray((x - least) / width * (high - low) + low)


def zscore(x: Array, *, mean: float = 0.0, sd: float = 1.0) -> Array:
    """(x - mean) / SD with n - 1, shifted and stretched; a constant column is NaN."""
    spread = np.nanstd(x, axis=0, ddof=1)
    return np.asarray((x - np.nanmean(x, axis=0)) / np.where(spread > 0.0, spread, np.nan) * sd + mean)


def ranks(x: Array) -> Array:
    """Rank from 1 (the lowest), ties share their mean; NaN stays."""
    return np.asarray(rankdata(x, axis=0, nan_policy="omit"), dtype=np.float64)


def borda(x: Array) -> Array:
    """Units that are strictly lower; NaN stays."""
    return np.asarray(rankdata(x, method="min", axis=0, nan_policy="omit"), dtype=np.float64) - 1.0


def percentile_rank(x: Array) -> Array:
    """Share of the others that are strictly lower."""
    return np.asarray(borda(x) / ((~np.isnan(x)).sum(axis=0) - 1.0))


def distance_to_best(x: Array) -> Array:
    """1 at the best unit, 0 at the worst: 1 - (max - x) / (max - min)."""
    least, most = np.nanmin(x, axis=0), np.nanmax(x, axis=0)
    return np.asarray(1.0 - (most - x) / np.where(most > least, most - least, np.nan))


def distance_to_target(x: Array, target: Array, *, higher: NDArray[np.bool_], cap: bool = True) -> Array:
    """1 at the target, 0 at the worst unit: 1 - (T - x) / (T - min), mirrored where less is better; at most 1."""
    least, most = np.nanmin(x, axis=0), np.nanmax(x, axis=0)
    reached = np.where(higher, 1.0 - (target - x) / (target - least), 1.0 - (x - target) / (most - target))
    return np.asarray(np.minimum(reached, 1.0) if cap else reached)


def outranking(x: Array, weight: Array) -> Array:
    """c_ij = sum of the weights of the indicators on which i is above j, half of those with a tie; the diagonal is 0.

    Where either value is missing the indicator says nothing about the pair, and the others' weights are taken as 1.
    """
    n = len(x)
    above, told = np.zeros((n, n)), np.zeros((n, n))
    for column, own in zip(x.T, weight, strict=True):
        there = ~np.isnan(column)
        both = there[:, None] & there[None, :]
        difference = np.where(both, np.subtract.outer(column, column), 0.0)
        above += own * both * (0.5 * (difference == 0.0) + (difference > 0.0))
        told += own * both
    made = np.divide(above, told, out=np.full((n, n), 0.5), where=told > 0.0)
    np.fill_diagonal(made, 0.0)
    return np.asarray(made)


def dominance(matrix: Array) -> tuple[int, float]:
    """Pairs in which one unit is above the other everywhere, and their share of all pairs."""
    n, count = len(matrix), int((matrix == 1.0).sum())
    return count, 2.0 * count / (n * (n - 1))


def copeland(matrix: Array) -> Array:
    """Duels won less duels lost: the row sums of sign(c_ij - 1/2)."""
    signs = np.sign(matrix - 0.5)
    np.fill_diagonal(signs, 0.0)
    return np.asarray(signs.sum(axis=1))


def mazziotta_pareto(x: Array, *, penalty: str = "minus") -> Array:
    """M - S^2 / M on z = 100 +- 10 (`minus`: unbalanced profiles lose; `plus` for what is bad), S with n - 1.

    Source: Mazziotta and Pareto 2016; Compind's `POS` is the minus.
    """
    z = zscore(x, mean=100.0, sd=10.0)
    mean, variance = np.nanmean(z, axis=1), np.nanvar(z, axis=1, ddof=1)
    return np.asarray(mean - variance / mean if penalty == "minus" else mean + variance / mean)


def ordered_average(x: Array, weight: Array) -> Array:
    """Ordered weighted average: the first weight goes to each unit's best value (Yager 1988)."""
    return np.asarray(-np.sort(-x, axis=1) @ weight)


def orness(weight: Array) -> float:
    """How much an ordered average looks at the best values: sum of (n - j) / (n - 1) w_j; 1 maximum, 0 minimum."""
    n = len(weight)
    return float(sum((n - j) / (n - 1) * own for j, own in enumerate(weight, 1)))


def fuzzy(shares: Array, weight: Array, values: Array, judgements: Array) -> tuple[Array, float, float]:
    """Fuzzy comprehensive evaluation: membership per grade, score and its standard error.

    `shares` (indicators, grades) are the shares of judgements of each indicator in each grade, `values` the grades'
    scores, `judgements` the number behind each indicator. B = w R with the operator M(., +), score = sum B v; each
    indicator's variance is multinomial: (sum v^2 R - (sum v R)^2) / n.
    """
    own = weight / weight.sum()
    membership, mean = own @ shares, shares @ values
    variance = (shares @ values**2 - mean**2) / judgements
    return membership, float(membership @ values), float((own**2 * variance).sum() ** 0.5)


def effective_weights(parents: Sequence[int], weight: Sequence[float]) -> Array:
    """Share of each node in the root: its weight among its siblings times its parent's share. The root's parent: -1."""
    totals: dict[int, float] = {}
    for parent, own in zip(parents, weight, strict=True):
        totals[parent] = totals.get(parent, 0.0) + own

    def share(node: int) -> float:
        parent = parents[node]
        return 1.0 if parent < 0 else weight[node] / totals[parent] * share(parent)

    return np.array([share(node) for node in range(len(parents))])


def cronbach(x: Array) -> float:
    """Cronbach's alpha of the units without a gap: k / (k - 1) (1 - sum of variances / variance of the sum)."""
    known = x[~np.isnan(x).any(axis=1)]
    k = known.shape[1]
    return float(k / (k - 1) * (1.0 - known.var(axis=0, ddof=1).sum() / known.sum(axis=1).var(ddof=1)))
