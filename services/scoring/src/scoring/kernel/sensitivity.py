"""Variance-based sensitivity: how much of an output's variance each input explains, alone and with all others."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import qmc

__all__ = ["Sensitivity", "estimate", "sample", "sobol"]

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Sensitivity:
    """Per input the share of the variance."""

    first: Array
    """Alone (first order)."""
    total: Array
    """With everything that it does together with others."""
    variance: float


def sample(inputs: int, size: int, *, seed: int) -> Array:
    """(size (inputs + 2), inputs) points in the unit cube in the order A, B, AB1, AB2, ...; `size` a power of two.

    A and B are halves of one scrambled Sobol sequence; ABi is A with column i of B. Source: Saltelli et al. 2010.
    """
    both = qmc.Sobol(2 * inputs, scramble=True, rng=np.random.Generator(np.random.Philox(seed))).random(size)
    a, b = both[:, :inputs], both[:, inputs:]
    blocks = [a, b]
    for column in range(inputs):
        mixed = a.copy()
        mixed[:, column] = b[:, column]
        blocks.append(mixed)
    return np.vstack(blocks)


def estimate(y: Array, inputs: int) -> Sensitivity:
    """Indices from the outputs of `sample`'s points.

    S_i = mean(f_B (f_ABi - f_A)) / V (Saltelli 2010), T_i = mean((f_A - f_ABi)^2) / (2 V) (Jansen 1999), V the n - 1
    variance over A and B together.
    """
    blocks = y.reshape(inputs + 2, -1)
    a, b, mixed = blocks[0], blocks[1], blocks[2:]
    variance = float(np.var(blocks[:2], ddof=1))
    return Sensitivity(
        first=np.asarray((b * (mixed - a)).mean(axis=1) / variance),
        total=np.asarray(((a - mixed) ** 2).mean(axis=1) / (2.0 * variance)),
        variance=variance,
    )


def sobol(function: Callable[[Array], Array], inputs: int, *, size: int = 1024, seed: int = 0) -> Sensitivity:
    """Indices of a function of points in the unit cube, one row per point."""
    return estimate(function(sample(inputs, size, seed=seed)), inputs)
