"""Exact interval of an event rate."""

from scipy.special import gammaincinv

from surveys.kernel.intervals import Interval

__all__ = ["poisson_interval"]


def poisson_interval(count: int, exposure: float, *, level: float = 0.95) -> Interval:
    """Exact interval of a rate: `count` events in `exposure` units, in events per unit.

    The limits are chi2(a/2; 2c) / 2 and chi2(1 - a/2; 2c + 2) / 2, divided by the exposure; half a chi-square quantile
    with 2c degrees of freedom is the gamma quantile of shape c. Source: Garwood, Biometrika 28 (1936) 437-442.

    Raises:
        ValueError: the exposure is not positive or the count is negative.
    """
    if exposure <= 0.0 or count < 0:
        raise ValueError("a rate needs a positive exposure and a count of 0 or more")
    tail = (1.0 - level) / 2.0
    low = 0.0 if count == 0 else float(gammaincinv(count, tail))
    return Interval(low / exposure, float(gammaincinv(count + 1.0, 1.0 - tail)) / exposure)
