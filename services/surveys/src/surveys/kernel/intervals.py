"""Two-sided confidence intervals for proportions and means."""

from dataclasses import dataclass
from math import asin, sin, sqrt

from scipy.optimize import brentq
from scipy.special import betaincinv, expit, logit, ndtri, stdtrit, xlogy

__all__ = [
    "Interval",
    "arcsine_interval",
    "clopper_pearson",
    "jeffreys",
    "korn_graubard",
    "korn_graubard_n",
    "likelihood_interval",
    "logit_interval",
    "t_interval",
    "wilson",
    "wilson_corrected",
]


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


def wilson_corrected(p: float, n: float, *, level: float = 0.95) -> Interval:
    """Wilson's interval with continuity correction. Source: Newcombe, Statistics in Medicine 17 (1998) 857-872.

    The correction is 1/2, and at most |k - n/2|, as in R's `prop.test`.
    """
    z = float(ndtri(1.0 - (1.0 - level) / 2.0))
    step = min(0.5, abs(p * n - n / 2.0)) / n
    scale = 1.0 + z * z / n

    def limit(share: float, sign: float) -> float:
        half = z * sqrt(share * (1.0 - share) / n + z * z / (4.0 * n * n))
        return (share + z * z / (2.0 * n) + sign * half) / scale

    # At the edges the shifted share would leave the scale.
    low = 0.0 if p == 0.0 else max(0.0, limit(p - step, -1.0))
    high = 1.0 if p == 1.0 else min(1.0, limit(p + step, 1.0))
    return Interval(low, high)


def jeffreys(successes: float, n: float, *, level: float = 0.95) -> Interval:
    """Equal-tailed interval under Jeffreys' prior, with the limit 0 or 1 at the edges.

    Source: Brown, Cai & DasGupta, Statistical Science 16 (2001) 101-133.
    """
    tail = (1.0 - level) / 2.0
    failures = n - successes
    low = 0.0 if successes <= 0.0 else float(betaincinv(successes + 0.5, failures + 0.5, tail))
    high = 1.0 if failures <= 0.0 else float(betaincinv(successes + 0.5, failures + 0.5, 1.0 - tail))
    return Interval(low, high)


def logit_interval(p: float, variance: float, *, df: float, level: float = 0.95) -> Interval:
    """Wald interval of logit(p), turned back; R's `svyciprop` methods "logit" and "xlogit".

    Source: Korn & Graubard, Analysis of Health Surveys (1999), section 3.2.

    Raises:
        ValueError: p is 0 or 1, where the logit is infinite.
    """
    if not 0.0 < p < 1.0:
        raise ValueError("the logit of 0 or 1 is infinite")
    half = float(stdtrit(df, 1.0 - (1.0 - level) / 2.0)) * sqrt(variance) / (p * (1.0 - p))
    middle = float(logit(p))
    return Interval(float(expit(middle - half)), float(expit(middle + half)))


def arcsine_interval(p: float, variance: float, *, df: float, level: float = 0.95) -> Interval:
    """Wald interval of arcsin(sqrt(p)), turned back; R's `svyciprop` method "asin".

    Source: Bartlett, Supplement to the JRSS 3 (1936) 68-78.

    Raises:
        ValueError: p is 0 or 1, where the slope of the transformation is infinite.
    """
    if not 0.0 < p < 1.0:
        raise ValueError("the slope of the arcsine of 0 or 1 is infinite")
    half = float(stdtrit(df, 1.0 - (1.0 - level) / 2.0)) * sqrt(variance / (4.0 * p * (1.0 - p)))
    middle = asin(sqrt(p))
    return Interval(sin(max(0.0, middle - half)) ** 2, sin(min(asin(1.0), middle + half)) ** 2)


def likelihood_interval(p: float, variance: float, *, n: int, df: float, level: float = 0.95) -> Interval:
    """Profile interval of p from the likelihood scaled to the effective sample size n_e = p (1 - p) / V (n - 1) / n.

    The limits are the q with 2 n_e (p log(p/q) + (1 - p) log((1 - p)/(1 - q))) = t^2. Source: Rao & Scott, Annals of
    Statistics 12 (1984) 46-60.

    Raises:
        ValueError: p is 0 or 1, or there is no variance.
    """
    if not 0.0 < p < 1.0 or variance <= 0.0 or n < 2:
        raise ValueError("the likelihood needs a share between 0 and 1, a variance and two answers")
    bound = float(stdtrit(df, 1.0 - (1.0 - level) / 2.0)) ** 2 * variance / (p * (1.0 - p)) * n / (n - 1) / 2.0

    def excess(q: float) -> float:
        return float(xlogy(p, p / q) + xlogy(1.0 - p, (1.0 - p) / (1.0 - q))) - bound

    # With a handful of answers a limit may lie closer to the edge than numbers can tell.
    lowest, highest = p * 1e-12, 1.0 - (1.0 - p) * 1e-12
    low = brentq(excess, lowest, p, xtol=1e-15) if excess(lowest) > 0.0 else 0.0
    high = brentq(excess, p, highest, xtol=1e-15) if excess(highest) > 0.0 else 1.0
    return Interval(float(low), float(high))


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
