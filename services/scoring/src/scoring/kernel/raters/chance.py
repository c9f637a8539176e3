"""Agreement corrected for chance on categorical and ordinal marks: Gwet's AC1/AC2 and its relatives.

Formulas and the linearised variances over units: Gwet 2014, "Handbook of Inter-Rater Reliability", 4th edition;
Fleiss 1971; Conger 1980; Brennan & Prediger 1981. A missing mark is NaN.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray
from scipy import stats

__all__ = [
    "COEFFICIENTS",
    "Agreement",
    "Coefficient",
    "Weighting",
    "agreement",
    "benchmark",
    "category_kappas",
    "light_kappa",
    "rater_bias",
    "weights",
]

Array = NDArray[np.float64]
Coefficient = Literal["percent", "gwet", "fleiss", "kripp", "conger", "bp"]
Weighting = Literal["unweighted", "quadratic", "linear", "ordinal", "radical", "ratio"]
LANDIS_KOCH: Final = (0.8, 0.6, 0.4, 0.2, 0.0, -1.0)
"""Almost perfect, substantial, moderate, fair, slight, poor: the lower bounds."""
COEFFICIENTS: Final[tuple[Coefficient, ...]] = ("percent", "gwet", "fleiss", "kripp", "conger", "bp")


@dataclass(frozen=True, slots=True)
class Agreement:
    """A coefficient with its standard error over units and its t interval (cut at 1)."""

    value: float
    observed: float
    """Agreement observed."""
    expected: float
    """Agreement expected by chance."""
    se: float
    lower: float
    upper: float
    p: float
    """Of no agreement beyond chance, two-sided."""


def weights(categories: Array, *, kind: Weighting) -> Array:
    """How much two categories agree, 0-1, for sorted numeric categories; the ordinal kind uses their order only."""
    found: Array
    x, y = categories[:, None], categories[None, :]
    span = float(categories[-1] - categories[0])
    match kind:
        case "unweighted":
            found = 1.0 - np.eye(len(categories))
        case "quadratic":
            found = (x - y) ** 2 / span**2
        case "linear":
            found = np.abs(x - y) / span
        case "radical":
            found = np.sqrt(np.abs(x - y)) / np.sqrt(span)
        case "ratio":
            found = ((x - y) / (x + y)) ** 2 / (span / float(categories[-1] + categories[0])) ** 2
        case "ordinal":
            places = np.arange(len(categories))
            apart = np.abs(places[:, None] - places[None, :]) + 1
            pairs = apart * (apart - 1) / 2.0
            found = pairs / pairs.max()
    agreeing: Array = 1.0 - found
    return agreeing


def agreement(
    table: Array,
    *,
    coefficient: Coefficient = "gwet",
    weighting: Weighting = "quadratic",
    categories: Array | None = None,
    level: float = 0.95,
) -> Agreement:
    """A coefficient of a table of units x raters.

    `categories` are the possible marks; by default those that occur. Units that nobody marked are left out. Needs two
    units and two categories; otherwise NaN.
    """
    table = table[~np.isnan(table).all(axis=1)]
    values = np.unique(table[~np.isnan(table)]) if categories is None else np.sort(categories)
    if len(table) < 2 or len(values) < 2:
        nan = float("nan")
        return Agreement(nan, nan, nan, nan, nan, nan, nan)
    weight = weights(values, kind=weighting)
    chosen = table[:, :, None] == values[None, None, :]
    counts = chosen.sum(axis=1).astype(np.float64)
    found = _krippendorff(counts, weight) if coefficient == "kripp" else _paired(coefficient, chosen, counts, weight)
    value, observed, expected, parts = found
    n = len(parts)
    df = n - 1
    se = float(np.sqrt(((parts - value) ** 2).sum() / (n * (n - 1))))
    half = se * float(stats.t.ppf((1.0 + level) / 2.0, df))
    p = float(2.0 * stats.t.sf(abs(value) / se, df)) if se > 0.0 else 0.0
    return Agreement(value, observed, expected, se, value - half, min(1.0, value + half), p)


def _paired(
    coefficient: Coefficient, chosen: NDArray[np.bool_], counts: Array, weight: Array
) -> tuple[float, float, float, Array]:
    """Value, observed, expected and the linearised value of each unit, for all but Krippendorff's."""
    n, q = counts.shape
    marks = counts.sum(axis=1)
    paired = marks >= 2
    per_unit = np.where(paired, _agreeing(counts, weight) / np.where(paired, marks * (marks - 1.0), 1.0), 0.0)
    observed = float(per_unit[paired].mean())
    share = (counts / marks[:, None]).mean(axis=0)
    expected, expected_units = 0.0, np.zeros(n)
    match coefficient:
        case "gwet":
            scale = float(weight.sum()) / (q * (q - 1))
            expected = scale * float((share * (1.0 - share)).sum())
            expected_units = scale * (counts @ (1.0 - share)) / marks
        case "fleiss":
            expected = float(share @ weight @ share)
            expected_units = counts @ ((weight + weight.T) @ share / 2.0) / marks
        case "bp":
            expected = float(weight.sum()) / q**2
            expected_units = np.full(n, expected)
        case "conger":
            expected, expected_units = _conger(chosen, weight)
        case _:
            pass
    value = (observed - expected) / (1.0 - expected)
    parts = n / paired.sum() * (per_unit - expected * paired) / (1.0 - expected)
    return value, observed, expected, parts - 2.0 * (1.0 - value) * (expected_units - expected) / (1.0 - expected)


