"""Normalisers: raw values to scores of 0-100. All are elementwise, so one contract and a batch give the same bits.

Formulas: the forms of the OECD/JRC handbook with parameters frozen in the framework version; see each docstring.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

__all__ = ["SHARE", "TIER", "attainment", "baseline", "goalposts", "lateness", "over_attained"]

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


def goalposts(x: Array, *, lower: Array, upper: Array) -> Array:
    """100 x clip((x - L) / (U - L), 0, 1); "less is better" has its goalposts swapped (L > U)."""
    return 100.0 * _unit((x - lower) / (upper - lower))


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
