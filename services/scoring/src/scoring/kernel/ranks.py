"""Ranks with their uncertainty: where a unit may stand, instead of where its point estimate happens to fall."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

__all__ = ["DRAWS", "HALF_WIDTH", "OVERLAP_LIMIT", "Ranks", "interval", "median_overlap", "rank_intervals"]

Floats = NDArray[np.float64]
Counts = NDArray[np.int64]

DRAWS: Final = 4000
"""The Monte Carlo standard error of a probability is at most 0.5 / sqrt(4000), 0.8 per cent points."""

HALF_WIDTH: Final = 1.39
"""Intervals of +- 1.39 standard errors do not overlap where a difference of two independent means is significant at
5 %, about. Source: Goldstein & Healy, JRSS A 158 (1995) 175-177."""

OVERLAP_LIMIT: Final = 0.5
"""No league table when the median pairwise overlap is above this."""

_LEVEL: Final = 0.90


@dataclass(frozen=True, slots=True)
class Ranks:
    """Rank 1 is the highest value."""

    low: Counts
    """The better end of the 90 % interval."""
    high: Counts
    """The worse end."""
    median: Floats
    top_quartile: Floats
    """P(among the best quarter), 0-1."""
    separable: bool
    """Whether a league table may be shown: the median pairwise overlap is at most one half."""
    overlap: float


def rank_intervals(estimate: Floats, error: Floats, *, seed: int, draws: int = DRAWS) -> Ranks:
    """90 % intervals of the ranks of k units and their chances to be in the best quarter.

    `error` are standard errors (of shrunken estimates: posterior standard deviations). Draws are normal and
    independent, from a Philox generator seeded by `seed`: the same inputs give the same answer.
    Source: Goldstein & Spiegelhalter, JRSS A 159 (1996) 385-443.
    """
    k = len(estimate)
    generator = np.random.Generator(np.random.Philox(seed))
    ranks = np.empty((draws, k), dtype=np.int32)
    places = np.arange(1, k + 1, dtype=np.int32)
    for row in ranks:
        order = np.argsort(-(estimate + error * generator.standard_normal(k)), kind="stable")
        row[order] = places
    tail = (1 - _LEVEL) / 2
    low, median, high = np.quantile(ranks, [tail, 0.5, 1 - tail], axis=0, method="inverted_cdf")
    overlap = median_overlap(estimate, error)
    return Ranks(
        low=low.astype(np.int64),
        high=high.astype(np.int64),
        median=median.astype(np.float64),
        top_quartile=np.mean(ranks <= max(1, k // 4), axis=0),
        separable=overlap <= OVERLAP_LIMIT,
        overlap=overlap,
    )


def median_overlap(estimate: Floats, error: Floats) -> float:
    """Median over all pairs of the overlap of their +- 1.39 SE intervals, 0-1; 0 for a single unit.

    The overlap of a pair is the length that both intervals share over the length of the shorter one (the product's own
    choice; the stricter of the usual definitions: an interval inside another overlaps it wholly).
    """
    if len(estimate) < 2:
        return 0.0
    half = HALF_WIDTH * error
    first, second = np.triu_indices(len(estimate), 1)
    shared = np.minimum(estimate + half, (estimate + half)[:, None]) - np.maximum(
        estimate - half, (estimate - half)[:, None]
    )
    shorter = 2 * np.minimum(half, half[:, None])
    pairs, lengths = shared[first, second], shorter[first, second]
    exact = lengths <= 0
    overlap = np.clip(pairs, 0.0, None) / np.where(exact, 1.0, lengths)
    return float(np.median(np.where(exact, pairs >= 0, overlap)))


def interval(estimate: Floats, error: Floats, *, level: float = 0.95) -> tuple[Floats, Floats]:
    """Normal interval of estimates."""
    half = float(ndtri(0.5 + level / 2)) * error
    return estimate - half, estimate + half
