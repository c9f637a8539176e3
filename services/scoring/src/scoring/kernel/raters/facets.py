"""Many-facet Rasch model of ordinal marks: cases, criteria, evaluators and the steps of the scale, in logits.

    ln(P_k / P_(k-1)) = theta_u - b_i - a_r - tau_k,   theta ~ N(0, sigma^2),   sum a = 0,   sum tau = 0

A diagnostic beside the crossed effects (`crossed.py`): it takes a scale as ordered and not as equal distances, and asks
of each evaluator whether the marks are as regular as the model says (infit, outfit). No score rests on it.

Numbers are held against TAM's example 10 (`tests/scoring/kernel/raters/test_raters_facets.py`).

Marginal maximum likelihood: theta is integrated out over Gauss-Hermite nodes. Criteria and evaluators form cells; marks
are counts per unit, cell and category, so that the likelihood and its gradient are two sparse products whatever the
number of marks. Sources: Linacre 1989, Many-Facet Rasch Measurement (the model); Bock & Aitkin 1981, Psychometrika
46:443 (marginal likelihood); Warm 1989, Psychometrika 54:427 (weighted likelihood estimates of the units).
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy import optimize, sparse

__all__ = ["Facets", "NotEstimableError", "fit_facets", "separation"]

Array = NDArray[np.float64]
Index = NDArray[np.intp]

_NODES: Final = 61
"""Gauss-Hermite nodes; the deviance of the published example is the same to nine digits from 41 on."""
_STEP: Final = 1e-4
"""Step of the central differences of the gradient, in logits."""
_WIDEST: Final = 15.0
"""Logits beyond which a parameter is on its way to infinity: odds of three millions to one."""
_TINY: Final = 1e-300


class NotEstimableError(ValueError):
    """The marks do not determine the model; `facet` ("criterion", "rater") and `place` say whose marks are why."""

    def __init__(self, detail: str, *, facet: str | None = None, place: int | None = None) -> None:
        super().__init__(detail)
        self.facet, self.place = facet, place


@dataclass(frozen=True, slots=True)
class Facets:
    """Estimates in logits; a larger severity or difficulty means lower marks."""

    criterion: Array
    criterion_se: Array
    rater: Array
    """Severities; they sum to 0."""
    rater_se: Array
    criterion_se_complete: Array
    """As if the units' positions were known, each parameter for itself: what TAM prints, always too small."""
    rater_se_complete: Array
    step: Array
    """tau_1 ... tau_K; they sum to 0."""
    variance: float
    """Of the units."""
    deviance: float
    """-2 ln L."""
    parameters: int
    unit: Array
    """Expected a posteriori."""
    unit_sd: Array
    unit_wle: Array
    """Weighted likelihood estimates, which owe nothing to the other units."""
    unit_wle_se: Array
    rater_infit: Array
    """Mean squared residuals weighted by information, expected over the units' posteriors, so that it is 1 on average
    where the model holds however few marks a unit has; 0.5 to 1.5 productive."""
    rater_outfit: Array
    """The same unweighted: sensitive to single surprising marks."""

    @property
    def reliability(self) -> float:
        """Of the expected values a posteriori: var(EAP) / (var(EAP) + mean posterior variance)."""
        between = float(self.unit.var())
        return between / (between + float((self.unit_sd**2).mean()))

    @property
    def reliability_wle(self) -> float:
        """Of the weighted likelihood estimates: 1 - mean squared error / their variance."""
        return 1.0 - float((self.unit_wle_se**2).mean()) / float(self.unit_wle.var(ddof=1))


def fit_facets(unit: Index, criterion: Index, rater: Index, category: Index) -> Facets:
    """Fit the model. Codes run from 0 without a gap, categories from 0 (lowest) upwards; each is seen at least once.

    NotEstimableError where a category was never given, or an evaluator or criterion has nothing but the lowest or
    nothing but the highest category (its parameter would be infinite), or the search does not end.
    """
    shape = tuple(int(each.max()) + 1 for each in (unit, criterion, rater, category))
    _require_estimable(criterion, rater, category, shape)
    model = _Marginal(unit, criterion, rater, category, shape)
    found = optimize.minimize(
        model.value_and_gradient, model.start(), jac=True, method="BFGS", options={"gtol": 1e-6, "maxiter": 500}
    )
    # At the optimum the line search may end on rounding before the gradient is below its limit: the gradient decides.
    b, a, tau, sigma = model.unpacked(found.x)
    largest = max(float(np.abs(each).max()) for each in (b, a, tau, np.array([sigma])))
    if not np.isfinite(found.x).all() or largest > _WIDEST or np.abs(found.jac).max() > 1e-3:
        raise NotEstimableError(
            "There are too few marks, or they follow the cases without any chance: the severities would be infinite."
        )
    errors = _errors(model, found.x)
    mean, spread = model.posterior(found.x)
    complete = model.complete_errors(found.x)
    wle, wle_se = _weighted(model, b, a, tau)
    infit, outfit = model.fit(found.x)
    criteria = shape[1]
    free = len(a) - 1
    last = errors[criteria : criteria + free, criteria : criteria + free].sum()
    rater_variance = np.append(np.diag(errors)[criteria : criteria + free], last)
    return Facets(
        criterion=b,
        criterion_se=np.sqrt(np.diag(errors)[:criteria]),
        rater=a,
        rater_se=np.sqrt(np.maximum(rater_variance, 0.0)),
        criterion_se_complete=complete[0],
        rater_se_complete=complete[1],
        step=tau,
        variance=sigma**2,
        deviance=2.0 * float(found.fun) * model.marks,
        parameters=len(found.x),
        unit=mean,
        unit_sd=spread,
        unit_wle=wle,
        unit_wle_se=wle_se,
        rater_infit=infit,
        rater_outfit=outfit,
    )


