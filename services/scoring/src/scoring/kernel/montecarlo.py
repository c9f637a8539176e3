"""Draws of one contract's score: each uncertain item of evidence from a substream of its own.

A substream is a Philox generator keyed by 128 bits that the caller derives from the evidence, so that the same evidence
gives the same draws whatever the framework, the order or the process: scores under two frameworks are compared under
common random numbers.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

import numpy as np
from numpy.typing import NDArray

from scoring.kernel.aggregate import ABSENT, EVIDENCE, REWEIGHT, Tree
from scoring.kernel.means import FLOOR, mean_of
from scoring.kernel.quantise import quantise

__all__ = ["DRAWS", "Summary", "Uncertain", "draw", "gradient", "linear", "propagate", "summarise"]

Array = NDArray[np.float64]

DRAWS: Final = 1000
"""Draws of every record; the standard error of a probability is at most .5 / sqrt(1000) = .016."""
_WIDTH: Final = 12.0**0.5
"""Width over standard deviation of a uniform distribution."""


@dataclass(frozen=True, slots=True)
class Uncertain:
    """A value with its distribution. `key` names its substream; values with one key move together."""

    key: int
    dist: str
    """normal, t (with `df`), beta or uniform."""
    value: float
    se: float
    df: float | None = None


def draw(items: Sequence[Uncertain], count: int = DRAWS) -> Array:
    """(items, count): draws of each value.

    normal: value + se z; t: value + se t_df; uniform: mean value, standard deviation se; beta: mean and standard
    deviation by moments on 0-1 (0-100 where the value is above 1), normal where no beta has them.
    """
    drawn = np.empty((len(items), count))
    spread, centre = np.empty((len(items), 1)), np.empty((len(items), 1))
    philox = np.random.Philox(key=0)
    random = np.random.Generator(philox)
    state = philox.state
    key, counter = state["state"]["key"], state["state"]["counter"]
    for place, (row, item) in enumerate(zip(drawn, items, strict=True)):
        key[0], key[1] = item.key & 0xFFFFFFFFFFFFFFFF, item.key >> 64
        counter[:] = 0
        philox.state = state  # the generator's documented way to start a substream, a fifth of the cost of a new one
        spread[place], centre[place] = item.se, item.value
        if item.dist == "normal":
            random.standard_normal(out=row)
        elif item.dist == "beta" and (shape := _beta(item)) is not None:
            row[:] = random.beta(shape[0], shape[1], count)
            spread[place], centre[place] = shape[2], 0.0
        elif item.dist == "t" and item.df is not None and item.df > 0.0:
            row[:] = random.standard_t(item.df, count)
        elif item.dist == "uniform":
            random.random(out=row)
            row[:] -= 0.5
            spread[place] *= _WIDTH
        else:
            random.standard_normal(out=row)
    drawn *= spread
    drawn += centre
    return drawn


def _beta(item: Uncertain) -> tuple[float, float, float] | None:
    """Both shapes and the scale, by moments; None where the moments are no beta's."""
    scale = 1.0 if item.value <= 1.0 else 100.0
    mean, variance = item.value / scale, (item.se / scale) ** 2
    if not 0.0 < mean < 1.0 or variance <= 0.0:
        return None
    size = mean * (1.0 - mean) / variance - 1.0
    return (mean * size, (1.0 - mean) * size, scale) if size > 0.0 else None


Value = float | Array


def propagate(
    tree: Tree,
    leaves: Sequence[Value],
    state: Sequence[int],
    weight: Sequence[float],
    *,
    exponents: Sequence[float] | None = None,
) -> list[Value | None]:
    """The value of every node of one contract; None for a node that does not count.

    `leaves` hold one number or an array of draws each; what does not vary is computed once. States do not vary.
    `exponents` try other means than the tree's own.
    """
    nodes: list[Value | None] = [
        None if each in {ABSENT, REWEIGHT} else (leaf if each == EVIDENCE else 0.0)
        for leaf, each in zip(leaves, state, strict=True)
    ]
    for children, exponent in zip(tree.parents, exponents or tree.exponents, strict=True):
        values = [
            (nodes[child], weight[child]) for child in children if nodes[child] is not None and weight[child] > 0.0
        ]
        nodes.append(_mean([(value, own) for value, own in values if value is not None], exponent))
    return nodes


