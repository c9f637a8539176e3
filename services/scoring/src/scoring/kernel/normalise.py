"""Normalisers: raw values to scores of 0-100. All are elementwise, so one contract and a batch give the same bits.

Formulas: OECD/JRC handbook forms with parameters frozen in the framework version; see each docstring.
"""

import numpy as np
from numpy.typing import NDArray

__all__ = ["attainment", "baseline", "goalposts", "lateness", "over_attained", "share"]

Array = NDArray[np.float64]


def share(x: Array) -> Array:
    """100 x clip(x, 0, 1) of an exact share such as executed / budgeted."""
    return 100.0 * np.clip(x, 0.0, 1.0)


def goalposts(x: Array, *, lower: float, upper: float) -> Array:
    """100 x clip((x - L) / (U - L), 0, 1); for "less is better" the goalposts are given swapped (L > U)."""
    return 100.0 * np.clip((x - lower) / (upper - lower), 0.0, 1.0)


def lateness(days: Array, *, maximum_days: float) -> Array:
    """100 x max(0, 1 - days / maximum); days before the due date count as punctual."""
    return 100.0 * np.clip(1.0 - days / maximum_days, 0.0, 1.0)


def attainment(x: Array, target: Array, *, zero_at: Array, higher: NDArray[np.bool_]) -> Array:
    """Attainment of a target T.

    More is better: 100 x min(1, x / T), never below 0. Less is better: 100 if x <= T, else 100 x max(0, 1 - (x - T) / (X0 - T)),
    where X0 (`zero_at`) is the value at which the score reaches 0. Where the formula has no meaning (T <= 0 for more is
    better, X0 <= T for less is better) the target is either met (100) or not (0).

    Source: 财预〔2020〕10号, quantitative indicators: met gives full points, unmet points in proportion of actual to target.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        rising = np.where(target > 0, np.clip(x / target, 0.0, 1.0), x >= target)
        falling = np.where(x <= target, 1.0, np.where(zero_at > target, 1.0 - (x - target) / (zero_at - target), 0.0))
    return 100.0 * np.where(higher, rising, np.maximum(falling, 0.0))


def over_attained(x: Array, target: Array, *, higher: NDArray[np.bool_], ratio: float) -> NDArray[np.bool_]:
    """Whether a "more is better" target was exceeded by more than `ratio` (1.30): was it set too low?

    Source: 财预〔2020〕10号; far over the target (more than 30 %) has to be explained.
    """
    return higher & (target > 0) & (x > ratio * target)


def baseline(x: Array, previous: Array, *, scale: Array, higher: NDArray[np.bool_], level: Array) -> Array:
    """The better of the level and the change against before: max(level, 50 + 50 x clip(d / scale, -1, 1)).

    `d` is the change in the good direction, `scale` the change that earns 100. Where `previous` is NaN (first contract) the
    level alone counts; where `scale` is 0 any change counts in full.

    Source: quality compared with before, so that holding an excellent level is not punished.
    """
    change = np.where(higher, x - previous, previous - x)
    with np.errstate(divide="ignore", invalid="ignore"):
        moved = np.where(scale > 0, np.clip(change / scale, -1.0, 1.0), np.sign(change))
    return np.where(np.isnan(previous), level, np.maximum(level, 50.0 + 50.0 * moved))
