"""Two-sided confidence intervals for proportions and means."""

from dataclasses import dataclass

from scipy.special import betaincinv, ndtri, stdtrit

__all__ = ["Interval", "clopper_pearson", "korn_graubard", "korn_graubard_n", "t_interval", "wilson"]


@dataclass(frozen=True, slots=True)
class Interval:
    """Lower and upper limit, in the units of the estimate."""

    low: float
    high: float

    @property
    def width(self) -> float:
        """Distance between the limits."""
        return self.high - self.low


def wilson(p: float, n: float, *, level: float = 0.95) -> Interval:
    """Score interval of a proportion `p` from `n` independent answers (n may be an effective size).

    Source: Wilson, Journal of the American Statistical Association 22 (1927) 209-212. For a simple random sample of n
    from N without weights, give n_e = (n - 1) / (1 - n/N). An infinite n gives the point.
    """
    if n == float("inf"):
        return Interval(p, p)
    z2 = float(ndtri(1.0 - (1.0 - level) / 2.0)) ** 2
    centre = p + z2 / (2.0 * n)
    half = (z2 * (p * (1.0 - p) / n + z2 / (4.0 * n * n))) ** 0.5
    scale = 1.0 + z2 / n
    # At the edges the limits are exactly 0 and 1; the difference of two equal roots would leave 1e-17.
    low = 0.0 if p == 0.0 else max(0.0, (centre - half) / scale)
    high = 1.0 if p == 1.0 else min(1.0, (centre + half) / scale)
    return Interval(low, high)


def clopper_pearson(successes: float, n: float, *, level: float = 0.95) -> Interval:
    """Exact binomial interval by beta quantiles; both arguments may be effective, not whole, numbers.

    Source: Clopper & Pearson, Biometrika 26 (1934) 404-413.
    """
    tail = (1.0 - level) / 2.0
    failures = n - successes
    low = 0.0 if successes <= 0.0 else float(betaincinv(successes, failures + 1.0, tail))
    high = 1.0 if failures <= 0.0 else float(betaincinv(successes + 1.0, failures, 1.0 - tail))
    return Interval(low, high)


def korn_graubard_n(p: float, variance: float, *, n: int, df: float, level: float = 0.95, cap: bool = True) -> float:
    """Effective sample size n_e of the Korn-Graubard interval.

    n_e = p (1 - p) / V * (t_{a/2, n-1} / t_{a/2, df})^2. For p of 0 or 1, n_e = n. With `cap` n_e is at most n; R's
    `svyciprop` does not cap. Source: Korn & Graubard, Survey Methodology 24 (1998) 193-201.
    """
    if p in (0.0, 1.0):
        return float(n)
    if variance <= 0.0 or n < 2 or df < 1:
        return float(n)
    tail = (1.0 - level) / 2.0
    correction = (float(stdtrit(n - 1, tail)) / float(stdtrit(df, tail))) ** 2
    effective = p * (1.0 - p) / variance * correction
    return min(effective, float(n)) if cap else effective


def korn_graubard(p: float, variance: float, *, n: int, df: float, level: float = 0.95, cap: bool = True) -> Interval:
    """Interval of a proportion from a complex sample: Clopper-Pearson at the effective sample size.

    Source: Korn & Graubard, Survey Methodology 24 (1998) 193-201.
    """
    effective = korn_graubard_n(p, variance, n=n, df=df, level=level, cap=cap)
    return clopper_pearson(p * effective, effective, level=level)


def t_interval(estimate: float, se: float, *, df: float, level: float = 0.95) -> Interval:
    """Symmetric interval of a mean with Student's t. Source: Cochran (1977), section 2.14.

    Raises:
        ValueError: there is not a single degree of freedom.
    """
    if df < 1:
        raise ValueError("a t interval needs at least one degree of freedom")
    half = float(stdtrit(df, 1.0 - (1.0 - level) / 2.0)) * se
    return Interval(estimate - half, estimate + half)
