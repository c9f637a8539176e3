"""Intraclass correlations: the six forms with their intervals.

Sources: Shrout & Fleiss 1979, Psychological Bulletin 86:420; McGraw & Wong 1996, Psychological Methods 1:30 (intervals
of agreement).
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy import stats

__all__ = ["Icc", "MeanSquares", "Model", "cronbach_alpha", "icc", "mean_squares", "spearman_brown"]

Array = NDArray[np.float64]
Model = Literal["oneway", "agreement", "consistency"]
"""(1) every unit has other raters; (2) random raters, severity counts as error; (3) the same raters, it does not."""


@dataclass(frozen=True, slots=True)
class MeanSquares:
    """The two-way analysis of variance of a complete table."""

    units: int
    raters: int
    between: float
    """MSB, between units."""
    severity: float
    """MSJ, between raters."""
    error: float
    """MSE, the residual."""
    within: float
    """MSW, within units: severity and residual together."""


@dataclass(frozen=True, slots=True)
class Icc:
    """An intraclass correlation with its interval, and the F test of no difference between units."""

    value: float
    lower: float
    upper: float
    f: float
    df1: float
    df2: float
    p: float


def mean_squares(table: Array) -> MeanSquares:
    """Mean squares of units x raters; units with a missing mark are left out. Needs two units and two raters."""
    table = table[~np.isnan(table).any(axis=1)]
    n, k = table.shape
    if n < 2 or k < 2:
        raise ValueError("an intraclass correlation needs two complete units and two raters")
    grand = table.mean()
    between = k * ((table.mean(axis=1) - grand) ** 2).sum()
    severity = n * ((table.mean(axis=0) - grand) ** 2).sum()
    within = ((table - table.mean(axis=1, keepdims=True)) ** 2).sum()
    return MeanSquares(
        units=n,
        raters=k,
        between=float(between / (n - 1)),
        severity=float(severity / (k - 1)),
        error=float((within - severity) / ((n - 1) * (k - 1))),
        within=float(within / (n * (k - 1))),
    )


def icc(table: Array, *, model: Model = "agreement", average: bool = False, level: float = 0.95) -> Icc:
    """One of the six forms: of a single mark, or of the mean of the table's raters."""
    found = mean_squares(table)
    n, k = found.units, found.raters
    error = found.within if model == "oneway" else found.error
    df1, df2 = float(n - 1), float(n * (k - 1) if model == "oneway" else (n - 1) * (k - 1))
    f = found.between / error
    if model == "agreement":
        return _agreement(found, average=average, level=level, f=f)
    tail = (1.0 - level) / 2.0
    low, high = f / stats.f.ppf(1.0 - tail, df1, df2), f * stats.f.ppf(1.0 - tail, df2, df1)
    value, lower, upper = (_of_f(float(each), k, average=average) for each in (f, low, high))
    return Icc(value, lower, upper, f, df1, df2, float(stats.f.sf(f, df1, df2)))


def _of_f(f: float, k: int, *, average: bool) -> float:
    return (f - 1.0) / f if average else (f - 1.0) / (f + k - 1.0)


def _agreement(found: MeanSquares, *, average: bool, level: float, f: float) -> Icc:
    """ICC(2,1) and ICC(2,k); degrees of freedom by Satterthwaite (McGraw & Wong, table 7)."""
    n, k = found.units, found.raters
    between, severity, error = found.between, found.severity, found.error
    if average:
        value = (between - error) / (between + (severity - error) / n)
        a, b = value / (n * (1.0 - value)), 1.0 + value * (n - 1) / (n * (1.0 - value))
    else:
        value = (between - error) / (between + (k - 1) * error + k * (severity - error) / n)
        a = k * value / (n * (1.0 - value))
        b = 1.0 + k * value * (n - 1) / (n * (1.0 - value))
    df2 = (a * severity + b * error) ** 2 / ((a * severity) ** 2 / (k - 1) + (b * error) ** 2 / ((n - 1) * (k - 1)))
    tail = (1.0 - level) / 2.0
    low, high = float(stats.f.ppf(1.0 - tail, n - 1, df2)), float(stats.f.ppf(1.0 - tail, df2, n - 1))
    if average:
        lower = n * (between - low * error) / (low * (severity - error) + n * between)
        upper = n * (high * between - error) / (severity - error + n * high * between)
    else:
        rest = k * severity + (k * n - k - n) * error
        lower = n * (between - low * error) / (low * rest + n * between)
        upper = n * (high * between - error) / (rest + n * high * between)
    return Icc(value, lower, upper, f, float(n - 1), df2, float(stats.f.sf(f, n - 1, df2)))


def spearman_brown(value: float, *, raters: float) -> float:
    """The reliability of the mean of `raters` marks from that of one (Spearman 1910, Brown 1910)."""
    return raters * value / (1.0 + (raters - 1.0) * value)


def cronbach_alpha(table: Array) -> float:
    """Internal consistency of criteria (columns), from covariances over the units that have both marks.

    Source: Cronbach 1951.
    """
    k = table.shape[1]
    covariance = np.empty((k, k))
    for one in range(k):
        for other in range(k):
            both = table[~np.isnan(table[:, [one, other]]).any(axis=1)][:, [one, other]]
            centred = both - both.mean(axis=0)
            covariance[one, other] = centred[:, 0] @ centred[:, 1] / (len(both) - 1)
    return float(k / (k - 1) * (1.0 - np.trace(covariance) / covariance.sum()))