def _agreeing(counts: Array, weight: Array) -> Array:
    agreeing: Array = (counts * (counts @ weight.T - 1.0)).sum(axis=1)
    return agreeing


def _conger(chosen: NDArray[np.bool_], weight: Array) -> tuple[float, Array]:
    """Chance agreement from each rater's own use of the categories, and its linearised value per unit."""
    n, raters, _ = chosen.shape
    rated = chosen.any(axis=2)
    many = rated.sum(axis=0).astype(np.float64)
    use = chosen.sum(axis=0) / many[:, None]
    mean = use.mean(axis=0)
    spread = (use.T @ use - raters * np.outer(mean, mean)) / (raters - 1)
    expected = float((weight * (np.outer(mean, mean) - spread / raters)).sum())
    shifted = chosen - (rated - many / n)[:, :, None] * use[None, :, :]
    linear = np.einsum("igl,kl->igk", shifted, weight) * (n / many)[None, :, None]
    others = raters * mean[None, :] - use
    return expected, np.einsum("igk,gk->i", linear, others) / (raters * (raters - 1))


def _krippendorff(counts: Array, weight: Array) -> tuple[float, float, float, Array]:
    counts = counts[counts.sum(axis=1) >= 2]
    marks = counts.sum(axis=1)
    mean = float(marks.mean())
    small = 1.0 / float(marks.sum())
    agreeing = _agreeing(counts, weight) / (mean * (marks - 1.0))
    raw = float(agreeing.mean())
    observed = (1.0 - small) * raw + small
    share = counts.mean(axis=0) / mean
    expected = float(share @ weight @ share)
    value = (observed - expected) / (1.0 - expected)
    uneven = (marks - mean) / mean
    # As irrCAC 1.0 has it: the correction for a finite number of marks enters the variance by `observed` only.
    uncorrected = (raw - expected) / (1.0 - expected)
    parts = (agreeing - observed * uneven - expected) / (1.0 - expected)
    expected_units = counts @ ((weight + weight.T) @ share / 2.0) / mean - expected * uneven
    parts = parts - 2.0 * (1.0 - uncorrected) * (expected_units - expected) / (1.0 - expected)
    # Shifted so that, as for the others, the deviations are from the coefficient itself.
    return value, observed, expected, parts - uncorrected + value


def benchmark(found: Agreement, *, lower_bounds: Sequence[float] = LANDIS_KOCH) -> list[float]:
    """The probability that the true coefficient lies in each band or above, for bands named by their lower bounds.

    The coefficient is normal around its estimate, cut to [-1, 1]. A band is called with confidence when its value is
    .95 or more. Source: Gwet 2014, chapter 6; the bands of Landis & Koch 1977, Biometrics 33:159.
    """
    top = float(stats.norm.sf((1.0 - found.value) / found.se))
    bottom = float(stats.norm.sf((-1.0 - found.value) / found.se))
    return [
        (float(stats.norm.sf((bound - found.value) / found.se)) - top) / (bottom - top)
        for bound in sorted(lower_bounds, reverse=True)
    ]


def category_kappas(table: Array) -> tuple[Array, Array]:
    """Fleiss' kappa of each category against all others and its z (null variance), for complete tables.

    Source: Fleiss 1971, Psychological Bulletin 76:378; z by Fleiss, Nee & Landis 1979. The last element of each is the
    overall kappa.
    """
    values = np.unique(table)
    counts = (table[:, :, None] == values).sum(axis=1).astype(np.float64)
    n, raters = table.shape
    share = counts.sum(axis=0) / (n * raters)
    rest = share * (1.0 - share)
    kappas = 1.0 - (counts * (raters - counts)).sum(axis=0) / (n * raters * (raters - 1) * rest)
    total = float(rest.sum())
    overall = float((kappas * rest).sum() / total)
    scale = np.sqrt(2.0 / (n * raters * (raters - 1)))
    spread = total**2 - float((rest * (1.0 - 2.0 * share)).sum())
    z = np.append(kappas / scale, overall * total / (scale * np.sqrt(spread)))
    return np.append(kappas, overall), z


def light_kappa(table: Array) -> float:
    """The mean of Cohen's kappa over all pairs of raters of a complete table. Source: Light 1971."""
    raters = table.shape[1]
    found = [
        agreement(table[:, [one, other]], coefficient="conger", weighting="unweighted").value
        for one in range(raters)
        for other in range(one + 1, raters)
    ]
    return float(np.mean(found))


def rater_bias(one: Array, other: Array) -> tuple[float, float, float]:
    """Whether one of two raters marks higher: share of the higher among unequal pairs, chi-square (1 df) and p.

    Source: Bishop, Fienberg & Holland 1975 (the McNemar statistic over an ordered table).
    """
    up, down = int((one < other).sum()), int((one > other).sum())
    if up + down == 0:
        return 0.5, 0.0, 1.0
    statistic = (up - down) ** 2 / (up + down)
    return max(up, down) / (up + down), float(statistic), float(stats.chi2.sf(statistic, 1))