def _mean(values: Sequence[tuple[Value, float]], exponent: float) -> Value | None:
    total = 0.0
    for _, own in values:
        total += own
    if total <= 0.0:
        return None
    if exponent != 1.0:
        if not any(isinstance(value, np.ndarray) for value, _ in values):
            return _fixed_mean([(float(value), own / total) for value, own in values], exponent)
        count = max((value.size for value, _ in values if isinstance(value, np.ndarray)), default=1)
        rows = np.array([np.broadcast_to(value, count) for value, _ in values])
        return mean_of(rows, np.array([[own / total] for _, own in values]), exponent)
    fixed, moving = 0.0, None
    for value, own in values:
        if not isinstance(value, np.ndarray):
            fixed += own * value
        elif moving is None:
            moving = value * own
        else:
            moving += value * own
    if moving is None:
        return fixed / total
    moving += fixed
    moving /= total
    return moving


def _fixed_mean(values: Sequence[tuple[float, float]], exponent: float) -> float:
    """`mean_of` for plain numbers, without numpy's cost per call."""
    if exponent == 0.0:
        return math.exp(sum(share * math.log(max(value, FLOOR)) for value, share in values))
    floor = FLOOR if exponent < 0.0 else 0.0
    return math.pow(sum(share * math.pow(max(value, floor), exponent) for value, share in values), 1.0 / exponent)


def gradient(tree: Tree, state: Sequence[int], weight: Sequence[float]) -> list[float]:
    """Per node the points of the score per point of the node, for a tree of arithmetic means."""
    counts = [each not in {ABSENT, REWEIGHT} for each in state]
    totals: list[float] = []
    for children in tree.parents:
        totals.append(sum(weight[child] for child in children if counts[child]))
        counts.append(totals[-1] > 0.0)
    slopes = [0.0] * tree.nodes
    slopes[-1] = 1.0
    for number in range(len(tree.parents) - 1, -1, -1):
        for child in tree.parents[number]:
            if counts[child] and totals[number] > 0.0:
                slopes[child] = slopes[tree.leaves + number] * weight[child] / totals[number]
    return slopes


def linear(point: float, slopes: Array, rows: Array, values: Array) -> Array:
    """(draws): the score of a tree of arithmetic means when `rows` (k, draws) move from their `values`.

    Rows are added one after the other, so that the bits do not depend on anything else.
    """
    moved: Array = (rows * slopes[:, None]).sum(axis=0)
    moved += point - float((values * slopes).sum())
    return moved


@dataclass(frozen=True, slots=True)
class Summary:
    """Draws of a score in short; micro-points and shares."""

    median: int
    low: int
    high: int
    """2.5 and 97.5 % quantiles."""
    probabilities: tuple[int, ...]
    """Draws per grade, highest grade first."""
    below: Mapping[str, int]
    """Draws in which each gate was crossed."""


def summarise(score: Array, minimums: Sequence[int], *, gates: Sequence[tuple[str, Array, int, int]] = ()) -> Summary:
    """Quantise the draws, cap them where a gate is crossed, and count.

    `gates` are (code, draws of the node, threshold and ceiling in micro-points). Quantiles lie between the neighbouring
    draws (Hyndman and Fan 1996, type 7).
    """
    micro = quantise(score)
    below: dict[str, int] = {}
    for code, node, threshold, ceiling in gates:
        crossed = quantise(node) < threshold
        below[code] = int(crossed.sum())
        micro = np.where(crossed, np.minimum(micro, ceiling), micro)
    ordered = np.sort(micro)
    reached = [len(ordered) - int(place) for place in np.searchsorted(ordered, np.asarray(minimums))]
    counts = [reached[0], *(later - former for former, later in pairwise(reached))]
    median, low, high = (_quantile(ordered, share) for share in (0.5, 0.025, 0.975))
    return Summary(median, low, high, probabilities=tuple(counts), below=below)


def _quantile(ordered: NDArray[np.int64], share: float) -> int:
    place = (len(ordered) - 1) * share
    left = int(place)
    right = min(left + 1, len(ordered) - 1)
    low, high = int(ordered[left]), int(ordered[right])
    return low + round((high - low) * (place - left))
