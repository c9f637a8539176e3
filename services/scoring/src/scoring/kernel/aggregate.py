"""Weighted arithmetic means up a tree, for any number of contracts at once.

Sums run over the children one by one in a fixed order and elementwise over the contracts: a batch gives each contract
the same bits as a batch of one. A matrix product does not (it differs in the last places in more than half of the
rows), and neither does a reduction along an axis, whose order depends on the shape.
"""

from dataclasses import dataclass, field
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

_EARNED, _COVER = 0, 1
_LEAST: Final = 1e-300
"""Below every weight."""


@dataclass(frozen=True, slots=True)
class Tree:
    """Nodes 0 .. leaves - 1 are leaves; `parents[k]` holds the children of node leaves + k; the last node is the root.

    Children come before their parents.
    """

    leaves: int
    parents: tuple[tuple[int, ...], ...]
    places: tuple[slice | list[int], ...] = field(init=False)
    """The children of each parent as an index: a slice where they stand side by side, which copies nothing."""

    def __post_init__(self) -> None:
        """Work the indices out once."""
        object.__setattr__(self, "places", tuple(_index(children) for children in self.parents))

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
        score: Array = self.nodes[-1]
        return score


def aggregate(tree: Tree, leaves: Array, state: NDArray[np.int8], weight: Array) -> Aggregate:
    """Score all contracts of a batch.

    `leaves` (leaves, batch) holds 0-100 where `state` is EVIDENCE and anything elsewhere; `weight` (nodes - 1, batch)
    holds the weight of each node inside its parent, 0 for a node that the contract's stage does not assess. A contract
    without a single node that counts gets NaN.

    Source: M_1 = sum(w s) / sum(w) over the children that are present, coverage = sum(w present) / sum(w).
    """
    batch = leaves.shape[1]
    value = np.zeros((tree.nodes, 2, batch))  # what is earned, and the coverage
    upper = np.zeros((tree.nodes, batch))
    counts = np.zeros((tree.nodes, 2, batch))  # 1 where a node counts: once weight is shared out, and before
    has, present = state == EVIDENCE, state != ABSENT
    np.copyto(value[: tree.leaves, _EARNED], leaves, where=has)
    value[: tree.leaves, _COVER] = has
    upper[: tree.leaves] = np.where(state == HOLD, 100.0, value[: tree.leaves, _EARNED])
    counts[: tree.leaves, _EARNED] = present & (state != REWEIGHT)
    counts[: tree.leaves, _COVER] = present
    shares = np.zeros_like(value)
    for node, place in enumerate(tree.places, tree.leaves):
        _mean(value, upper, counts, shares, weight, node=node, place=place)
    nowhere = counts[-1, _EARNED] == 0
    value[-1, _EARNED, nowhere] = upper[-1, nowhere] = np.nan
    points = _downward(tree, shares)
    return Aggregate(
        nodes=value[:, _EARNED],
        upper=upper[-1],
        coverage=value[-1, _COVER],
        points=points[:, _EARNED],
        nominal=points[:, _COVER],
    )


def _mean(
    value: Array, upper: Array, counts: Array, shares: Array, weight: Array, *, node: int, place: slice | list[int]
) -> None:
    """The node's means, whether it counts itself, and its children's shares of it.

    The upper bound has the weights of what is earned.
    """
    own = weight[place, None] * counts[place]
    terms = own * value[place]
    bounds = own[:, _EARNED] * upper[place]
    total, mean, bound = own[0].copy(), terms[0], bounds[0]
    for child in range(1, len(own)):
        total += own[child]
        mean += terms[child]
        bound += bounds[child]
    np.greater(total, 0.0, out=counts[node])
    np.maximum(total, _LEAST, out=total)  # where nothing counts: 0 / least is 0
    np.divide(mean, total, out=value[node])
    np.divide(bound, total[_EARNED], out=upper[node])
    shares[place] = np.divide(own, total, out=own)


def _downward(tree: Tree, shares: Array) -> Array:
    """Points of each leaf: 100 at the root, divided among the children by their shares."""
    shares[-1] = 100.0
    for node in range(tree.nodes - 1, tree.leaves - 1, -1):
        place = tree.places[node - tree.leaves]
        shares[place] *= shares[node]
    return shares[: tree.leaves]


def _index(children: tuple[int, ...]) -> slice | list[int]:
    """A slice where the children stand side by side (no copy), else their numbers."""
    first, last = children[0], children[-1]
    return slice(first, last + 1) if children == tuple(range(first, last + 1)) else list(children)
