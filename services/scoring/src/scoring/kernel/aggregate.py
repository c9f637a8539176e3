"""Weighted power means up a tree, for any number of contracts at once.

Sums run over the children one by one in a fixed order and elementwise over the contracts: a batch gives each contract
the same bits as a batch of one. A matrix product does not (it differs in the last places in more than half of the
rows), and neither does a reduction along an axis, whose order depends on the shape. Roots and logarithms are taken row
by row over contiguous memory, where numpy uses one routine whatever the length.
"""

from dataclasses import dataclass, field, fields
from typing import Final

import numpy as np
from numpy.typing import NDArray

from scoring.kernel.means import attribute, mean_of

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
_BLOCK: Final = 2048
"""Contracts at once: the nodes of a block stay in the processor's cache."""


@dataclass(frozen=True, slots=True)
class Tree:
    """Nodes 0 .. leaves - 1 are leaves; `parents[k]` holds the children of node leaves + k; the last node is the root.

    Children come before their parents. `exponents[k]` is p of that parent's power mean: 1 arithmetic, 0 geometric, -1
    harmonic.
    """

    leaves: int
    parents: tuple[tuple[int, ...], ...]
    exponents: tuple[float, ...] = ()
    places: tuple[slice | list[int], ...] = field(init=False)
    """The children of each parent as an index: a slice where they stand side by side, which copies nothing."""
    linear: bool = field(init=False)
    """Whether every mean is arithmetic."""

    def __post_init__(self) -> None:
        """Work the indices out once."""
        object.__setattr__(self, "places", tuple(_index(children) for children in self.parents))
        object.__setattr__(self, "exponents", self.exponents or (1.0,) * len(self.parents))
        object.__setattr__(self, "linear", all(exponent == 1.0 for exponent in self.exponents))

    @property
    def nodes(self) -> int:
        """Number of nodes, the root included."""
        return self.leaves + len(self.parents)


@dataclass(frozen=True, slots=True)
class Aggregate:
    """Result per contract (columns). Arrays may share memory: they are for reading."""

    nodes: Array
    """(nodes, batch): 0-100 per node, missing evidence as 0; the last row is the score."""
    uppers: Array
    """(nodes, batch): the same if all evidence that is held were 100."""
    covers: Array
    """(nodes, batch): share of the nominal weight with evidence, 0-1."""
    points: Array
    """(leaves, batch): what each leaf can earn by its weight, in points of the score; sums to 100."""
    nominal: Array
    """(leaves, batch): the same before any weight was shared out."""
    earned: Array | None
    """(leaves, batch): points that each leaf earned, summing to the score; None where all means are arithmetic, and
    `points` x score / 100 says it."""
    lost: Array | None
    """(leaves, batch): points that each leaf lost, summing to 100 - score; None likewise."""

    @property
    def score(self) -> Array:
        """(batch): the score. It is the lower bound too: what is held counts 0 in both."""
        score: Array = self.nodes[-1]
        return score

    @property
    def upper(self) -> Array:
        """(batch): the score if all evidence that is held were 100."""
        upper: Array = self.uppers[-1]
        return upper

    @property
    def coverage(self) -> Array:
        """(batch): share of the nominal weight with evidence, 0-1."""
        coverage: Array = self.covers[-1]
        return coverage


def aggregate(tree: Tree, leaves: Array, state: NDArray[np.int8], weight: Array) -> Aggregate:
    """Score all contracts of a batch.

    `leaves` (leaves, batch) holds 0-100 where `state` is EVIDENCE and anything elsewhere; `weight` (nodes - 1, batch)
    holds the weight of each node inside its parent, 0 for a node that the contract's stage does not assess; (nodes - 1,
    1) where all contracts have the same. A contract without a single node that counts gets NaN.

    Source: M_p = (sum(w s^p) / sum(w))^(1/p) over the children that are present, exp(sum(w ln s) / sum(w)) for p = 0, s
    at least 1 for p <= 0; coverage = sum(w present) / sum(w). OECD/JRC handbook on composite indicators, step 6.
    """
    batch = leaves.shape[1]
    if weight.shape[1] == 1 != batch:
        if tree.linear and not state.any():
            return _complete(tree, leaves, weight)
        weight = np.broadcast_to(weight, (weight.shape[0], batch))
    if batch <= _BLOCK:
        return _some(tree, leaves, state, weight)
    parts = [
        _some(tree, leaves[:, here], state[:, here], weight[:, here])
        for here in (slice(start, start + _BLOCK) for start in range(0, batch, _BLOCK))
    ]
    return Aggregate(*(_joined([getattr(part, each.name) for part in parts]) for each in fields(Aggregate)))


