"""Internal consistency of a battery of items."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

__all__ = ["ALPHA_FOR_INDEX", "Reliability", "cronbach_alpha", "reliability"]

Floats = npt.NDArray[np.float64]

ALPHA_FOR_INDEX = 0.70  # an index of several items is published from here on; a convention (Nunnally 1978)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reliability:
    """Cronbach's alpha from covariances and from correlations, and per item what it adds.

    `n` are complete cases, or the cases with any answer when pairs were used. `item_rest` is the correlation of an item
    with the sum of the others, null with pairwise covariances.
    """

    n: int
    alpha: float
    standardised: float
    item_rest: tuple[float, ...] | None
    if_dropped: tuple[float, ...] | None


def cronbach_alpha(items: Floats) -> float:
    """Internal consistency of k items, given as an n x k table of complete cases.

    alpha = k/(k-1) (1 - sum of item variances / variance of the sum). Source: Cronbach, Psychometrika 16 (1951)
    297-334.

    Raises:
        ValueError: fewer than two items or two cases, or the sum never varies.
    """
    return reliability(items).alpha


def reliability(items: Floats, *, pairwise: bool = False) -> Reliability:
    """Alpha of an n x k table (NaN = missing) from complete cases, or from pairwise covariances.

    The items must point the same way: turn reversed ones round first. Sources: Cronbach (1951), see `cronbach_alpha`;
    the standardised alpha k r / (1 + (k - 1) r) of the mean correlation r and the pairwise form are those of R's
    `psych::alpha`.

    Raises:
        ValueError: fewer than two items or two cases, or the sum never varies.
    """
    count = items.shape[1]
    whole = ~np.isnan(items).any(axis=1)
    cases = items if pairwise else items[whole]
    if count < 2 or cases.shape[0] < 2:
        raise ValueError("alpha needs at least two items and two cases")
    covariance, correlation = _pairwise(cases) if pairwise else _complete(cases)
    if float(covariance.sum()) <= 0.0:
        raise ValueError("the sum of the items does not vary")
    r = float((correlation.sum() - np.trace(correlation)) / (count * (count - 1)))
    complete = not pairwise and count > 2
    return Reliability(
        n=int(cases.shape[0]),
        alpha=_alpha(covariance),
        standardised=count * r / (1.0 + (count - 1) * r),
        item_rest=tuple(_item_rest(covariance, item) for item in range(count)) if complete else None,
        if_dropped=tuple(_alpha(_without(covariance, item)) for item in range(count)) if complete else None,
    )


def _alpha(covariance: Floats) -> float:
    count, whole = covariance.shape[0], float(covariance.sum())
    if whole <= 0.0:
        return float("nan")
    return float(count / (count - 1) * (1.0 - float(np.trace(covariance)) / whole))


def _without(covariance: Floats, item: int) -> Floats:
    return np.delete(np.delete(covariance, item, axis=0), item, axis=1)


def _item_rest(covariance: Floats, item: int) -> float:
    """Correlation with the sum of the others, from the covariances alone."""
    own = float(covariance[item, item])
    rest = float(_without(covariance, item).sum())
    shared = float(covariance[item].sum()) - own
    return shared / float(np.sqrt(own * rest)) if own > 0.0 and rest > 0.0 else float("nan")


def _complete(items: Floats) -> tuple[Floats, Floats]:
    covariance = np.cov(items, rowvar=False)
    return covariance, _correlation(covariance)


def _correlation(covariance: Floats) -> Floats:
    spread = np.sqrt(np.diag(covariance))
    both = np.outer(spread, spread)
    # An item that never varies has no correlation with the others.
    return np.asarray(np.divide(covariance, both, out=np.zeros_like(both), where=both > 0.0), dtype=np.float64)


def _pairwise(items: Floats) -> tuple[Floats, Floats]:
    """Covariance and correlation of each pair of items from the cases that answered both."""
    count = items.shape[1]
    covariance, correlation = np.empty((count, count)), np.empty((count, count))
    for first in range(count):
        for second in range(first, count):
            both = ~np.isnan(items[:, first]) & ~np.isnan(items[:, second])
            pair = np.cov(items[both, first], items[both, second])
            covariance[first, second] = covariance[second, first] = pair[0, 1]
            correlation[first, second] = correlation[second, first] = _correlation(pair)[0, 1]
    return covariance, correlation