def separation(measure: Array, se: Array) -> tuple[float, float, float]:
    """How well the measures are told apart: separation G, reliability, strata.

    G = SD_true / RMSE, reliability = G^2 / (1 + G^2), strata = (4 G + 1) / 3. Source: Wright & Masters 1982.
    """
    error = float((se**2).mean())
    true = max(float(measure.var(ddof=1)) - error, 0.0)
    g = (true / error) ** 0.5 if error > 0.0 else 0.0
    return g, g * g / (1.0 + g * g), (4.0 * g + 1.0) / 3.0


def _require_estimable(criterion: Index, rater: Index, category: Index, shape: tuple[int, ...]) -> None:
    _, criteria, raters, categories = shape
    if categories < 2 or raters < 2:
        raise NotEstimableError("At least two different grades and two evaluators are needed.")
    if not np.bincount(category, minlength=categories).all():
        raise NotEstimableError(
            f"Category {int(np.bincount(category, minlength=categories).argmin())} was never given."
        )
    for name, codes, count in (("criterion", criterion, criteria), ("rater", rater, raters)):
        total = np.bincount(codes, weights=category, minlength=count)
        marks = np.bincount(codes, minlength=count)
        extreme = np.flatnonzero((total == 0) | (total == marks * (categories - 1)))
        if len(extreme):
            raise NotEstimableError(
                "All of its marks are the lowest or the highest there is.", facet=name, place=int(extreme[0])
            )


