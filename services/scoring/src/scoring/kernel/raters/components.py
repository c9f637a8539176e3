"""What the design of a round allows: is it connected, and are its blocks linked well enough to compare them?

A random-effects fit returns numbers in any case. Where evaluators mark mostly cases of their own region, it takes a
true difference between regions for a difference in severity and wipes it out. So regions and categories ("blocks")
enter as fixed effects twice, as the case's and as the home of the evaluator, which only cases marked across blocks can
tell apart; how well they do is the standard error of the difference between blocks.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.sparse import csgraph

__all__ = [
    "ANCHORS",
    "CONTRAST_SE",
    "Design",
    "block_design",
    "components",
    "cross_marked",
    "random_design",
    "rater_homes",
]

Array = NDArray[np.float64]
Index = NDArray[np.intp]

CONTRAST_SE: Final = 2.0
"""Largest standard error of a difference between blocks, in points, at which calibration is offered."""
ANCHORS: Final = 5
"""Fewest cases marked across homes, or by everybody, when the assignment was not random."""


@dataclass(frozen=True, slots=True)
class Design:
    """The fixed part of the model: the columns of X, and which part of them is the unit's and which the rater's."""

    fixed: Array
    unit_fixed: Array
    rater_fixed: Array
    full_rank: bool
    """False: some block and some home are the same thing in these marks."""


def components(unit: Index, rater: Index) -> tuple[int, Index, Index]:
    """The connected parts of the graph of units and raters: how many, and the part of each unit and of each rater."""
    units, raters = int(unit.max()) + 1, int(rater.max()) + 1
    edges = sparse.coo_array((np.ones(len(unit)), (unit, units + rater)), shape=(units + raters,) * 2)
    number, label = csgraph.connected_components(edges, directed=False)
    return int(number), label[:units].astype(np.intp), label[units:].astype(np.intp)


def random_design(unit: Index, rater: Index) -> Design:
    """The mean alone: right where chance decided who marks what."""
    units, raters = int(unit.max()) + 1, int(rater.max()) + 1
    return Design(np.ones((len(unit), 1)), np.ones((units, 1)), np.zeros((raters, 1)), full_rank=True)


def rater_homes(unit: Index, rater: Index, level: Index, *, anchor: NDArray[np.bool_] | None = None) -> Index:
    """The block in which each rater marked most, anchors left out where there are other marks; the first of equals."""
    raters, levels = int(rater.max()) + 1, int(level.max()) + 1
    every = np.zeros((raters, levels))
    np.add.at(every, (rater, level[unit]), 1e-6)
    own = np.ones(len(unit), np.bool_) if anchor is None else ~anchor[unit]
    np.add.at(every, (rater[own], level[unit[own]]), 1.0)
    homes: Index = every.argmax(axis=1)
    return homes


def block_design(
    unit: Index, rater: Index, *, factors: Sequence[Index], anchor: NDArray[np.bool_] | None = None
) -> Design:
    """Blocks as fixed effects of the unit and of the rater's home; a factor is the level of each unit, from 0 on."""
    units, raters = int(unit.max()) + 1, int(rater.max()) + 1
    unit_columns, rater_columns = [np.ones((units, 1))], [np.zeros((raters, 1))]
    for level in factors:
        levels = int(level.max()) + 1
        unit_columns.append(np.eye(levels)[level][:, 1:])
        rater_columns.append(np.zeros((raters, levels - 1)))
    for level in factors:
        homes = rater_homes(unit, rater, level, anchor=anchor)
        present = np.unique(homes)[1:]
        dummies = (homes[:, None] == present).astype(np.float64)
        unit_columns.append(np.zeros((units, len(present))))
        rater_columns.append(dummies - dummies.mean(axis=0))
    unit_fixed, rater_fixed = np.hstack(unit_columns), np.hstack(rater_columns)
    fixed = unit_fixed[unit] + rater_fixed[rater]
    full = fixed.shape[1] < len(unit) and int(np.linalg.matrix_rank(fixed)) == fixed.shape[1]
    return Design(fixed, unit_fixed, rater_fixed, full_rank=full)


def cross_marked(
    unit: Index, rater: Index, *, factors: Sequence[Index], anchor: NDArray[np.bool_] | None = None
) -> int:
    """How many units have marks from raters of different homes, in some factor."""
    found = np.zeros(int(unit.max()) + 1, np.bool_)
    for level in factors:
        homes = rater_homes(unit, rater, level, anchor=anchor)[rater]
        low, high = np.full(len(found), np.iinfo(np.intp).max), np.full(len(found), -1)
        np.minimum.at(low, unit, homes)
        np.maximum.at(high, unit, homes)
        found |= low < high
    return int(found.sum())
