"""Design-based means, ratios and totals with Taylor variance: strata, one stage of clusters, finite populations.

Sources: Cochran, Sampling Techniques, 3rd edition (1977), chapters 5, 6 and 11; Wolter, Introduction to Variance
Estimation, 2nd edition (2007), chapter 6; the linearisation and the degrees of freedom are those of R's `survey`.
"""

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from surveys.kernel.calibration import Adjustment

__all__ = [
    "Design",
    "LonelyClusterError",
    "MeanEstimate",
    "collapse_lonely_strata",
    "degrees",
    "difference",
    "mean",
    "ratio",
    "scores_covariance",
    "scores_variance",
    "total",
]

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
        calibration: the regression behind calibrated weights (see `Calibration`); None for base weights. Without it the
            error of raked weights is overstated.
    """

    weights: Floats
    strata: Codes
    clusters: Codes | None = None
    population: Floats | None = None
    calibration: Adjustment | None = None

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

    m = sum(w y) / sum(w) inside the domain, linearised as u = (y - m) / sum(w), 0 outside. Missing values (NaN) are
    outside the domain: item non-response and sub-groups are domains, the design is never subset.

    Raises:
        ValueError: the domain has no answers.
        LonelyClusterError: a stratum has one sampling unit only.
    """
    return ratio(values, np.ones_like(values), design, domain=domain)


def ratio(numerator: Floats, denominator: Floats, design: Design, *, domain: Flags | None = None) -> MeanEstimate:
    """Ratio of two weighted totals, R = sum(w y) / sum(w x), over a domain.

    Linearised as u = (y - R x) / sum(w x). The design effect is given for means of uncalibrated weights only.

    Raises:
        ValueError: the domain has no answers or its denominator is zero.
        LonelyClusterError: a stratum has one sampling unit only.
    """
    inside = _inside(numerator, denominator, domain=domain)
    estimate, linear = _ratio(numerator, denominator, design.weights, inside)
    variance = scores_variance(linear, design)
    plain = design.calibration is None and bool(np.all(denominator[inside] == 1.0))
    deff = _deff(numerator, design.weights, inside, estimate=estimate, variance=variance) if plain else None
    return MeanEstimate(
        estimate=estimate, variance=variance, n=int(inside.sum()), df=degrees(design, inside=inside), deff=deff
    )


def total(values: Floats, design: Design, *, domain: Flags | None = None) -> MeanEstimate:
    """Weighted total T = sum(w y) over a domain, linearised as u = y.

    The design effect compares with a simple random sample of the same n from the same N, both as known.

    Raises:
        LonelyClusterError: a stratum has one sampling unit only.
    """
    inside = _inside(values, domain=domain)
    linear = np.where(inside, values, 0.0)
    estimate, variance = float(design.weights @ linear), scores_variance(linear, design)
    deff = None
    if design.calibration is None and inside.all():
        size = float(design.weights.sum())
        of_mean = _deff(values, design.weights, inside, estimate=estimate / size, variance=variance)
        deff = None if of_mean is None else of_mean / size**2
    return MeanEstimate(
        estimate=estimate, variance=variance, n=int(inside.sum()), df=degrees(design, inside=inside), deff=deff
    )


def difference(values: Floats, design: Design, *, one: Flags, other: Flags) -> MeanEstimate:
    """Mean of the domain `one` less the mean of the domain `other`, with their covariance.

    The degrees of freedom are one fewer than the design's, as in R's `svyttest`.

    Raises:
        ValueError: a domain has no answers.
        LonelyClusterError: a stratum has one sampling unit only.
    """
    ones = np.ones_like(values)
    first, second = _inside(values, domain=one), _inside(values, domain=other)
    left, left_scores = _ratio(values, ones, design.weights, first)
    right, right_scores = _ratio(values, ones, design.weights, second)
    return MeanEstimate(
        estimate=left - right,
        variance=scores_variance(left_scores - right_scores, design),
        n=int((first | second).sum()),
        df=degrees(design, inside=np.ones(values.shape, dtype=np.bool_)) - 1,
        deff=None,
    )


