"""Power means, and what each part of one earned and lost.

Every function goes row by row over contiguous memory and adds in a fixed order: see `scoring.kernel.aggregate`.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

__all__ = ["FLOOR", "attribute", "mean_of"]

Array = NDArray[np.float64]

FLOOR: Final = 1.0
"""Lowest value that enters a mean with p <= 0, where a single 0 would make everything 0."""

_KNOTS, _PARTS = np.polynomial.legendre.leggauss(16)
_PATH: Final = tuple(zip((0.5 * (_KNOTS + 1.0)).tolist(), (0.5 * _PARTS).tolist(), strict=True))
"""Gauss-Legendre knots and weights on [0, 1]."""


def _raised(row: Array, exponent: float) -> Array:
    """f(x): x^p, or ln x for p = 0. The exponents that matter need no `pow`."""
    if exponent == -1.0:
        return 1.0 / row
    if exponent == 0.0:
        return np.log(row)
    if exponent == 1.0:
        return row
    if exponent == 2.0:
        return row * row
    return np.power(row, exponent)


def _lowered(row: Array, exponent: float) -> Array:
    """The inverse of `_raised`."""
    if exponent == -1.0:
        return 1.0 / row
    if exponent == 0.0:
        return np.exp(row)
    if exponent == 1.0:
        return row
    if exponent == 2.0:
        return np.sqrt(row)
    return np.power(row, 1.0 / exponent)


def _entering(row: Array, exponent: float) -> Array:
    """The value that enters the mean, contiguous."""
    return np.maximum(row, FLOOR) if exponent <= 0.0 else np.ascontiguousarray(row)


def mean_of(values: Array, shares: Array, exponent: float) -> Array:
    """(batch): the power mean of the rows of `values` with `shares` that sum to 1 in each column (0: not present).

    Source: M_p = (sum(w s^p) / sum(w))^(1/p); p = 0: exp(sum(w ln s) / sum(w)); s is at least 1 where p <= 0. A column
    without any share gives a number without meaning.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        total = shares[0] * _raised(_entering(values[0], exponent), exponent)
        for row in range(1, len(values)):
            total = total + shares[row] * _raised(_entering(values[row], exponent), exponent)
        return _lowered(total, exponent)


def attribute(
    leaves: int, parents: tuple[tuple[int, ...], ...], exponents: tuple[float, ...], value: Array, shares: Array
) -> tuple[Array, Array]:
    """Points that each leaf earned (sum: the root's value) and lost (sum: 100 - the root's value), (leaves, batch).

    Node by node from the root: what a node earned is divided as w s^p / sum(w s^p), what it lost by the integral of
    each child's marginal effect along the straight line from the values at hand to 100. Both are Aumann-Shapley values
    of the node's mean (the first along the ray from 0, where a power mean's gradient is constant), which for p = 1 are
    w s and w (100 - s).

    Source: Aumann and Shapley 1974; Sundararajan, Taly and Yan 2017 (integrated gradients).
    """
    earned, lost = np.zeros_like(value), np.zeros_like(value)
    earned[-1], lost[-1] = value[-1], 100.0 - value[-1]
    for number in range(len(parents) - 1, -1, -1):
        node, children, exponent = leaves + number, parents[number], exponents[number]
        gains, losses = _divided([value[child] for child in children], [shares[child] for child in children], exponent)
        for child, gain, loss in zip(children, gains, losses, strict=True):
            earned[child] = earned[node] * gain
            lost[child] = lost[node] * loss
    return earned[:leaves], lost[:leaves]


def _divided(values: list[Array], shares: list[Array], exponent: float) -> tuple[list[Array], list[Array]]:
    """Each child's part of what the node earned and of what it lost; each sums to 1, or is its share where all is 0."""
    entering = [_entering(value, exponent) for value in values]
    raised = [
        share * (1.0 if exponent == 0.0 else _raised(value, exponent))
        for value, share in zip(entering, shares, strict=True)
    ]
    if exponent == 1.0:
        paths = [share * (100.0 - value) for value, share in zip(values, shares, strict=True)]
    else:
        paths = [np.zeros_like(value) for value in values]
        for knot, part in _PATH:
            moved = [value + knot * (100.0 - value) for value in entering]
            slopes = [
                share * (1.0 / value if exponent == 0.0 else _raised(value, exponent) / value)
                for value, share in zip(moved, shares, strict=True)
            ]
            # The common factor M^(1 - p) changes along the path.
            level = mean_of(np.array(moved), np.array(shares), exponent)
            common = level if exponent == 0.0 else level / np.maximum(_raised(level, exponent), 1e-300)
            common = np.where(np.isfinite(common), common, 0.0)  # no share at all: a mean without meaning
            for number, (slope, value) in enumerate(zip(slopes, entering, strict=True)):
                paths[number] += part * slope * common * (100.0 - value)
    return _parts(raised, shares), _parts(paths, shares)


def _parts(amounts: list[Array], shares: list[Array]) -> list[Array]:
    total = amounts[0].copy()
    for amount in amounts[1:]:
        total = total + amount
    some = total > 0.0
    divisor = np.where(some, total, 1.0)
    return [np.where(some, amount / divisor, share) for amount, share in zip(amounts, shares, strict=True)]
