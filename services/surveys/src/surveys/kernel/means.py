"""One mean with its design-based error and interval."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from surveys.kernel.intervals import Interval, korn_graubard, t_interval, wilson
from surveys.kernel.variance import Design, MeanEstimate, mean
from surveys.kernel.weights import kish

__all__ = ["Estimate", "estimate", "estimate_of"]

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]
NO_SPREAD = 1e-18  # what rounding leaves of the variance, as a share of the scale, when all answers are equal


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """A mean with its design-based error, all in the units of the scores.

    `method` names the interval: korn-graubard | t | wilson; without a degree of freedom there is none. `weighting` is
    Kish's design effect of the weights and `n_eff` = n / weighting, `deff` the whole design effect (null for calibrated
    weights), `unweighted` the plain mean of the same answers.
    """

    estimate: float
    se: float
    df: int
    interval: Interval | None
    method: str | None
    n: int
    n_eff: float
    weighting: float
    deff: float | None
    unweighted: float


def estimate(
    scores: Floats,
    design: Design,
    *,
    low: float = 0.0,
    high: float = 1.0,
    domain: Flags | None = None,
    level: float = 0.95,
    cap: bool = True,
) -> Estimate:
    """Estimate the mean of scores on the scale [low, high] over a domain.

    The interval is Korn-Graubard's for a share (scale 0-1), Wilson's for a share in an unweighted simple random sample
    with a finite population, and Student's t for other scales, held to the scale.

    Arguments:
        scores: n numbers, NaN where the item was not answered or does not apply.
        design: final weights, strata, clusters, finite population and calibration.
        low: worst end of the scale.
        high: best end of the scale.
        domain: sub-group; None for all.
        level: of the interval.
        cap: whether the Korn-Graubard effective size is held at n (R does not, see `korn_graubard_n`).

    Raises:
        ValueError: nobody in the domain answered.
        LonelyClusterError: a stratum has one sampling unit only (see `collapse_lonely_strata`).
    """
    found = mean(scores, design, domain=domain)
    answered = ~np.isnan(scores) if domain is None else ~np.isnan(scores) & domain
    simple = float(design.population[0]) if design.population is not None and _is_simple(design) else None
    return estimate_of(
        found,
        unweighted=float(scores[answered].mean()),
        weighting=kish(design.weights[answered]).deff,
        simple_population=simple,
        scale=(low, high),
        level=level,
        cap=cap,
    )


def estimate_of(
    found: MeanEstimate,
    *,
    unweighted: float,
    weighting: float,
    simple_population: float | None,
    scale: tuple[float, float],
    level: float,
    cap: bool,
) -> Estimate:
    """Give a mean its interval, see `estimate`.

    `simple_population` is N of an unweighted simple random sample, None for any other design.
    """
    low, high = scale
    interval, method = None, None
    if found.df >= 1:
        span, share = high - low, (found.estimate - low) / (high - low)
        unit = found.variance / span**2
        if scale != (0.0, 1.0) and unit > NO_SPREAD:
            limits, method = t_interval(found.estimate, found.se, df=found.df, level=level), "t"
            interval = Interval(max(low, limits.low), min(high, limits.high))
        elif scale == (0.0, 1.0) and simple_population is not None:
            fraction = found.n / simple_population
            effective = (found.n - 1) / (1.0 - fraction) if fraction < 1.0 else float("inf")
            interval, method = wilson(share, effective, level=level), "wilson"
        else:
            # A scale without any spread (all gave the same answer) has no t interval worth the name. On a bounded scale
            # the variance is at most that of a share, so that the share's interval is a safe one.
            limits = korn_graubard(min(1.0, max(0.0, share)), unit, n=found.n, df=found.df, level=level, cap=cap)
            interval, method = Interval(low + limits.low * span, low + limits.high * span), "korn-graubard"
    return Estimate(
        estimate=found.estimate,
        se=found.se,
        df=found.df,
        interval=interval,
        method=method,
        n=found.n,
        n_eff=found.n / weighting,
        weighting=weighting,
        deff=found.deff,
        unweighted=unweighted,
    )


def _is_simple(design: Design) -> bool:
    """Whether the answers are one unweighted simple random sample."""
    weights = design.weights
    plain = design.clusters is None and design.calibration is None and int(design.strata.max(initial=0)) == 0
    return plain and bool(np.ptp(weights) <= 1e-12 * float(weights.max()))
