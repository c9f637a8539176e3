"""Weights: base weights, raking, calibration, post-stratification, trimming, and what unequal weights cost."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from surveys.kernel.margins import (
    EmptyCategory,
    Margin,
    MarginsDisagree,
    NotConverged,
    UnknownCategory,
    WeightingError,
    check_margins,
    crossed,
)

__all__ = [
    "Calibrated",
    "EmptyCategory",
    "Kish",
    "Margin",
    "MarginsDisagree",
    "NotConverged",
    "Raked",
    "Trimmed",
    "UnknownCategory",
    "WeightingError",
    "calibrate",
    "kish",
    "poststratify",
    "rake",
    "stratum_weights",
    "trim",
]

Floats = npt.NDArray[np.float64]
Codes = npt.NDArray[np.int64]
Distance = Literal["linear", "raking", "logit"]

TRIM_ROUNDS = 100
STEPS = 50  # of Newton's method; it converges in fewer than ten when there is a solution
CLOSE = 1e-11  # calibration totals are met to this relative difference


@dataclass(frozen=True, slots=True, kw_only=True)
class Raked:
    """Raked weights, the sweeps over all margins that were needed, and max |factor - 1| in the last of them."""

    weights: Floats
    sweeps: int
    largest_factor_error: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Calibrated:
    """Calibrated weights and the steps of Newton's method that were needed."""

    weights: Floats
    steps: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Trimmed:
    """Trimmed weights, the limits, and the share (0-1) of the answers whose weight was cut or raised to a limit."""

    weights: Floats
    share: float
    lower: float
    upper: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Kish:
    """Loss of precision by unequal weights: `deff` = n sum(w^2) / (sum w)^2 and `n_eff` = n / deff."""

    n: int
    total: float
    deff: float
    n_eff: float
    minimum: float
    maximum: float


def stratum_weights(strata: Codes, population: Floats) -> Floats:
    """Base weights d_i = N_h / n_h of a stratified sample, n_h being the answers of the stratum.

    Non-response inside a stratum is taken as random. Source: Cochran (1977), section 5.3. A stratum without answers
    gets no weight: the caller has to report it.
    """
    answers = np.bincount(strata, minlength=population.size)
    return np.asarray((population / np.maximum(answers, 1))[strata], dtype=np.float64)


def rake(base: Floats, margins: Sequence[Margin], *, tolerance: float = 1e-9, max_sweeps: int = 500) -> Raked:
    """Rake the base weights to the margins: w_i <- w_i T_k / sum of w in k, margin after margin, until nothing moves.

    Stops when max |factor - 1| of a whole sweep is below `tolerance`. Sources: Deming & Stephan, Annals of Mathematical
    Statistics 11 (1940) 427-444; the criterion on the factors is a choice of this product.

    Raises:
        EmptyCategory, MarginsDisagree, UnknownCategory: see `check_margins`.
        NotConverged: `max_sweeps` did not suffice; names the margin and the category that is furthest off.
        ValueError: lengths differ or a number is not usable.
    """
    check_margins(base, margins)
    place, codes = crossed(margins)
    start: Floats = np.bincount(place, weights=base, minlength=codes.shape[0]).astype(np.float64)
    current = start.copy()
    errors = [(np.inf, 0)]
    for sweep in range(1, max_sweeps + 1):
        errors = [_adjust(current, codes[:, axis], margin) for axis, margin in enumerate(margins)]
        largest = max(error for error, _ in errors)
        if largest < tolerance:
            factors = np.divide(current, start, out=np.zeros_like(current), where=start > 0.0)
            return Raked(weights=base * factors[place], sweeps=sweep, largest_factor_error=largest)
    worst = max(range(len(errors)), key=lambda axis: errors[axis][0])
    error, category = errors[worst]
    detail = f"after {max_sweeps} sweeps its factor is still off by {error:.1e}"
    raise NotConverged(margins[worst].name, category, detail)


def _adjust(current: Floats, codes: Codes, margin: Margin) -> tuple[float, int]:
    """Scale the cells to one margin in place; the largest |factor - 1| and its category."""
    sums = np.bincount(codes, weights=current, minlength=margin.size)
    factors = np.divide(margin.targets, sums, out=np.ones(margin.size), where=sums > 0.0)
    current *= factors[codes]
    errors = np.abs(factors - 1.0)
    category = int(errors.argmax())
    return float(errors[category]), category


def poststratify(base: Floats, margin: Margin) -> Floats:
    """Scale the base weights to the counts of one margin. Source: Holt & Smith, JRSS A 142 (1979) 33-46.

    Raises:
        EmptyCategory, MarginsDisagree, UnknownCategory: see `check_margins`.
    """
    check_margins(base, [margin])
    sums = np.bincount(margin.codes, weights=base, minlength=margin.size)
    factors = np.divide(margin.targets, sums, out=np.ones(margin.size), where=sums > 0.0)
    return np.asarray(base * factors[margin.codes], dtype=np.float64)