def collapse_lonely_strata(design: Design) -> tuple[Design, tuple[int, ...]]:
    """Merge every stratum that has a single sampling unit with its neighbour, for the variance only.

    Weights stay as they are. Returns the design and the codes of the strata that were merged away, which the caller has
    to report. Source: Cochran (1977), section 5A.12 (collapsed strata). A design with one unit in all stays as it is.
    """
    _, units = _units(design)
    count = np.bincount(units, minlength=int(design.strata.max(initial=-1)) + 1)
    population = None if design.population is None else design.population.copy()
    target = np.arange(count.size)
    merged: list[int] = []
    while (lonely := np.flatnonzero(count == 1)).size:
        codes = np.flatnonzero(count)
        if codes.size == 1:
            break
        code = int(lonely[0])
        position = int(np.searchsorted(codes, code))
        neighbour = int(codes[position + 1] if position == 0 else codes[position - 1])
        target[target == code] = neighbour
        count[neighbour] += 1
        count[code] = 0
        if population is not None:
            population[neighbour] += population[code]
            population[code] = 0.0
        merged.append(code)
    if not merged:
        return design, ()
    return replace(design, strata=target[design.strata], population=population), tuple(sorted(merged))


def scores_variance(linear: Floats, design: Design) -> float:
    """Variance of sum(w u) for linearised scores u.

    V = sum over strata of (1 - n_h/N_h) n_h/(n_h - 1) sum over units of (z_hj - mean z_h)^2, with z the totals of w u
    in a sampling unit, after the calibration took out what it explains.

    Raises:
        LonelyClusterError: a stratum has one sampling unit only.
    """
    return float(scores_covariance(linear[:, np.newaxis], design)[0, 0])


def scores_covariance(linear: Floats, design: Design) -> Floats:
    """Covariance matrix (k x k) of the k sums sum(w u), the scores being the columns of an n x k table.

    Raises:
        LonelyClusterError: a stratum has one sampling unit only.
    """
    place, units = _units(design)
    strata = int(units.max(initial=-1)) + 1
    size = np.bincount(units, minlength=strata).astype(np.float64)
    correction = np.ones(strata)
    if design.population is not None:
        known = design.population[:strata]
        correction = np.maximum(0.0, 1.0 - np.divide(size, known, out=np.ones(strata), where=known > 0.0))
    lonely = np.flatnonzero((size == 1.0) & (correction > 0.0))
    if lonely.size:
        raise LonelyClusterError(int(lonely[0]))
    scale = np.sqrt(correction * np.divide(size, size - 1.0, out=np.zeros(strata), where=size > 1.0))
    columns = []
    for column in linear.T:
        score = design.weights * (column if design.calibration is None else design.calibration.residuals(column))
        totals = score if place is None else np.bincount(place, weights=score, minlength=units.size)
        middle = np.bincount(units, weights=totals, minlength=strata) / np.maximum(size, 1.0)
        columns.append((totals - middle[units]) * scale[units])
    deviations = np.column_stack(columns)
    return np.asarray(deviations.T @ deviations, dtype=np.float64)


def degrees(design: Design, *, inside: Flags) -> int:
    """Degrees of freedom: sampling units less strata, counting those that have an answer inside the domain."""
    strata = int(np.count_nonzero(np.bincount(design.strata[inside])))
    units = int(inside.sum()) if design.clusters is None else np.unique(design.clusters[inside]).size
    return units - strata


def _units(design: Design) -> tuple[Codes | None, Codes]:
    """The sampling unit of each answer (None: its own) and the stratum of each sampling unit."""
    if design.clusters is None:
        return None, design.strata
    _, first, place = np.unique(design.clusters, return_index=True, return_inverse=True)
    return place, design.strata[first]


def _ratio(numerator: Floats, denominator: Floats, weights: Floats, inside: Flags) -> tuple[float, Floats]:
    """A ratio and its linearised scores."""
    own = np.where(inside, weights, 0.0)
    top, bottom = np.where(inside, numerator, 0.0), np.where(inside, denominator, 0.0)
    size = float(own @ bottom)
    if size == 0.0:
        raise ValueError("the domain has no answers")
    estimate = float(own @ top) / size
    return estimate, (top - estimate * bottom) / size


def _inside(*columns: Floats, domain: Flags | None) -> Flags:
    inside = np.ones(columns[0].shape, dtype=np.bool_) if domain is None else domain.copy()
    for column in columns:
        inside &= ~np.isnan(column)
    return inside


def _deff(values: Floats, weights: Floats, inside: Flags, *, estimate: float, variance: float) -> float | None:
    """V / ((1 - n/N) S^2 / n) with S^2 = n/(n-1) sum(w (y - m)^2) / sum(w), and N = sum(w)."""
    n, own = int(inside.sum()), weights[inside]
    size = float(own.sum())
    if n < 2:
        return None
    spread = n / (n - 1) * float(own @ (values[inside] - estimate) ** 2) / size
    simple = (1.0 - n / size) * spread / n
    return variance / simple if simple > 0.0 else None
