"""Weights from judgements (AHP, linear best-worst method, budget allocation) and two diagnostics (entropy, CRITIC)."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linprog

__all__ = [
    "BWM_LIMITS",
    "RANDOM_INDEX",
    "Ahp",
    "Budget",
    "Bwm",
    "aggregate_judgements",
    "ahp",
    "ahp_limit",
    "budget_allocation",
    "bwm",
    "bwm_limit",
    "critic",
    "entropy",
]

Array = NDArray[np.float64]

RANDOM_INDEX: Final = {
    "saaty-1980": (0.0, 0.0, 0.58, 0.90, 1.12, 1.24, 1.32, 1.41, 1.45, 1.49, 1.51, 1.48, 1.56, 1.57, 1.59)
}
"""Mean consistency index of random matrices of order 1 .. 15, by the version of the table: libraries differ in it."""

BWM_LIMITS: Final = {
    "liang-2020": (
        (0.1667, 0.1667, 0.1667, 0.1667, 0.1667, 0.1667, 0.1667),
        (0.1121, 0.1529, 0.1898, 0.2206, 0.2527, 0.2577, 0.2683),
        (0.1354, 0.1994, 0.2306, 0.2546, 0.2716, 0.2844, 0.2960),
        (0.1330, 0.1990, 0.2643, 0.3044, 0.3144, 0.3221, 0.3262),
        (0.1294, 0.2457, 0.2819, 0.3029, 0.3144, 0.3251, 0.3403),
        (0.1309, 0.2521, 0.2958, 0.3154, 0.3408, 0.3620, 0.3657),
        (0.1359, 0.2681, 0.3062, 0.3337, 0.3517, 0.3620, 0.3662),
    )
}
"""Limits of the input-based ratio for a_BW = 3 .. 9 (rows) and 3 .. 9 criteria (columns).

