"""Patterns in marks that somebody should look into. A flag is a question, never a verdict.

Every rule asks three things at once: enough marks, an effect that matters, and a probability that survives the control
of false discoveries over the whole family of raters (or pairs). Residuals are deviations of fair marks from the fair
mean of the case; with k marks on a case their variance is s_e^2 (1 - 1/k). Thresholds: `Rules`. Source of the control:
Benjamini & Hochberg 1995, JRSS B 57:289. Naive tests of bias lose their error rate when assignment is not random
(Stelmakh, Shah & Singh 2019): hence effect sizes, and decisions by people.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from scoring.kernel.raters.fair import Calibration

__all__ = [
    "Flag",
    "Kind",
    "Ratings",
    "Rules",
    "benjamini_hochberg",
    "central_tendency",
    "drift",
    "flags_of",
    "inconsistency",
    "no_discrimination",
    "ratings_of",
    "severity",
]

Array = NDArray[np.float64]
Index = NDArray[np.intp]
Kind = Literal[
    "severity",
    "inconsistency",
    "central_tendency",
    "halo",
    "no_discrimination",
    "favouritism",
    "copying",
    "drift",
]

_PERMUTATIONS: Final = 4999


@dataclass(frozen=True, slots=True)
class Rules:
    """Thresholds; the defaults are the product's own choice where the field has none."""

    false_discoveries: float = 0.05
    least_marks: int = 8
    severity_points: float = 5.0
    infit: float = 1.5
    spread_ratio: float = 0.6
    halo_correlation: float = 0.7
    halo_spread: float = 0.5
    discrimination: float = 0.3
    dyad_marks: int = 4
    dyad_points: float = 2.0
    shared_cases: int = 10
    copying_correlation: float = 0.5
    cusum_slack: float = 0.5
    cusum_limit: float = 5.0


@dataclass(frozen=True, slots=True)
class Flag:
    """One question: about a rater, a rater and a party, or a pair of raters (codes)."""

    kind: Kind
    rater: int
    other: int | None
    """The second rater of a pair, or the party."""
    effect: float
    """In the unit of the rule: points, a ratio or a correlation."""
    p: float
    n: int
    """Marks, or shared cases, that it rests on."""
    units: tuple[int, ...]
    """The cases concerned."""
    detail: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Ratings:
    """Marks of one criterion (or the total) with what calibration found, one element per mark."""

    unit: Index
    rater: Index
    mark: Array
    order: Index
    """Place in the rater's own order of work."""
    residual: Array
    others: Array
    """Mean fair mark of the case's other raters; NaN without one."""
    shared: Array
    """1 - 1/k: the share of the residual variance that a deviation from the case's mean has; 0 without another mark."""
    calibration: Calibration

    @property
    def raters(self) -> int:
        """How many raters there are."""
        return len(self.calibration.severity)

    def of(self, rater: int) -> Index:
        """The places of a rater's marks that another mark stands beside."""
        return np.flatnonzero((self.rater == rater) & (self.shared > 0.0))

    @property
    def sd(self) -> float:
        """The residual standard deviation, never quite zero."""
        return max(float(np.sqrt(self.calibration.variances.residual)), 1e-9)


def ratings_of(unit: Index, rater: Index, mark: Array, *, order: Index, calibration: Calibration) -> Ratings:
    """Residuals and the other raters' view of each case."""
    k = np.bincount(unit).astype(np.float64)
    fair = mark - calibration.severity[rater]
    total = np.bincount(unit, fair)
    with np.errstate(divide="ignore", invalid="ignore"):
        others = np.where(k[unit] >= 2.0, (total[unit] - fair) / (k[unit] - 1.0), np.nan)
    residual = fair - total[unit] / k[unit]
    return Ratings(unit, rater, mark, order, residual, others, 1.0 - 1.0 / k[unit], calibration)


def benjamini_hochberg(p: Array, *, q: float) -> NDArray[np.bool_]:
    """Which hypotheses of a family are rejected with a false discovery rate of at most q."""
    if not len(p):
        return np.zeros(0, np.bool_)
    order = np.argsort(p, kind="stable")
    below = p[order] <= q * np.arange(1, len(p) + 1) / len(p)
    rejected = np.zeros(len(p), np.bool_)
    if below.any():
        rejected[order[: int(np.flatnonzero(below)[-1]) + 1]] = True
    return rejected


def chosen(candidates: Sequence[tuple[Flag, bool]], *, rules: Rules) -> list[Flag]:
    """The candidates whose effect is large enough and whose p survives over the whole family."""
    rejected = benjamini_hochberg(np.array([flag.p for flag, _ in candidates]), q=rules.false_discoveries)
    return [flag for (flag, large), kept in zip(candidates, rejected, strict=True) if large and kept]


def severity(ratings: Ratings, *, rules: Rules) -> list[Flag]:
    """A rater who marks far above or below the pool: over sqrt(PEV) against the normal, and at least 5 points."""
    found = ratings.calibration
    counts = np.bincount(ratings.rater, minlength=ratings.raters)
    candidates = []
    for rater in np.flatnonzero(counts >= rules.least_marks):
        effect, sd = float(found.severity[rater]), max(float(np.sqrt(found.severity_variance[rater])), 1e-9)
        p = 2.0 * float(stats.norm.sf(abs(effect) / sd))
        flag = _about(ratings, "severity", int(rater), effect, p, np.flatnonzero(ratings.rater == rater))
        candidates.append((flag, abs(effect) >= rules.severity_points))
    return chosen(candidates, rules=rules)


