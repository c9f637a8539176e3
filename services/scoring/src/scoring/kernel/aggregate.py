"""Weighted arithmetic means up a tree, for any number of contracts at once.

Sums run over the children in a fixed order and elementwise over the contracts: a batch gives each contract the same bits
as a batch of one (a matrix product does not: it differs in the last places in more than half of the rows).
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

__all__ = ["ABSENT", "EVIDENCE", "HOLD", "REWEIGHT", "ZERO", "Aggregate", "Tree", "aggregate"]

Array = NDArray[np.float64]

EVIDENCE: Final = 0
"""The leaf has evidence."""
HOLD: Final = 1
"""Missing: 0 in the score, 0-100 in the bounds, no determination."""
ZERO: Final = 2
"""Missing because the accountable party failed to supply it: 0 everywhere."""
REWEIGHT: Final = 3
"""Missing by nature: removed, its weight is shared by its siblings."""
ABSENT: Final = 4
"""No leaf at all: the padding of a batch whose contracts have different numbers of indicators."""


@dataclass(frozen=True, slots=True)
class Tree:
    """Nodes 0 .. leaves - 1 are leaves; `parents[k]` holds the children of node leaves + k; the last node is the root.

    Children come before their parents.
    """

    leaves: int
    parents: tuple[tuple[int, ...], ...]

    @property
    def nodes(self) -> int:
        """Number of nodes, the root included."""
        return self.leaves + len(self.parents)


@dataclass(frozen=True, slots=True)
class Aggregate:
    """Result per contract (columns)."""

    nodes: Array
    """(nodes, batch): 0-100 per node, missing evidence as 0; the last row is the score."""
    upper: Array
    """(batch): the score if all evidence that is held were 100."""
    coverage: Array
    """(batch): share of the nominal weight with evidence, 0-1."""
    points: Array
    """(leaves, batch): what each leaf can earn, in points of the score; sums to 100."""
    nominal: Array
    """(leaves, batch): the same before any weight was shared out."""

    @property
    def score(self) -> Array:
        """(batch): the score. With arithmetic means it is the lower bound too: what is held counts 0 in both."""
        return self.nodes[-1]


def aggregate(tree: Tree, leaves: Array, state: NDArray[np.int8], weight: Array) -> Aggregate:
    """Score all contracts of a batch.

    `leaves` (leaves, batch) holds 0-100 where `state` is EVIDENCE and anything elsewhere; `weight` (nodes - 1, batch) holds
    the weight of each node inside its parent, 0 for a node that the contract's stage does not assess. A contract without
    a single node that counts gets NaN.

    Source: M_1 = sum(w s) / sum(w) over the children that are present, coverage = sum(w present) / sum(w).
    """
    batch = leaves.shape[1]
    has = state == EVIDENCE
    earned = np.zeros((tree.nodes, batch))
    upper = np.zeros_like(earned)
    cover = np.zeros_like(earned)
    count = np.ones_like(earned)  # 1.0 while a node counts, 0.0 once it is removed
    known = np.ones_like(earned)  # the same before anything is removed
    earned[: tree.leaves] = np.where(has, leaves, 0.0)
    upper[: tree.leaves] = np.where(state == HOLD, 100.0, earned[: tree.leaves])
    cover[: tree.leaves] = has
    known[: tree.leaves] = state != ABSENT
    count[: tree.leaves] = (state != ABSENT) & (state != REWEIGHT)
    totals = np.empty((len(tree.parents), batch))
    nominals = np.empty_like(totals)
    term = np.empty(batch)
    for position, children in enumerate(tree.parents):
        node = tree.leaves + position
        total, nominal = np.zeros(batch), np.zeros(batch)
        for child in children:
            effective = weight[child] * count[child]
            total += effective
            earned[node] += np.multiply(effective, earned[child], out=term)
            upper[node] += np.multiply(effective, upper[child], out=term)
            effective = weight[child] * known[child]
            nominal += effective
            cover[node] += np.multiply(effective, cover[child], out=term)
        count[node] = total > 0
        known[node] = nominal > 0
        totals[position] = np.where(total > 0, total, 1.0)
        nominals[position] = np.where(nominal > 0, nominal, 1.0)
        earned[node] /= totals[position]
        upper[node] /= totals[position]
        cover[node] /= nominals[position]
    nowhere = count[-1] == 0
    earned[-1][nowhere] = np.nan
    upper[-1][nowhere] = np.nan
    return Aggregate(
        nodes=earned,
        upper=upper[-1],
        coverage=cover[-1],
        points=_downward(tree, weight, count, totals),
        nominal=_downward(tree, weight, known, nominals),
    )


def _downward(tree: Tree, weight: Array, count: Array, totals: Array) -> Array:
    """Points of each leaf: 100 at the root, divided among the children by their weights."""
    points = np.zeros_like(count)
    points[-1] = 100.0
    for position in range(len(tree.parents) - 1, -1, -1):
        node = tree.leaves + position
        for child in tree.parents[position]:
            points[child] = points[node] * (weight[child] * count[child] / totals[position])
    return points[: tree.leaves]
