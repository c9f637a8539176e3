"""Variance from replicate weights: the jackknife over sampling units, and stored bootstrap replicates."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

__all__ = ["Replicated", "bootstrap", "jackknife", "jackknife_weights"]

Floats = npt.NDArray[np.float64]
Codes = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Replicated:
    """The estimate with the full weights, and the replicates' variance."""

    estimate: float
    variance: float
    replicates: int

    @property
    def se(self) -> float:
        """Standard error, in the units of the estimate."""
        return float(np.sqrt(self.variance))


def jackknife_weights(base: Floats, clusters: Codes) -> Floats:
    """JK1 weights (n x k): without sampling unit j, the others times k / (k - 1).

    Source: Wolter, Introduction to Variance Estimation (2007), chapter 4. For one stratum.

    Raises:
        ValueError: there are fewer than two sampling units.
    """
    codes, place = np.unique(clusters, return_inverse=True)
    if codes.size < 2:
        raise ValueError("the jackknife needs at least two sampling units")
    kept = place[:, np.newaxis] != np.arange(codes.size)
    return np.asarray(base[:, np.newaxis] * kept * (codes.size / (codes.size - 1)), dtype=np.float64)


def jackknife(
    statistic: Callable[[Floats], float],
    base: Floats,
    clusters: Codes,
    *,
    fraction: float = 0.0,
    reweight: Callable[[Floats], Floats] | None = None,
) -> Replicated:
    """JK1 variance of any statistic of the weights: V = (1 - f) (k - 1) / k sum over j of (t_j - mean t)^2.

    Arguments:
        statistic: the estimate as a function of n weights.
        base: n base weights.
        clusters: n codes of the k sampling units.
        fraction: f, share of the population's sampling units that were sampled; 0 leaves the correction out.
        reweight: makes final weights of base weights, such as raking; done anew in every replicate, because the error
            of the weighting belongs to the error of the estimate.

    Raises:
        ValueError: there are fewer than two sampling units.
        WeightingError: the weights of a replicate cannot be made.
    """
    weights = jackknife_weights(base, clusters)
    remake = reweight or _same
    found = np.array([statistic(remake(column)) for column in weights.T])
    count = found.size
    spread = float(((found - found.mean()) ** 2).sum())
    variance = (1.0 - fraction) * (count - 1) / count * spread
    return Replicated(estimate=statistic(remake(base)), variance=variance, replicates=count)


def _same(weights: Floats) -> Floats:
    return weights


def bootstrap(
    statistic: Callable[[Floats], float], weights: Floats, replicates: Floats, *, scale: float | None = None
) -> Replicated:
    """Variance from stored bootstrap weights (n x r): V = scale * sum of (t_j - mean t)^2.

    Source: Rao, Wu & Yue, Survey Methodology 18 (1992) 209-217.

    Arguments:
        statistic: the estimate as a function of n weights.
        weights: n full-sample weights.
        replicates: n x r stored weights.
        scale: of the sum of squares, as stored with the weights; None is 1 / (r - 1).

    Raises:
        ValueError: there are fewer than two replicates.
    """
    count = replicates.shape[1]
    if count < 2:
        raise ValueError("a variance needs at least two replicates")
    found = np.array([statistic(column) for column in replicates.T])
    factor = 1.0 / (count - 1) if scale is None else scale
    variance = factor * float(((found - found.mean()) ** 2).sum())
    return Replicated(estimate=statistic(weights), variance=variance, replicates=count)