Source: Liang, Brunelli & Rezaei 2020, Omega 96, table of input-based thresholds; typed from memory (85 %).
"""


@dataclass(frozen=True, slots=True)
class Ahp:
    """Weights of a pairwise comparison with its consistency."""

    weights: Array
    """Principal eigenvector, sums to 1."""
    lambda_max: float
    index: float
    """CI = (lambda_max - n) / (n - 1)."""
    ratio: float
    """CR = CI / RI."""
    limit: float
    geometric: Array
    """Row geometric means, sum to 1: a second opinion."""
    geometric_index: float
    """GCI = 2 / ((n - 1)(n - 2)) x sum over i < j of (ln a_ij - ln w_i / w_j)^2, w the row geometric means."""
    geometric_limit: float
    """.31, .35, .37 for n = 3, 4, more (Aguarón & Moreno-Jiménez 2003; memory 90 %)."""
    triad: tuple[int, int, int] | None
    """The three items whose judgements contradict each other most, None below three items."""
    triad_product: float
    """a_ij a_jk a_ki of that triad: 1 when consistent."""

    @property
    def consistent(self) -> bool:
        """Whether the ratio keeps the limit."""
        return self.ratio <= self.limit


@dataclass(frozen=True, slots=True)
class Bwm:
    """Weights by the linear best-worst method."""

    weights: Array
    deviation: float
    """xi, the largest deviation |w_B - a_Bj w_j| or |w_j - a_jW w_W|."""
    ratio: float
    """Input-based consistency ratio, 0 consistent to 1."""
    limit: float
    worst_item: int
    """The item whose two judgements contradict a_BW most."""

    @property
    def consistent(self) -> bool:
        """Whether the ratio keeps the limit."""
        return self.ratio <= self.limit


@dataclass(frozen=True, slots=True)
class Budget:
    """Weights by budget allocation."""

    weights: Array
    spread: Array
    """Standard deviation of each weight over the panel (n - 1); zeros for one panellist."""
    concentration: float | None
    """kappa of Dirichlet(kappa w), from which weights are drawn; None when the panel is of one mind."""


def ahp_limit(order: int) -> float:
    """Largest consistency ratio that is accepted: .05 for three items, .08 for four, .10 for more (Saaty)."""
    return {3: 0.05, 4: 0.08}.get(order, 0.10)


def ahp(matrix: Array, *, random_index: str = "saaty-1980") -> Ahp:
    """Weights of a positive reciprocal matrix of order 1 to 15, a_ij = how many times i weighs more than j.

    Source: Saaty 1980; principal eigenvector, CI = (lambda_max - n) / (n - 1), CR = CI / RI.
    """
    order = len(matrix)
    values, vectors = np.linalg.eig(matrix)
    place = int(np.argmax(values.real))
    vector = np.abs(vectors[:, place].real)
    largest = float(values[place].real)
    index = max(0.0, (largest - order) / (order - 1)) if order > 2 else 0.0
    logs = np.log(matrix)
    rows = np.exp(logs.mean(axis=1))
    geometric = rows / rows.sum()
    errors = logs - np.log(geometric)[:, None] + np.log(geometric)[None, :]
    upper = np.triu_indices(order, 1)
    triads = list(combinations(range(order), 3))
    gaps = [float(logs[i, j] + logs[j, k] + logs[k, i]) for i, j, k in triads]
    worst = int(np.argmax(np.abs(gaps))) if triads else None
    return Ahp(
        weights=vector / vector.sum(),
        lambda_max=largest,
        index=index,
        ratio=index / RANDOM_INDEX[random_index][order - 1] if order > 2 else 0.0,
        limit=ahp_limit(order),
        geometric=geometric,
        geometric_index=2.0 * float((errors[upper] ** 2).sum()) / ((order - 1) * (order - 2)) if order > 2 else 0.0,
        geometric_limit={3: 0.31, 4: 0.35}.get(order, 0.37),
        triad=None if worst is None else triads[worst],
        triad_product=1.0 if worst is None else float(np.exp(gaps[worst])),
    )


def aggregate_judgements(matrices: Sequence[Array]) -> Array:
    """One matrix for a group: the geometric mean of each judgement (AIJ), which keeps the matrix reciprocal.

    Source: Aczél & Saaty 1983; Forman & Peniwati 1998.
    """
    mean: Array = np.exp(np.mean([np.log(matrix) for matrix in matrices], axis=0))
    return mean


def bwm(best: int, worst: int, best_to_others: Array, others_to_worst: Array) -> Bwm:
    """Weights by the linear best-worst method; both vectors hold judgements of 1 to 9, their own item 1.

    min xi subject to |w_B - a_Bj w_j| <= xi, |w_j - a_jW w_W| <= xi, sum w = 1, w >= 0, by HiGHS. The ratio is
    input-based: max_j |a_Bj a_jW - a_BW| / (a_BW^2 - a_BW).

    Source: Rezaei 2016, Omega 64; Liang, Brunelli & Rezaei 2020.
    """
    count = len(best_to_others)
    rows: list[Array] = []
    for item in range(count):
        for first, second, times in ((best, item, best_to_others[item]), (item, worst, others_to_worst[item])):
            if first != second:
                row = np.zeros(count + 1)
                row[first] += 1.0
                row[second] -= times
                rows += [np.append(row[:-1], -1.0), np.append(-row[:-1], -1.0)]
    cost = np.append(np.zeros(count), 1.0)
    total = np.append(np.ones(count), 0.0)[None, :]
    solved = linprog(cost, A_ub=np.array(rows), b_ub=np.zeros(len(rows)), A_eq=total, b_eq=[1.0], method="highs")
    span = float(best_to_others[worst])
    gaps = np.abs(best_to_others * others_to_worst - span)
    gaps[[best, worst]] = 0.0
    optimum = np.asarray(solved.x)
    return Bwm(
        weights=optimum[:-1],
        deviation=float(optimum[-1]),
        ratio=float(gaps.max()) / (span * span - span) if span > 1.0 else float(gaps.max() > 0.0),
        limit=bwm_limit(count, span),
        worst_item=int(np.argmax(gaps)),
    )


def bwm_limit(count: int, span: float, *, table: str = "liang-2020") -> float:
    """Largest input-based ratio that is accepted for `count` criteria and a_BW = `span`; 0 where nothing can vary."""
    if count < 3 or span < 2.0:
        return 0.0
    rows = BWM_LIMITS[table]
    return rows[min(max(int(span), 3), 9) - 3][min(count, 9) - 3]


def budget_allocation(allocations: Array) -> Budget:
    """Mean of a panel's allocations (panel, items) of a budget, with the dispersion as a Dirichlet's concentration.

    kappa = mean_j [w_j (1 - w_j) / var_j] - 1 by moments, over the items that the panel differs on.
    """
    shares = allocations / allocations.sum(axis=1, keepdims=True)
    weights = shares.mean(axis=0)
    if len(shares) < 2:
        return Budget(weights, np.zeros(len(weights)), None)
    variance = shares.var(axis=0, ddof=1)
    differs = variance > 1e-18
    kappa = None
    if differs.any():
        kappa = max(float(np.mean(weights[differs] * (1.0 - weights[differs]) / variance[differs])) - 1.0, 0.0)
    return Budget(weights, np.sqrt(variance), kappa)


def entropy(values: Array) -> Array:
    """Entropy weights of indicators (columns) over units (rows), positive values: a diagnostic, never a policy.

    p = x / sum x, e = -sum p ln p / ln m (0 ln 0 = 0), w = (1 - e) / sum(1 - e). Data-driven weights move
    with every event.
    """
    shares = values / values.sum(axis=0)
    logs = np.log(np.where(shares > 0.0, shares, 1.0))
    variety = 1.0 + (shares * logs).sum(axis=0) / np.log(len(values))
    weights: Array = variety / variety.sum()
    return weights


def critic(values: Array, *, higher: NDArray[np.bool_]) -> Array:
    """CRITIC weights of indicators (columns) over units (rows): contrast times conflict; a diagnostic, never a policy.

    Columns are oriented first (less is better turns round), then min-max: C_j = sd_j x sum_k (1 - r_jk). A constant
    column says nothing and gets 0; where all columns say the same, all get 0.

    Source: Diakoulaki, Mavrotas & Papayannakis 1995. Libraries that do not orient give other numbers.
    """
    low, high = values.min(axis=0), values.max(axis=0)
    width = np.where(high > low, high - low, 1.0)
    scaled = np.where(higher, values - low, high - values) / width
    spread = scaled.std(axis=0, ddof=1)
    standard = (scaled - scaled.mean(axis=0)) / np.where(spread > 0.0, spread, 1.0)
    correlation = standard.T @ standard / (len(values) - 1)
    content = spread * (1.0 - correlation).sum(axis=0)
    total = content.sum()
    weights: Array = content / total if total > 1e-9 * spread.sum() else np.zeros(len(content))
    return weights
