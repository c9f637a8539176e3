"""How well the comparisons do what they promise, on simulated providers and regions whose truth is known.

`python -m tests.bench.comparisons_quality` prints the table of docs/comparisons.md; a small run of it is a test.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from scoring.kernel import equity, funnel, ranks, shrinkage

__all__ = ["Quality", "simulate"]

Floats = npt.NDArray[np.float64]

PROVIDERS: Final = 60
REGIONS: Final = 12
TRUE_SD: Final = 6.0
"""Between providers, points."""
CONTRACT_SD: Final = 8.0
"""Between contracts of one provider."""
MEASURED: Final = 2.5
"""Standard error of one determined sub-score."""


@dataclass(frozen=True, slots=True)
class Quality:
    """Means over the replicates; errors in points, the rest shares."""

    raw_rmse: float
    shrunken_rmse: float
    interval_coverage: float
    """Truth inside the 95 % interval of the track record."""
    rank_coverage: float
    """True rank inside the 90 % interval."""
    best_promised: float
    """Mean P(top quarter) of those with P >= 0.8 ..."""
    best_kept: float
    """... and how many of them truly belong to it."""
    alarms_plain: float
    """Ordinary providers outside the 99.8 % limits without the spread that is usual among peers."""
    alarms: float
    """The same with it."""
    outlier_found: float
    """A provider 30 points below, with six contracts, outside the 99.8 % limits."""
    equal_raw_sd: float
    """Regions that do not differ: standard deviation of their means ..."""
    equal_adjusted_sd: float
    """... and what is left of it after the errors."""


def simulate(replicates: int, *, seed: int = 20261123) -> Quality:
    """Draw providers, contracts and regions anew `replicates` times."""
    generator = np.random.default_rng(seed)
    rows = [_providers(generator) + _funnels(generator) + _regions(generator) for _ in range(replicates)]
    with np.errstate(invalid="ignore"):
        means = np.nanmean(np.array(rows), axis=0)
    squares = {0, 1, 9, 10}  # errors are averaged as squares
    return Quality(*(float(np.sqrt(value)) if place in squares else float(value) for place, value in enumerate(means)))


def _contracts(generator: np.random.Generator, truth: Floats, count: npt.NDArray[np.int64]) -> shrinkage.Means:
    units = np.repeat(np.arange(len(truth)), count)
    spread = np.hypot(CONTRACT_SD, MEASURED)
    scores = truth[units] + generator.normal(0, spread, len(units))
    return shrinkage.means_of(scores, np.full(len(units), MEASURED), units, np.zeros(len(units)))


def _providers(generator: np.random.Generator) -> tuple[float, ...]:
    truth = generator.normal(75, TRUE_SD, PROVIDERS)
    means = _contracts(generator, truth, 1 + generator.poisson(2.0, PROVIDERS))
    found = shrinkage.shrink(means.mean, means.variance)
    error = np.sqrt(found.variance)
    low, high = ranks.interval(found.estimate, error)
    placed = ranks.rank_intervals(found.estimate, error, seed=int(generator.integers(2**32)), draws=500)
    true_rank = (-truth).argsort().argsort() + 1
    sure = placed.top_quartile >= 0.8
    nothing = float("nan")
    return (
        float(np.mean((means.mean - truth) ** 2)),
        float(np.mean((found.estimate - truth) ** 2)),
        float(np.mean((truth >= low) & (truth <= high))),
        float(np.mean((true_rank >= placed.low) & (true_rank <= placed.high))),
        float(np.mean(placed.top_quartile[sure])) if sure.any() else nothing,
        float(np.mean(true_rank[sure] <= PROVIDERS // 4)) if sure.any() else nothing,
    )


def _funnels(generator: np.random.Generator) -> tuple[float, ...]:
    truth = generator.normal(75, TRUE_SD, PROVIDERS)
    count = 1 + generator.poisson(5.0, PROVIDERS)
    truth[0], count[0] = 45.0, 6
    means = _contracts(generator, truth, count)
    error = np.sqrt(means.variance)
    found = funnel.mean_funnel(means.mean, error)
    outside = np.array([verdict == "alarm" for verdict in found.verdicts()])
    plain = np.abs(means.mean - found.target) / error > 3.090232
    return float(np.mean(plain[1:])), float(np.mean(outside[1:])), float(outside[0])


def _regions(generator: np.random.Generator) -> tuple[float, float]:
    means = _contracts(generator, np.full(REGIONS, 75.0), 1 + generator.poisson(4.0, REGIONS))
    gaps = equity.score_gaps(means.mean, np.sqrt(means.variance))
    return gaps.raw_variance, gaps.adjusted_variance


if __name__ == "__main__":
    quality = simulate(1000)
    for name in Quality.__dataclass_fields__:
        print(f"{name:20} {getattr(quality, name):.3f}")  # noqa: T201 - the table is what it is for