class _Marginal:
    """The likelihood as a function of (b, a without the last, tau without the last, ln sigma), per mark."""

    def __init__(self, unit: Index, criterion: Index, rater: Index, category: Index, shape: tuple[int, ...]) -> None:
        units, self.criteria, self.raters, self.categories = shape
        self.marks = len(unit)
        cell, where = np.unique(criterion * self.raters + rater, return_inverse=True)
        self.cell_criterion, self.cell_rater = cell // self.raters, cell % self.raters
        column = where * self.categories + category
        self.counts = sparse.csr_array(
            (np.ones(self.marks), (unit, column)), shape=(units, len(cell) * self.categories)
        )
        self.turned = self.counts.T.tocsr()
        node, weight = np.polynomial.hermite_e.hermegauss(_NODES)
        self.node, self.log_weight = node, np.log(np.maximum(weight / weight.sum(), _TINY))
        self.k = np.arange(self.categories, dtype=np.float64)

    def start(self) -> Array:
        """All alike: the criteria at the overall mean, one logit of spread."""
        share = float(np.clip((self.counts.sum(axis=0).reshape(-1, self.categories).sum(axis=0) @ self.k), 1, None))
        share = np.clip(share / (self.marks * (self.categories - 1)), 0.02, 0.98)
        begin = np.zeros(self.criteria + self.raters - 1 + self.categories - 2 + 1)
        begin[: self.criteria] = -np.log(share / (1.0 - share))
        return begin

    def unpacked(self, x: Array) -> tuple[Array, Array, Array, float]:
        """b, a, tau with their last, and sigma."""
        first, second = self.criteria, self.criteria + self.raters - 1
        a, tau = x[first:second], x[second:-1]
        return x[:first], np.append(a, -a.sum()), np.append(tau, -tau.sum()), float(np.exp(x[-1]))

    def chances(self, theta: Array, b: Array, a: Array, tau: Array) -> tuple[Array, Array]:
        """Logarithms of the chances (cells, categories, thetas) and the expected category (cells, thetas)."""
        location = (b[self.cell_criterion] + a[self.cell_rater])[:, None, None]
        steps = np.concatenate([[0.0], np.cumsum(tau)])[None, :, None]
        log = self.k[None, :, None] * (theta[None, None, :] - location) - steps
        log -= np.logaddexp.reduce(log, axis=1, keepdims=True)
        return log, np.einsum("k,ckq->cq", self.k, np.exp(log))

    def _posterior(self, x: Array) -> tuple[Array, Array, Array, Array]:
        b, a, tau, sigma = self.unpacked(x)
        theta = sigma * self.node
        log, expected = self.chances(theta, b, a, tau)
        joint = self.counts @ log.reshape(-1, len(theta)) + self.log_weight
        total = np.logaddexp.reduce(joint, axis=1)
        return np.exp(joint - total[:, None]), total, expected, np.exp(log)

    def value_and_gradient(self, x: Array) -> tuple[float, Array]:
        """-ln L per mark and its derivatives (Fisher's identity: the expected complete-data score)."""
        weight, total, expected, chance = self._posterior(x)
        sigma = float(np.exp(x[-1]))
        counts = (self.turned @ weight).reshape(chance.shape)
        given = counts.sum(axis=1)
        surplus = np.einsum("k,ckq->cq", self.k, counts) - given * expected
        by_cell = surplus.sum(axis=1)
        d_b = -np.bincount(self.cell_criterion, weights=by_cell, minlength=self.criteria)
        d_a = -np.bincount(self.cell_rater, weights=by_cell, minlength=self.raters)
        beyond = (counts - given[:, None, :] * chance).sum(axis=(0, 2))
        d_tau = -np.cumsum(beyond[::-1])[::-1][1:]
        d_sigma = sigma * float((surplus * self.node).sum())
        score = np.concatenate([d_b, d_a[:-1] - d_a[-1], d_tau[:-1] - d_tau[-1], [d_sigma]])
        return -float(total.sum()) / self.marks, -score / self.marks

    def posterior(self, x: Array) -> tuple[Array, Array]:
        """Mean and standard deviation of each unit given its marks."""
        weight = self._posterior(x)[0]
        theta = self.unpacked(x)[3] * self.node
        mean = weight @ theta
        return mean, np.sqrt(np.maximum(weight @ theta**2 - mean**2, 0.0))

    def complete_errors(self, x: Array) -> tuple[Array, Array]:
        """Standard errors of criteria and raters from the expected complete-data information, each parameter alone."""
        weight, _, expected, chance = self._posterior(x)
        given = (self.turned @ weight).reshape(chance.shape).sum(axis=1)
        variance = np.einsum("k,ckq->cq", self.k**2, chance) - expected**2
        by_cell = (given * variance).sum(axis=1)
        criteria = np.bincount(self.cell_criterion, weights=by_cell, minlength=self.criteria)
        raters = np.bincount(self.cell_rater, weights=by_cell, minlength=self.raters)
        free = 1.0 / (raters[:-1] + raters[-1])
        return 1.0 / np.sqrt(criteria), np.sqrt(np.append(free, free.sum()))

    def fit(self, x: Array) -> tuple[Array, Array]:
        """Infit and outfit of each rater: E[(x - E)^2] over the posterior against the model's variance."""
        weight, _, expected, chance = self._posterior(x)
        counts = (self.turned @ weight).reshape(chance.shape)
        away = (self.k[None, :, None] - expected[:, None, :]) ** 2
        variance = np.maximum((chance * away).sum(axis=1), _TINY)
        squared, given = (counts * away).sum(axis=1), counts.sum(axis=1)
        sums = [
            squared.sum(axis=1),
            (given * variance).sum(axis=1),
            (squared / variance).sum(axis=1),
            given.sum(axis=1),
        ]
        found, model, standardised, marks = (
            np.bincount(self.cell_rater, weights=each, minlength=self.raters).astype(np.float64) for each in sums
        )
        return found / model, standardised / marks


def _errors(model: _Marginal, x: Array) -> Array:
    """Covariance of the estimates: the inverse of the observed information, by central differences of the gradient."""
    rows = []
    for place in range(len(x)):
        moved = np.zeros_like(x)
        moved[place] = _STEP
        rows.append((model.value_and_gradient(x + moved)[1] - model.value_and_gradient(x - moved)[1]) / (2.0 * _STEP))
    information = np.array(rows) * model.marks
    return np.asarray(np.linalg.pinv((information + information.T) / 2.0), dtype=np.float64)


def _moments(model: _Marginal, theta: Array, parts: tuple[Array, Array, Array]) -> tuple[Array, Array, Array]:
    """Per cell (rows) and theta (columns): expected category, its variance and its third central moment."""
    log, expected = model.chances(theta, *parts)
    chance = np.exp(log)
    away = model.k[None, :, None] - expected[:, None, :]
    return expected, (chance * away**2).sum(axis=1), (chance * away**3).sum(axis=1)


def _weighted(model: _Marginal, b: Array, a: Array, tau: Array) -> tuple[Array, Array]:
    """Warm's estimates: the root of score + J / (2 I), bisected, and 1 / sqrt(I) there.

    The function falls from above 0 to below 0 over any range that is wide enough; extreme marks have a root too.
    """
    marks = model.counts @ np.kron(np.eye(len(model.cell_rater)), np.ones((model.categories, 1)))
    reached = model.counts @ np.tile(model.k, len(model.cell_rater))
    low, high = np.full(len(reached), -30.0), np.full(len(reached), 30.0)
    information = np.empty_like(low)
    for _ in range(60):
        middle = (low + high) / 2.0
        expected, variance, third = _moments(model, middle, (b, a, tau))
        information = np.maximum((marks.T * variance).sum(axis=0), _TINY)
        slope = reached - (marks.T * expected).sum(axis=0) + (marks.T * third).sum(axis=0) / (2.0 * information)
        low, high = np.where(slope > 0.0, middle, low), np.where(slope > 0.0, high, middle)
    return (low + high) / 2.0, 1.0 / np.sqrt(information)
