"""Normalisers: raw values to scores of 0-100. All are elementwise, so one contract and a batch give the same bits.

Formulas: the forms of the OECD/JRC handbook with parameters frozen in the framework version; see each docstring.
"""

from collections.abc import Sequence
from itertools import pairwise
from typing import Final

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "SHARE",
    "TIER",
    "attainment",
    "band",
    "baseline",
    "goalposts",
    "lateness",
    "over_attained",
    "piecewise",
    "shrunken",
]

Array = NDArray[np.float64]

SHARE: Final = (0.0, 1.0)
"""Goalposts of an exact share such as executed / budgeted."""
TIER: Final = (0.0, 100.0)
"""Goalposts of a qualitative tier, whose value is a score of 0-100 already."""


def lateness(maximum_days: float) -> tuple[float, float]:
    """Goalposts of 100 x max(0, 1 - days / maximum): days before the due date count as punctual."""
    return maximum_days, 0.0


def _unit(x: Array) -> Array:
    """clip(x, 0, 1); half the time of np.clip on the short arrays of a single contract."""
    return np.minimum(np.maximum(x, 0.0), 1.0)


def goalposts(x: Array, *, lower: Array, upper: Array, out: Array | None = None) -> Array:
    """100 x clip((x - L) / (U - L), 0, 1); "less is better" has its goalposts swapped (L > U).

    With `out`, which may be `x`, nothing is allocated; the bits are the same.
    """
    if out is None:
        return 100.0 * _unit((x - lower) / (upper - lower))
    np.subtract(x, lower, out=out)
    out /= upper - lower
    np.maximum(out, 0.0, out=out)
    np.minimum(out, 1.0, out=out)
    out *= 100.0
    return out


def attainment(x: Array, target: Array, *, zero_at: Array, higher: NDArray[np.bool_]) -> Array:
    """Attainment of a target T.

    More is better: 100 x min(1, x / T), never below 0. Less is better: 100 if x <= T, else
    100 x max(0, 1 - (x - T) / (X0 - T)), where X0 (`zero_at`) is the value at which the score reaches 0. Where the
    formula has no meaning (T <= 0 for more is better, X0 <= T for less is better) the target is either met or not.

    Source: 财预〔2020〕10号, quantitative indicators: met gives full points, unmet in proportion of actual to target.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        rising = np.where(target > 0.0, _unit(x / target), x >= target)
        if higher.all():
            return 100.0 * rising
        falling = np.where(zero_at > target, _unit(1.0 - (x - target) / (zero_at - target)), x <= target)
    return 100.0 * np.where(higher, rising, falling)


def band(x: Array, *, zero_below: float, low: float, high: float, zero_above: float) -> Array:
    """100 on [low, high], falling in a straight line to 0 at `zero_below` and at `zero_above`.

    Where a limit equals its edge the score drops at once.
    """
    rising = _unit((x - zero_below) / (low - zero_below)) if low > zero_below else np.where(x >= low, 1.0, 0.0)
    falling = _unit((zero_above - x) / (zero_above - high)) if zero_above > high else np.where(x <= high, 1.0, 0.0)
    return 100.0 * np.minimum(rising, falling)


def piecewise(x: Array, *, knots: Sequence[Sequence[float]]) -> Array:
    """Straight lines through the knots (x, score), x strictly increasing; the end values hold beyond the ends."""
    score = np.full(np.shape(x), float(knots[0][1]))
    for (left, before), (right, after) in pairwise(knots):
        inside = before + (after - before) * ((x - left) / (right - left))
        score = np.where(x >= right, float(after), np.where(x > left, inside, score))
    return np.where(np.isnan(x), np.nan, score)


def shrunken(previous: Array, *, sector: Array, reliability: float) -> Array:
    """The baseline drawn towards the sector's value by its own unreliability; a first contract takes the sector's.

    Source: empirical Bayes, B m + (1 - B) mu with B the reliability (docs/frameworks.md).
    """
    return np.where(np.isnan(previous), sector, reliability * previous + (1.0 - reliability) * sector)


def over_attained(x: Array, target: Array, *, higher: NDArray[np.bool_], ratio: Array) -> NDArray[np.bool_]:
    """Whether a "more is better" target was exceeded by more than `ratio` (1.30): was it set too low?

    Source: 财预〔2020〕10号; far over the target (more than 30 %) has to be explained.
    """
    return higher & (target > 0.0) & (x > ratio * target)


def baseline(x: Array, previous: Array, *, scale: Array, higher: NDArray[np.bool_], level: Array) -> Array:
    """The better of the level and the change against before: max(level, 50 + 50 x clip(d / scale, -1, 1)).

    `d` is the change in the good direction, `scale` the change that earns 100. Where `previous` is NaN (first contract,
    or an indicator that is not compared) the level alone counts; where `scale` is 0 any change counts in full.

    Source: quality compared with before, so that holding an excellent level is not punished.
    """
    change = np.where(higher, x - previous, previous - x)
    with np.errstate(divide="ignore", invalid="ignore"):
        moved = np.where(scale > 0.0, np.minimum(np.maximum(change / scale, -1.0), 1.0), np.sign(change))
    return np.fmax(level, 50.0 + 50.0 * moved)
