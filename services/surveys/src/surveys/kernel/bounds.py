"""What is certain about a population when some did not answer."""

from surveys.kernel.intervals import Interval

__all__ = ["tipping_point", "worst_case_bounds"]


def worst_case_bounds(estimate: float, *, response_rate: float, low: float, high: float) -> Interval:
    """Bounds of a population mean whose values lie in [low, high], whatever the non-respondents would have said.

    [RR m + (1 - RR) low, RR m + (1 - RR) high]. For a census these are bounds of the finite population: there is no
    sampling error. Source: Manski, Identification for Prediction and Decision (2007), chapter 2.
    """
    missing = 1.0 - response_rate
    return Interval(response_rate * estimate + missing * low, response_rate * estimate + missing * high)


def tipping_point(estimate: float, *, response_rate: float, target: float) -> float | None:
    """The mean that the non-respondents would need for the population to meet `target` exactly.

    (T - RR m) / (1 - RR); null when everybody answered. A value outside the scale means that the verdict cannot flip.
    """
    missing = 1.0 - response_rate
    return None if missing <= 0.0 else (target - response_rate * estimate) / missing
