"""Design-based means, ratios and totals with Taylor variance: strata, one stage of clusters, finite populations.

Sources: Cochran, Sampling Techniques, 3rd edition (1977), chapters 5, 6 and 11; Wolter, Introduction to Variance
Estimation, 2nd edition (2007), chapter 6; the linearisation and the degrees of freedom are those of R's `survey`.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

__all__ = ["Design", "LonelyClusterError", "MeanEstimate", "collapse_lonely_strata", "mean", "ratio", "total"]

Floats = npt.NDArray[np.float64]
Codes = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]


class LonelyClusterError(ValueError):
    """A stratum has a single sampling unit, so that its variance cannot be estimated."""

    def __init__(self, stratum: int) -> None:
        super().__init__(f"stratum {stratum} has a single sampling unit; collapse it with another stratum first")
        self.stratum = stratum


@dataclass(frozen=True, slots=True, kw_only=True)
class Design:
    """How the n answers were sampled.

    Arguments:
        weights: n final weights (how many of the population an answer stands for).
        strata: n stratum codes 0..H-1.
        clusters: n codes of the primary sampling units, unique across strata; None when each answer is its own unit.
        population: H counts of the primary sampling units in the population, for the finite population correction;
            None leaves the correction out.
    """

    weights: Floats
    strata: Codes
    clusters: Codes | None = None
    population: Floats | None = None

    def __post_init__(self) -> None:
        if not (self.weights.ndim == 1 and self.weights.shape == self.strata.shape):
            raise ValueError("weights and strata must be vectors of the same length")
        if self.clusters is not None and self.clusters.shape != self.strata.shape:
            raise ValueError("clusters must be a vector of the same length as strata")
        if self.population is not None and self.strata.size and int(self.strata.max()) >= self.population.size:
            raise ValueError("population must have a count for every stratum")


@dataclass(frozen=True, slots=True, kw_only=True)
class MeanEstimate:
    """An estimate with its design-based variance.

    `n` counts the answers of the domain, `df` the primary sampling units less the strata that have any in the domain,
    and `deff` is the design effect against simple random sampling without replacement (null when undefined).
    """

    estimate: float
    variance: float
    n: int
    df: int
    deff: float | None

    @property
    def se(self) -> float:
        """Standard error, in the units of the estimate."""
        return float(np.sqrt(self.variance))


def mean(values: Floats, design: Design, *, domain: Flags | None = None) -> MeanEstimate:
    """Weighted mean of `values` over a domain.

    m = sum(w y) / sum(w) inside the domain, linearised as z = w (y - m) / sum(w), 0 outside. Missing values (NaN) are
    outside the domain: item non-response and sub-groups are domains, the design is never subset.

    Raises:
        ValueError: the domain has no answers.
        LonelyClusterError: a stratum has one sampling unit only.
    """
    return ratio(values, np.ones_like(values), design, domain=domain)


def ratio(numerator: Floats, denominator: Floats, design: Design, *, domain: Flags | None = None) -> MeanEstimate:
    """Ratio of two weighted totals, R = sum(w y) / sum(w x), over a domain.

    Linearised as z = w (y - R x) / sum(w x). The design effect is given for means only (x = 1).

    Raises:
        ValueError: the domain has no answers or its denominator is zero.
        LonelyClusterError: a stratum has one sampling unit only.
    """
    inside = _inside(numerator, denominator, domain=domain)
    weights = np.where(inside, design.weights, 0.0)
    top, bottom = np.where(inside, numerator, 0.0), np.where(inside, denominator, 0.0)
    size = float(weights @ bottom)
    if not inside.any() or size == 0.0:
        raise ValueError("the domain has no answers")
    estimate = float(weights @ top) / size
    scores = weights * (top - estimate * bottom) / size
    variance = _variance(scores, design)
    deff = _deff(top, weights, inside, estimate=estimate, variance=variance) if np.all(bottom[inside] == 1.0) else None
    return MeanEstimate(
        estimate=estimate, variance=variance, n=int(inside.sum()), df=_degrees(design, inside=inside), deff=deff
    )


def total(values: Floats, design: Design, *, domain: Flags | None = None) -> MeanEstimate:
    """Weighted total T = sum(w y) over a domain, linearised as z = w y. The design effect is not given.

    Raises:
        LonelyClusterError: a stratum has one sampling unit only.
    """
    inside = _inside(values, domain=domain)
    scores = np.where(inside, design.weights * np.where(inside, values, 0.0), 0.0)
    return MeanEstimate(
        estimate=float(scores.sum()),
        variance=_variance(scores, design),
        n=int(inside.sum()),
        df=_degrees(design, inside=inside),
        deff=None,
    )


def collapse_lonely_strata(design: Design) -> tuple[Design, tuple[int, ...]]:
    """Merge every stratum that has a single sampling unit with its neighbour, for the variance only.

    Weights stay as they are. Returns the design and the codes of the strata that were merged away, which the caller has
    to report. Source: Cochran (1977), section 5A.12 (collapsed strata). A design with one unit in all stays as it is.
    """
    strata = design.strata.copy()
    population = None if design.population is None else design.population.copy()
    clusters = np.arange(strata.size) if design.clusters is None else design.clusters
    merged: list[int] = []
    while True:
        codes = np.unique(strata)
        lonely = [int(code) for code in codes if np.unique(clusters[strata == code]).size == 1]
        if not lonely or codes.size == 1:
            break
        code = lonely[0]
        position = int(np.searchsorted(codes, code))
        neighbour = int(codes[position + 1] if position == 0 else codes[position - 1])
        strata[strata == code] = neighbour
        if population is not None:
            population[neighbour] += population[code]
            population[code] = 0.0
        merged.append(code)
    if not merged:
        return design, ()
    collapsed = Design(weights=design.weights, strata=strata, clusters=design.clusters, population=population)
    return collapsed, tuple(sorted(merged))


def _inside(*columns: Floats, domain: Flags | None) -> Flags:
    inside = np.ones(columns[0].shape, dtype=np.bool_) if domain is None else domain.copy()
    for column in columns:
        inside &= ~np.isnan(column)
    return inside


def _variance(scores: Floats, design: Design) -> float:
    """V = sum over strata of (1 - n_h/N_h) n_h/(n_h - 1) sum over units of (z_hj - mean z_h)^2."""
    variance = 0.0
    for code in np.unique(design.strata):
        members = design.strata == code
        totals = scores[members]
        if design.clusters is not None:
            _, unit = np.unique(design.clusters[members], return_inverse=True)
            totals = np.bincount(unit, weights=totals)
        units = totals.size
        correction = 1.0 if design.population is None else max(0.0, 1.0 - units / float(design.population[code]))
        if correction == 0.0:
            continue
        if units == 1:
            raise LonelyClusterError(int(code))
        deviations = totals - totals.mean()
        variance += correction * units / (units - 1) * float(deviations @ deviations)
    return variance


def _degrees(design: Design, *, inside: Flags) -> int:
    strata = np.unique(design.strata[inside]).size
    units = int(inside.sum()) if design.clusters is None else np.unique(design.clusters[inside]).size
    return units - strata


def _deff(values: Floats, weights: Floats, inside: Flags, *, estimate: float, variance: float) -> float | None:
    """V / ((1 - n/N) S^2 / n) with S^2 = n/(n-1) sum(w (y - m)^2) / sum(w), and N = sum(w)."""
    n, size = int(inside.sum()), float(weights.sum())
    if n < 2:
        return None
    spread = n / (n - 1) * float(weights @ (values - estimate) ** 2) / size
    simple = (1.0 - n / size) * spread / n
    return variance / simple if simple > 0.0 else None
