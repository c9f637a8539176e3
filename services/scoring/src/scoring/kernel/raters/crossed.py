"""Crossed random effects by profile REML: the cases, the severity of those who mark them, and the rest.

    y = X b + theta[unit] + delta[rater] + e,   theta ~ N(0, s_u^2), delta ~ N(0, s_r^2), e ~ N(0, s_e^2)

The larger factor is eliminated, so that the work is that of the smaller one: with the ratios t_a, t_b of the two
standard deviations to the residual's, counts c and the incidence matrix N,

    D = t_a^2 c_a + 1,   S = t_b^2 (diag c_b - N' diag(t_a^2 / D) N) + I,
    criterion = sum ln D + ln|S| + ln|L_x|^2 + (n - p) (1 + ln(2 pi rss / (n - p))).

D depends on a level's count alone, so that N' diag(.) N is a weighted sum of one matrix per distinct count, made once:
an evaluation of the criterion does not touch the marks. Sources: Bates, Maechler, Bolker & Walker 2015, Journal of
Statistical Software 67(1) (the profiled criterion); Henderson 1975, Biometrics 31:423 (mixed model equations, joint
inverse). BLAS threads are the caller's matter: one is much faster than two here.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy import linalg, optimize, sparse

__all__ = ["Crossed", "Solved", "Variances", "fit_crossed", "fit_variances", "known", "predict_effects", "ratio"]

Array = NDArray[np.float64]
Index = NDArray[np.intp]

_LEAST: Final = 1e-7
"""Below this a variance ratio is taken as zero."""
_NO_RESIDUAL: Final = 1e-11
"""Share of the sum of squares that is added to what is left over. Where cases and raters explain every mark the
likelihood has no maximum; with it the components are the variances of the effects themselves."""
_MOST: Final = 30.0
"""Logarithm of the largest variance ratio, beyond what that share allows."""
_MOST_STORED: Final = 20_000_000


@dataclass(frozen=True, slots=True)
class Variances:
    """The components in squared points, and the REML criterion at them."""

    unit: float
    rater: float
    residual: float
    criterion: float


@dataclass(frozen=True, slots=True)
class Crossed:
    """Predictions at given variances."""

    variances: Variances
    fixed: Array
    """Coefficients of the columns of X."""
    fixed_covariance: Array
    unit: Array
    """Predicted effects of the units (BLUP)."""
    rater: Array
    """Predicted severities (BLUP), prior means included."""
    unit_sd: Array
    """Conditional standard deviations of the effects, the fixed coefficients taken as known."""
    rater_sd: Array


def fit_crossed(unit: Index, rater: Index, mark: Array, *, fixed: Array | None = None) -> Crossed:
    """REML estimates and predictions. Codes run from 0 without a gap; `fixed` is X (default: the mean alone).

    ValueError when there are too few marks for three variances: some unit must have two marks, some rater too.
    """
    return predict_effects(unit, rater, mark, variances=fit_variances(unit, rater, mark, fixed=fixed), fixed=fixed)


def fit_variances(unit: Index, rater: Index, mark: Array, *, fixed: Array | None = None) -> Variances:
    """The variance components by REML."""
    x = _fixed(mark, fixed)
    counts = np.bincount(unit), np.bincount(rater)
    n, p = len(mark), x.shape[1]
    if counts[0].max() < 2 or counts[1].max() < 2 or n < p + 3:
        raise ValueError("too few marks: some unit needs two marks, and so does some rater")
    swapped = len(counts[0]) < len(counts[1])
    first, second = (rater, unit) if swapped else (unit, rater)
    shift = float(mark.mean())
    system = _Profile(first, second, np.column_stack([x, mark - shift]))
    if float(((mark - shift) ** 2).sum()) <= 1e-18 * n:
        return Variances(0.0, 0.0, 0.0, float("-inf"))
    found = _minimum(system)
    value, scale = system.criterion(*found)
    a, b = found[0] * scale, found[1] * scale
    return Variances(*((b, a) if swapped else (a, b)), residual=scale, criterion=value)


class _Profile:
    """The criterion as a function of the two variance ratios, from sums that are made once."""

    def __init__(self, first: Index, second: Index, w: Array) -> None:
        self.n, self.p = len(w), w.shape[1] - 1
        self.counts_b = np.bincount(second).astype(np.float64)
        counts = np.bincount(first)
        incidence = _incidence(first, second, len(counts), len(self.counts_b))
        w_a, self.w_b, self.w_w = _sums(first, w), _sums(second, w), w.T @ w
        sizes, group = np.unique(counts, return_inverse=True)
        self.sizes = sizes.astype(np.float64)
        self.many = np.bincount(group).astype(np.float64)
        rows = [np.flatnonzero(group == number) for number in range(len(sizes))]
        parts = [incidence[each] for each in rows]
        self.a_a = np.stack([w_a[each].T @ w_a[each] for each in rows])
        self.b_a = np.stack([part.T @ w_a[each] for part, each in zip(parts, rows, strict=True)])
        stored = len(parts) * len(self.counts_b) ** 2 <= _MOST_STORED
        self.b_b = np.stack([(part.T @ part).toarray() for part in parts]) if stored else None
        self.incidence, self.group = incidence, group

    def criterion(self, ratio_a: float, ratio_b: float) -> tuple[float, float]:
        """The REML criterion and the residual variance at two variance ratios."""
        d: Array = ratio_a * self.sizes + 1.0
        weight: Array = ratio_a / d
        tb = np.sqrt(ratio_b)
        s = -ratio_b * self._among(weight)
        s[np.diag_indices_from(s)] += ratio_b * self.counts_b + 1.0
        lower = linalg.cholesky(s, lower=True, overwrite_a=True, check_finite=False)
        right = tb * (self.w_b - np.tensordot(weight, self.b_a, 1))
        half = linalg.solve_triangular(lower, right, lower=True, overwrite_b=True, check_finite=False)
        q = self.w_w - np.tensordot(weight, self.a_a, 1) - half.T @ half
        p = self.p
        l_x = linalg.cholesky(q[:p, :p], lower=True, check_finite=False)
        part = linalg.solve_triangular(l_x, q[:p, p], lower=True, check_finite=False)
        rss = max(float(q[p, p] - part @ part), 0.0) + _NO_RESIDUAL * float(self.w_w[p, p])
        free = self.n - p
        value = float(self.many @ np.log(d)) + 2.0 * float(np.log(np.diag(lower)).sum() + np.log(np.diag(l_x)).sum())
        return value + free * (1.0 + np.log(2.0 * np.pi * rss / free)), rss / free

    def _among(self, weight: Array) -> Array:
        if self.b_b is not None:
            return np.tensordot(weight, self.b_b, 1)
        scaled = self.incidence.multiply(weight[self.group][:, None])
        return np.asarray((self.incidence.T @ scaled).toarray())


def _minimum(system: _Profile) -> tuple[float, float]:
    """The variance ratios of the least criterion: a simplex over their logarithms, then the edges where one is zero."""
    low = float(np.log(_LEAST))

    def both(log: Array) -> float:
        return system.criterion(float(np.exp(log[0])), float(np.exp(log[1])))[0]

    start = np.log([0.5, 0.3])
    found = optimize.minimize(
        both,
        start,
        method="Nelder-Mead",
        bounds=[(low, _MOST), (low, _MOST)],
        options={"xatol": 1e-7, "fatol": 1e-9, "initial_simplex": start + np.array([[0, 0], [1.5, 0], [0, 1.5]])},
    )
    best, ratios = float(found.fun), (float(np.exp(found.x[0])), float(np.exp(found.x[1])))
    for place in (0, 1):
        if ratios[place] > 100.0 * _LEAST:
            continue
        other = optimize.minimize_scalar(
            lambda log, place=place: system.criterion(*_with_zero(place, float(np.exp(log))))[0],
            bounds=(low, _MOST),
            method="bounded",
            options={"xatol": 1e-8},
        )
        if other.fun <= best + 1e-7:
            best, ratios = float(other.fun), _with_zero(place, float(np.exp(other.x)))
    return (ratios[0] if ratios[0] > 2.0 * _LEAST else 0.0), (ratios[1] if ratios[1] > 2.0 * _LEAST else 0.0)


def _with_zero(place: int, other: float) -> tuple[float, float]:
    return (0.0, other) if place == 0 else (other, 0.0)


def predict_effects(
    unit: Index,
    rater: Index,
    mark: Array,
    *,
    variances: Variances,
    fixed: Array | None = None,
    prior_mean: Array | None = None,
    prior_variance: Array | None = None,
) -> Crossed:
    """Best linear unbiased predictions at given variances.

    A rater whose severity is known from earlier rounds enters with its mean and variance (NaN: not known, 0 and
    s_r^2).
    """
    sizes = int(unit.max()) + 1, int(rater.max()) + 1
    mean, variance = known(variances, sizes[1], prior_mean, prior_variance)
    x = _fixed(mark, fixed)
    shift = float(mark.mean())
    w = np.column_stack([x, mark - shift - mean[rater]])
    unit_ratio, rater_ratio = (
        np.full(sizes[0], ratio(variances.unit, variances)),
        np.array([ratio(float(each), variances) for each in variance]),
    )
    swapped = sizes[0] < sizes[1]
    first, second = (rater, unit) if swapped else (unit, rater)
    ratio_a, ratio_b = (rater_ratio, unit_ratio) if swapped else (unit_ratio, rater_ratio)
    solved = Solved(first, second, w, ratio_a, ratio_b)
    beta = solved.beta.copy()
    a, b = solved.effects()
    a_sd, b_sd = (np.sqrt(variances.residual * each) for each in solved.conditional())
    # The marks were shifted for the sake of the last digits: the coefficients take the shift back.
    beta += np.linalg.lstsq(x, np.full(len(x), shift), rcond=None)[0]
    return Crossed(
        variances=variances,
        fixed=beta,
        fixed_covariance=variances.residual * solved.xx_inverse,
        unit=b if swapped else a,
        rater=(a if swapped else b) + mean,
        unit_sd=b_sd if swapped else a_sd,
        rater_sd=a_sd if swapped else b_sd,
    )


class Solved:
    """The mixed model equations in scaled effects, the first factor eliminated."""

    def __init__(self, first: Index, second: Index, w: Array, ratio_a: Array, ratio_b: Array) -> None:
        self.p = w.shape[1] - 1
        self.ta, self.tb = np.sqrt(ratio_a), np.sqrt(ratio_b)
        self.incidence = _incidence(first, second, len(ratio_a), len(ratio_b))
        self.d = ratio_a * np.bincount(first, minlength=len(ratio_a)) + 1.0
        weight = ratio_a / self.d
        self.w_a = _sums(first, w)
        inner = (self.incidence.T @ self.incidence.multiply(weight[:, None])).toarray()
        s = -self.tb[:, None] * inner * self.tb[None, :]
        s[np.diag_indices_from(s)] += ratio_b * np.bincount(second, minlength=len(ratio_b)) + 1.0
        self.factor = linalg.cho_factor(s, lower=True, check_finite=False)
        right = self.tb[:, None] * (_sums(second, w) - self.incidence.T @ (weight[:, None] * self.w_a))
        self.k_b = linalg.cho_solve(self.factor, right, check_finite=False)
        q = w.T @ w - self.w_a.T @ (weight[:, None] * self.w_a) - right.T @ self.k_b
        self.xx_inverse = np.linalg.inv(q[: self.p, : self.p])
        self.beta = self.xx_inverse @ q[: self.p, self.p]

    def effects(self) -> tuple[Array, Array]:
        """Predictions of both factors in points."""
        b = self.tb * (self.k_b[:, self.p] - self.k_b[:, : self.p] @ self.beta)
        left = self.w_a[:, self.p] - self.w_a[:, : self.p] @ self.beta - self.incidence @ b
        return self.ta**2 * left / self.d, b

    def conditional(self) -> tuple[Array, Array]:
        """Variances of both factors over the residual's, the fixed coefficients known."""
        inverse = self.inverse_b()
        across = self.incidence @ (self.tb[:, None] * inverse * self.tb[None, :])
        inside = np.asarray(self.incidence.multiply(across).sum(axis=1)).ravel()
        return self.ta**2 * (1.0 / self.d + self.ta**2 * inside / self.d**2), self.tb**2 * np.diag(inverse)

    def inverse_b(self) -> Array:
        """The inverse of S, in scaled effects."""
        identity = np.eye(len(self.tb))
        return np.asarray(linalg.cho_solve(self.factor, identity, overwrite_b=True, check_finite=False))


def ratio(variance: float, variances: Variances) -> float:
    """A variance over the residual's; 0 where there is no residual."""
    return variance / variances.residual if variances.residual > 0.0 else 0.0


def known(variances: Variances, raters: int, mean: Array | None, variance: Array | None) -> tuple[Array, Array]:
    """Prior means and variances of the severities: 0 and s_r^2 where nothing is known of a rater."""
    means = np.zeros(raters) if mean is None else np.nan_to_num(mean, nan=0.0)
    if variance is None:
        return means, np.full(raters, variances.rater)
    return means, np.where(np.isnan(variance), variances.rater, variance)


def _fixed(mark: Array, fixed: Array | None) -> Array:
    return np.ones((len(mark), 1)) if fixed is None else fixed


def _incidence(first: Index, second: Index, rows: int, columns: int) -> sparse.csr_array:
    ones = np.ones(len(first))
    return sparse.csr_array(sparse.coo_array((ones, (first, second)), shape=(rows, columns)))


def _sums(codes: Index, w: Array) -> Array:
    return np.stack([np.bincount(codes, column) for column in w.T], axis=1)
