"""From float64 results to the exact six-decimal figures that are hashed, compared and shown."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

__all__ = ["MICRO", "apportion", "grade_index", "quantise"]

MICRO: Final = 1_000_000
"""Micro-units in one unit: a quantised figure is an integer count of 1e-6."""

_TIE: Final = 1e-6
"""A value this close (in micro-units) to the middle of two micro-units is the middle: float sums may put an exact tie
on either side of it by some units of the last place (1e-8 at 100 points), and half-even needs to see the tie."""


def quantise(value: NDArray[np.float64]) -> NDArray[np.int64]:
    """Round `value` to whole micro-units, ties to even.

    Source: half-even quantisation to six decimals is the product's rule for every figure that is hashed, so that the
    same inputs give the same hash in the event path and in the bulk path.
    """
    scaled = value * MICRO
    middle = np.floor(scaled) + 0.5
    return np.rint(np.where(np.abs(scaled - middle) < _TIE, middle, scaled)).astype(np.int64)


def apportion(parts: NDArray[np.float64], total: NDArray[np.int64]) -> NDArray[np.int64]:
    """Whole micro-units per part, so that each column sums to exactly `total` (method of the largest remainder).

    `parts` is (parts, batch) in units, not negative; `total` is the quantised sum of each column. Ties go to the
    earlier part. A part of exactly 0 stays 0.
    """
    scaled = parts * MICRO
    floors = np.floor(scaled)
    units = floors.astype(np.int64)
    spare = total - units.sum(axis=0)
    order = np.argsort(floors - scaled, axis=0, kind="stable")
    rank = np.empty_like(order)
    np.put_along_axis(rank, order, np.arange(len(parts))[:, None], axis=0)
    units += rank < spare
    return units


def grade_index(quantised: NDArray[np.int64], minimums: NDArray[np.int64]) -> NDArray[np.int64]:
    """Position of the grade in `minimums` (micro-points, highest grade first, lower bound inclusive, last one 0).

    Source: 财预〔2020〕10号, bands [90, 100], [80, 90), [60, 80), [0, 60).
    """
    rising = minimums[::-1]
    return len(minimums) - np.searchsorted(rising, quantised, side="right").astype(np.int64)
