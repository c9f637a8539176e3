"""What is certain about a population when some did not answer, and how sure a target is met."""

import math

from scipy.special import ndtr, stdtr

from surveys.kernel.intervals import Interval
from surveys.kernel.representativity import Representativity, r_indicator

__all__ = ["Representativity", "manski", "nonresponse_component", "p_at_least", "r_indicator", "tipping_point"]


def manski(estimate: float, response_rate: float, *, low: float = 0.0, high: float = 1.0) -> Interval:
    """Bounds of a population mean whose values lie in [low, high], whatever the non-respondents would have said.

    [RR m + (1 - RR) low, RR m + (1 - RR) high]. For a census these are bounds of the finite population: there is no
    sampling error. Source: Manski, Identification for Prediction and Decision (2007), chapter 2.
    """
    missing = 1.0 - response_rate
    return Interval(response_rate * estimate + missing * low, response_rate * estimate + missing * high)


def tipping_point(estimate: float, response_rate: float, target: float) -> float | None:
    """The mean that the non-respondents would need for the population to meet `target` exactly.

    (T - RR m) / (1 - RR); null when everybody answered. A value outside the scale means that the verdict cannot flip.
    """
    missing = 1.0 - response_rate
    return None if missing <= 0.0 else (target - response_rate * estimate) / missing


def nonresponse_component(weighted: float, unweighted: float, *, declared: float = 0.0) -> float:
    """Standard error to add for non-response: what was declared, and at least |weighted - unweighted|.

    What weighting corrected is the only sign of the size of what it could not. Own choice: the response rate by itself
    does not tell the bias (Groves & Peytcheva, Public Opinion Quarterly 72 (2008) 167-189). In the units of the
    estimate.
    """
    return max(abs(weighted - unweighted), declared)


def p_at_least(target: float, estimate: float, se: float, df: float, nonresponse_se: float = 0.0) -> float:
    """Probability (0-1) that the true value is `target` or more: 1 - F_t((T - m) / SE).

    SE is sqrt(se^2 + nonresponse_se^2): without the second part it is a statement about sampling only. Student's t with
    `df` degrees of freedom, the normal distribution for an infinite df. Without any error it is 0 or 1. Source: the
    posterior of a mean under the reference prior, Gelman et al., Bayesian Data Analysis, 3rd edition (2013), section
    3.2.

    Raises:
        ValueError: an error is negative or there is not a single degree of freedom.
    """
    if se < 0.0 or nonresponse_se < 0.0 or df < 1:
        raise ValueError("errors are not negative, and there is at least one degree of freedom")
    error = math.hypot(se, nonresponse_se)
    if error == 0.0:
        return 1.0 if estimate >= target else 0.0
    distance = (estimate - target) / error
    return float(ndtr(distance)) if math.isinf(df) else float(stdtr(df, distance))