def inconsistency(ratings: Ratings, *, rules: Rules) -> list[Flag]:
    """A rater whose marks scatter: mean squared standardised residual (infit) above 1.5, against chi-square."""

    def look(rater: int, places: Index) -> tuple[Flag, bool]:
        squares = ratings.residual[places] ** 2 / (ratings.sd**2 * ratings.shared[places])
        df = len(places) - 1
        infit = float(squares.sum()) / df
        p = float(stats.chi2.sf(float(squares.sum()), df))
        return _about(ratings, "inconsistency", rater, infit, p, places), infit > rules.infit

    return _per_rater(ratings, look, rules=rules)


def central_tendency(ratings: Ratings, *, rules: Rules) -> list[Flag]:
    """A rater who keeps to the middle: the spread of the marks is less than .6 of the others' spread on the same cases.

    Tested by Pitman and Morgan's correlation of sums and differences (Pitman 1939, Biometrika 31:9).
    """

    def look(rater: int, places: Index) -> tuple[Flag, bool]:
        own, others = ratings.mark[places], ratings.others[places]
        theirs = float(others.std(ddof=1))
        ratio = float(own.std(ddof=1)) / theirs if theirs > 0.0 else 1.0
        p = _correlation_p(own + others, own - others, less=True)
        return _about(ratings, "central_tendency", rater, ratio, p, places), ratio < rules.spread_ratio

    return _per_rater(ratings, look, rules=rules)


def no_discrimination(ratings: Ratings, *, rules: Rules) -> list[Flag]:
    """A rater who does not tell good cases from bad: the correlation with the others' fair marks is below .3.

    Tested against the pool's median correlation by Fisher's z, one-sided.
    """
    places = {rater: ratings.of(rater) for rater in range(ratings.raters)}
    found = {
        rater: _correlation(ratings.mark[own], ratings.others[own])
        for rater, own in places.items()
        if len(own) >= rules.least_marks
    }
    if not found:
        return []
    usual = float(np.median(list(found.values())))
    candidates = []
    for rater, r in found.items():
        n = len(places[rater])
        p = float(stats.norm.cdf((_z(r) - _z(usual)) * np.sqrt(n - 3)))
        flag = _about(ratings, "no_discrimination", rater, r, p, places[rater], pool=usual)
        candidates.append((flag, r < rules.discrimination))
    return chosen(candidates, rules=rules)


def drift(ratings: Ratings, *, rules: Rules, seed: int = 0) -> list[Flag]:
    """A rater whose severity wanders while working: two-sided CUSUM of residuals in their order, k = .5 and h = 5 sd.

    Source: Page 1954, Biometrika 41:100. The probability is that of the maximum under permutations of the order.
    """
    random = np.random.Generator(np.random.Philox(seed))

    def look(rater: int, places: Index) -> tuple[Flag, bool]:
        ranked = places[np.argsort(ratings.order[places], kind="stable")]
        steps = ratings.residual[ranked] / (ratings.sd * np.sqrt(ratings.shared[ranked]))
        reached = float(_cusum(steps[None, :], slack=rules.cusum_slack)[0])
        p = 1.0
        if reached > rules.cusum_limit:
            shuffled = random.permuted(np.tile(steps, (_PERMUTATIONS, 1)), axis=1)
            beyond = int((_cusum(shuffled, slack=rules.cusum_slack) >= reached - 1e-12).sum())
            p = (1 + beyond) / (1 + _PERMUTATIONS)
        return _about(ratings, "drift", rater, reached, p, places), reached > rules.cusum_limit

    return _per_rater(ratings, look, rules=rules)


def _cusum(steps: Array, *, slack: float) -> Array:
    """The largest upper or lower cumulative sum of each row."""
    up = down = np.zeros(len(steps))
    reached = np.zeros(len(steps))
    for column in steps.T:
        up, down = np.maximum(0.0, up + column - slack), np.maximum(0.0, down - column - slack)
        reached = np.maximum(reached, np.maximum(up, down))
    return reached


def flags_of(ratings: Ratings, *, rules: Rules | None = None, seed: int = 0) -> list[Flag]:
    """Every rule that needs one criterion and no partner."""
    rules = Rules() if rules is None else rules
    return [
        *severity(ratings, rules=rules),
        *inconsistency(ratings, rules=rules),
        *central_tendency(ratings, rules=rules),
        *no_discrimination(ratings, rules=rules),
        *drift(ratings, rules=rules, seed=seed),
    ]


def _per_rater(ratings: Ratings, look: Callable[[int, Index], tuple[Flag, bool]], *, rules: Rules) -> list[Flag]:
    places = [(rater, ratings.of(rater)) for rater in range(ratings.raters)]
    return chosen([look(rater, own) for rater, own in places if len(own) >= rules.least_marks], rules=rules)


def _about(  # noqa: PLR0917 - what a flag consists of
    ratings: Ratings, kind: Kind, rater: int, effect: float, p: float, places: Index, **detail: float
) -> Flag:
    units = tuple(int(each) for each in np.unique(ratings.unit[places]))
    return Flag(kind, rater, None, effect, p, len(places), units, dict(detail))


def _correlation(one: Array, other: Array) -> float:
    a, b = one - one.mean(), other - other.mean()
    scale = float(np.sqrt((a @ a) * (b @ b)))
    return float(a @ b) / scale if scale > 1e-12 else 0.0


def _z(correlation: float) -> float:
    return float(np.arctanh(min(max(correlation, -0.999999), 0.999999)))


def _correlation_p(one: Array, other: Array, *, less: bool) -> float:
    """One-sided t test of a correlation of zero."""
    r, df = _correlation(one, other), len(one) - 2
    t = r * np.sqrt(df / max(1.0 - r * r, 1e-12))
    return float(stats.t.cdf(t, df) if less else stats.t.sf(t, df))
