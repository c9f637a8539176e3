"""Change between waves, and many comparisons at once."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from scipy.special import ndtr, stdtr

from surveys.kernel.intervals import Interval, t_interval
from surveys.kernel.variance import Design, mean

__all__ = ["Basis", "Change", "Point", "between_waves", "holm", "incomparable", "paired"]

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Basis:
    """What two waves must have in common for their numbers to be compared.

    `population` names the target population, `modes` are the ways of answering that were open.
    """

    instrument_sha256: str
    population: str
    modes: frozenset[str]


class Point(NamedTuple):
    """One wave's estimate with its standard error and degrees of freedom."""

    estimate: float
    se: float
    df: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """Later less earlier, in the units of the estimates; `p` is two-sided, null without any error."""

    change: float
    se: float
    df: float
    interval: Interval
    p: float | None


def incomparable(previous: Basis, current: Basis) -> tuple[str, ...]:
    """Why two waves must not be compared; empty when they may."""
    reasons = []
    if previous.instrument_sha256 != current.instrument_sha256:
        reasons.append("other-instrument")
    if previous.population != current.population:
        reasons.append("other-population")
    if previous.modes != current.modes:
        reasons.append("other-mode")
    return tuple(reasons)


def between_waves(previous: Point, current: Point, *, level: float = 0.95) -> Change:
    """Change between two independent waves: SE = sqrt(s1^2 + s2^2), degrees of freedom by Welch and Satterthwaite.

    Sources: Cochran (1977), section 2.14; Satterthwaite, Biometrics Bulletin 2 (1946) 110-114.

    Raises:
        ValueError: a wave has not a single degree of freedom.
    """
    if previous.df < 1 or current.df < 1:
        raise ValueError("a change needs at least one degree of freedom in each wave")
    se = math.hypot(previous.se, current.se)
    parts = previous.se**4 / previous.df + current.se**4 / current.df
    df = previous.df + current.df if parts == 0.0 else se**4 / parts
    return _change(current.estimate - previous.estimate, se, df, level=level)


def paired(previous: Floats, current: Floats, design: Design, *, level: float = 0.95) -> Change:
    """Change of the same people (a panel): the mean of the differences within persons.

    People who answered once only (NaN) are outside the domain. Source: Kish, Survey Sampling (1965), section 12.4.

    Raises:
        ValueError: nobody answered twice, or there is not a single degree of freedom.
        LonelyClusterError: a stratum has one sampling unit only.
    """
    found = mean(current - previous, design)
    return _change(found.estimate, found.se, found.df, level=level)


def _change(change: float, se: float, df: float, *, level: float) -> Change:
    if se == 0.0:
        return Change(change=change, se=0.0, df=df, interval=Interval(change, change), p=None)
    distance = -abs(change) / se
    p = 2.0 * float(ndtr(distance) if math.isinf(df) else stdtr(df, distance))
    return Change(change=change, se=se, df=df, interval=t_interval(change, se, df=df, level=level), p=p)


def holm(p_values: Sequence[float]) -> tuple[float, ...]:
    """Adjusted p values of many comparisons, in their order: each holds the family-wise error.

    Source: Holm, Scandinavian Journal of Statistics 6 (1979) 65-70.
    """
    count, highest = len(p_values), 0.0
    adjusted = [0.0] * count
    for rank, place in enumerate(sorted(range(count), key=lambda each: p_values[each])):
        highest = max(highest, min(1.0, (count - rank) * p_values[place]))
        adjusted[place] = highest
    return tuple(adjusted)