def calibrate(
    base: Floats,
    columns: Floats,
    totals: Floats,
    *,
    distance: Distance = "linear",
    bounds: tuple[float, float] = (0.3, 3.0),
) -> Calibrated:
    """Weights w = d F(x'b) closest to the base weights d whose totals of `columns` are the known `totals`.

    F(u) is 1 + u (linear: the generalised regression estimator), exp(u) (raking), or the logit between `bounds`.
    Source: Deville & Sarndal, Journal of the American Statistical Association 87 (1992) 376-382.

    Arguments:
        base: n base weights d.
        columns: n x p calibration variables x; give a column of ones for the size of the population.
        totals: p population totals.
        distance: the distance that is made small.
        bounds: lowest and highest w/d, for `logit` only; below and above 1.

    Raises:
        NotConverged: no weights meet the totals.
    """
    low, high = bounds
    if distance == "logit" and not 0.0 <= low < 1.0 < high:
        raise ValueError("the bounds of logit calibration lie on either side of 1")
    solution = np.zeros(totals.size)
    scale = np.maximum(np.abs(totals), float(np.abs(totals).max()) * 1e-3)
    for step in range(STEPS):
        factors, slopes = _distance(columns @ solution, distance, low=low, high=high)
        weights = base * factors
        gap = totals - columns.T @ weights
        if not np.isfinite(gap).all():
            break
        if float(np.abs(gap / scale).max()) < CLOSE:
            return Calibrated(weights=weights, steps=step)
        curvature = columns.T @ ((base * slopes)[:, np.newaxis] * columns)
        # Dummies of several margins are collinear; the least-squares solution of least length serves as well.
        solution = solution + np.linalg.lstsq(curvature, gap, rcond=1e-13)[0]
    raise NotConverged(None, None, "no weights near the base weights meet the totals" + _within(distance, low, high))


def _within(distance: Distance, low: float, high: float) -> str:
    return f" within {low:g} to {high:g} times the base weights" if distance == "logit" else ""


def _distance(u: Floats, distance: Distance, *, low: float, high: float) -> tuple[Floats, Floats]:
    """F(u) and its derivative (Deville & Sarndal 1992, table 1)."""
    if distance == "linear":
        return 1.0 + u, np.ones_like(u)
    if distance == "raking":
        grown = np.exp(np.clip(u, -50.0, 50.0))
        return grown, grown
    steepness = (high - low) / ((1.0 - low) * (high - 1.0))
    grown = np.exp(np.clip(steepness * u, -150.0, 150.0))
    bottom = (high - 1.0) + (1.0 - low) * grown
    value = (low * (high - 1.0) + high * (1.0 - low) * grown) / bottom
    return value, grown * (high - low) ** 2 / bottom**2


def trim(weights: Floats, *, low: float = 0.3, high: float = 3.0) -> Trimmed:
    """Hold the weights within `low` and `high` times their median and spread the difference over the others.

    Repeated until none lies outside, so that the sum of the weights stays. Margins are then no longer met: rake once
    more. Source: Potter, Proceedings of the Survey Research Methods Section, ASA (1990) 225-230; the rounds are those
    of R's `trimWeights(strict = TRUE)`, the limits a choice of this product.

    Raises:
        WeightingError: the limits leave no room for the sum of the weights.
    """
    middle, total = float(np.median(weights)), float(weights.sum())
    lower, upper = low * middle, high * middle
    current = weights.astype(np.float64, copy=True)
    touched = np.zeros(weights.size, dtype=np.bool_)
    for turn in range(TRIM_ROUNDS):
        if not lower * weights.size <= total <= upper * weights.size:
            break
        outside = (current < lower * (1.0 - 1e-12)) | (current > upper * (1.0 + 1e-12))
        if not outside.any():
            return Trimmed(weights=current, share=float(touched.mean()), lower=lower, upper=upper)
        touched |= outside
        # R's rounds can push a weight over its limit for ever; after some of them what was held stays held.
        free = ~outside if turn < TRIM_ROUNDS // 2 else ~touched
        if not free.any():
            break
        held = np.clip(current, lower, upper)
        current = np.where(free, current + float((current - held).sum()) / float(free.sum()), held)
    raise WeightingError(None, None, f"no weights between {lower:g} and {upper:g} keep their sum")


def kish(weights: Floats) -> Kish:
    """Kish's design effect of weighting. Source: Kish, Journal of Official Statistics 8 (1992) 183-200.

    Raises:
        ValueError: there are no weights, or they sum to zero.
    """
    total = float(weights.sum())
    if not weights.size or total == 0.0:
        raise ValueError("there are no weights")
    deff = weights.size * float(weights @ weights) / total**2
    return Kish(
        n=weights.size,
        total=total,
        deff=deff,
        n_eff=weights.size / deff,
        minimum=float(weights.min()),
        maximum=float(weights.max()),
    )
