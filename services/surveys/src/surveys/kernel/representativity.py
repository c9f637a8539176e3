"""How much the respondents resemble those who were asked: R-indicators from the frame's variables."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import expit, xlogy

__all__ = ["Representativity", "partial_r", "r_indicator"]

Floats = npt.NDArray[np.float64]
Codes = npt.NDArray[np.int64]

SMALLEST_FRAME = 50  # with fewer people the propensities say nothing; own choice
STEPS = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Representativity:
    """Response propensities and what they say.

    `indicator` is R = 1 - 2 sd (1: respondents look like the frame), `sd` the propensities' standard deviation with
    N - 1, `mean` the response rate, `max_bias` = sd / mean: the largest bias of a mean per standard deviation of the
    answers, as far as the frame's variables explain it. `propensities` are per row, `coefficients` per column.
    """

    indicator: float
    mean: float
    sd: float
    max_bias: float
    propensities: Floats
    coefficients: Floats


def r_indicator(
    columns: Floats, responded: Floats, invited: Floats, *, tolerance: float = 1e-12
) -> Representativity | None:
    """R-indicator of a response, with propensities from a logit on the frame's variables.

    Rows are people or cells of people with equal variables. Null for a frame of fewer than 50 people or when nobody
    answered. Sources: Schouten, Cobben & Bethlehem, Survey Methodology 35 (2009) 101-113; the logit by iteratively
    reweighted least squares, McCullagh & Nelder, Generalized Linear Models (1989), section 2.5.

    Arguments:
        columns: m x p frame variables as dummies, with a column of ones.
        responded: m counts of the respondents in each row.
        invited: m counts of those who were asked in each row; at least 1.
        tolerance: the fit stops when the deviance changes by less than this share.

    Raises:
        ValueError: lengths differ, or more responded than were asked.
    """
    if not (columns.shape[0] == responded.size == invited.size):
        raise ValueError("there must be one count per row")
    if (invited < 1.0).any() or (responded < 0.0).any() or (responded > invited).any():
        raise ValueError("in every row somebody was asked, and at most those who were asked responded")
    size, answers = float(invited.sum()), float(responded.sum())
    if size < SMALLEST_FRAME or answers == 0.0:
        return None
    propensities, coefficients = _logit(columns, responded, invited, tolerance=tolerance)
    mean = float(invited @ propensities) / size
    sd = float(np.sqrt(invited @ (propensities - mean) ** 2 / (size - 1.0)))
    return Representativity(
        indicator=1.0 - 2.0 * sd,
        mean=mean,
        sd=sd,
        max_bias=sd / mean,
        propensities=propensities,
        coefficients=coefficients,
    )


def _logit(columns: Floats, responded: Floats, invited: Floats, *, tolerance: float) -> tuple[Floats, Floats]:
    fitted: Floats = (responded + 0.5) / (invited + 1.0)
    linear = np.log(fitted / (1.0 - fitted))
    deviance = _deviance(fitted, responded, invited)
    coefficients: Floats = np.zeros(columns.shape[1])
    for _ in range(STEPS):
        slope = np.maximum(fitted * (1.0 - fitted), 1e-12)
        working = linear + (responded / invited - fitted) / slope
        root = np.sqrt(invited * slope)
        solution = np.linalg.lstsq(root[:, np.newaxis] * columns, root * working, rcond=None)[0]
        coefficients = np.asarray(solution, dtype=np.float64)
        # A cell where all or none answered has no finite coefficient; its propensity is 1 or 0 long before 30.
        linear = np.clip(columns @ coefficients, -30.0, 30.0)
        fitted = _expit(linear)
        before, deviance = deviance, _deviance(fitted, responded, invited)
        if abs(deviance - before) / (abs(deviance) + 0.1) < tolerance:
            break
    return fitted, coefficients


def _expit(linear: Floats) -> Floats:
    return np.asarray(expit(linear), dtype=np.float64)


def _deviance(fitted: Floats, responded: Floats, invited: Floats) -> float:
    silent = invited - responded
    yes = xlogy(responded, responded / (invited * fitted))
    no = xlogy(silent, silent / (invited * (1.0 - fitted)))
    return 2.0 * float((yes + no).sum())


def partial_r(categories: Codes, propensities: Floats, invited: Floats) -> tuple[float, Floats]:
    """Unconditional partial R-indicator of one variable, and its part per category with its sign.

    S(P) = sqrt(sum over k of N_k / N (mean rho_k - mean rho)^2); a category's part is sqrt(N_k / N) (mean rho_k -
    mean rho): above zero it is over-represented. Source: Schouten, Shlomo & Skinner, Journal of Official Statistics 27
    (2011) 231-253.

    Arguments:
        categories: m codes 0..k-1 of the variable.
        propensities: m response propensities, or observed response rates.
        invited: m counts of people.
    """
    people = np.bincount(categories, weights=invited)
    size = float(people.sum())
    mean = float(invited @ propensities) / size
    sums = np.bincount(categories, weights=invited * propensities)
    means = np.divide(sums, people, out=np.full(people.size, mean), where=people > 0.0)
    parts = np.sqrt(people / size) * (means - mean)
    return float(np.sqrt(parts @ parts)), parts