def _joined(arrays: list[Array | None]) -> Array:
    """The blocks side by side; None stays None (the caller's types say which may be)."""
    if arrays[0] is None:
        return None  # type: ignore[return-value]  # `earned` and `lost` only
    return np.concatenate(arrays, axis=1)  # type: ignore[arg-type]  # one part has none: all have none


def _some(tree: Tree, leaves: Array, state: NDArray[np.int8], weight: Array) -> Aggregate:
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
        _mean(value, upper, counts, shares, weight, node=node, place=place, exponent=tree.exponents[node - tree.leaves])
    nowhere = counts[-1, _EARNED] == 0
    value[-1, _EARNED, nowhere] = upper[-1, nowhere] = np.nan
    earned = lost = None
    if not tree.linear:
        earned, lost = attribute(tree.leaves, tree.parents, tree.exponents, value[:, _EARNED], shares[:, _EARNED])
    points = _downward(tree, shares)
    return Aggregate(
        nodes=value[:, _EARNED],
        uppers=upper,
        covers=value[:, _COVER],
        points=points[:, _EARNED],
        nominal=points[:, _COVER],
        earned=earned,
        lost=lost,
    )


def _mean(
    value: Array,
    upper: Array,
    counts: Array,
    shares: Array,
    weight: Array,
    *,
    node: int,
    place: slice | list[int],
    exponent: float,
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
    if exponent != 1.0:
        there = counts[node, _EARNED] > 0
        value[node, _EARNED] = np.where(there, mean_of(value[place, _EARNED], own[:, _EARNED], exponent), 0.0)
        upper[node] = np.where(there, mean_of(upper[place], own[:, _EARNED], exponent), 0.0)


def _downward(tree: Tree, shares: Array) -> Array:
    """Points of each leaf: 100 at the root, divided among the children by their shares."""
    shares[-1] = 100.0
    for node in range(tree.nodes - 1, tree.leaves - 1, -1):
        place = tree.places[node - tree.leaves]
        shares[place] *= shares[node]
    return shares[: tree.leaves]


def _complete(tree: Tree, leaves: Array, weight: Array) -> Aggregate:
    """The same bits where every leaf has evidence and all contracts have the same weights: one sum per node.

    Nothing is missing, so that the bounds are the score and the coverage is 1 wherever a weight lies.
    """
    batch = leaves.shape[1]
    nodes = np.empty((tree.nodes, batch))
    counts, shares, totals = np.ones((tree.nodes, 1)), np.zeros((tree.nodes, 1)), []
    for node, children in enumerate(tree.parents, tree.leaves):
        own = [float(weight[child, 0] * counts[child, 0]) for child in children]
        total = own[0]
        for each in own[1:]:
            total += each
        counts[node] = total > 0.0
        totals.append((own, max(total, _LEAST)))
        for child, each in zip(children, own, strict=True):
            shares[child] = each / totals[-1][1]
    nodes[: tree.leaves] = leaves
    term = np.empty(batch)
    for node, (children, (own, total)) in enumerate(zip(tree.parents, totals, strict=True), tree.leaves):
        mean = np.multiply(nodes[children[0]], own[0], out=nodes[node])
        for child, each in zip(children[1:], own[1:], strict=True):
            mean += np.multiply(nodes[child], each, out=term)
        mean /= total
    if not counts[-1, 0]:
        nodes[-1] = np.nan
    points = np.broadcast_to(_downward(tree, shares), (tree.leaves, batch))
    return Aggregate(nodes, nodes, np.broadcast_to(counts, nodes.shape), points, points, None, None)


def _index(children: tuple[int, ...]) -> slice | list[int]:
    """A slice where the children stand side by side (no copy), else their numbers."""
    first, last = children[0], children[-1]
    return slice(first, last + 1) if children == tuple(range(first, last + 1)) else list(children)
