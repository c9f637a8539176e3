"""Estimates from counts: answers of equal weight and equal content are looked at once.

A million answers to a question fall into a few hundred cells of equal weight times a few possible answers. The formulas
are those of `variance`, `calibration` and `means`, with sums over answers written as sums over cells and answers times
their count; a test holds the two to each other. Samples of clusters have to take the rows.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from surveys.kernel.calibration import Calibration
from surveys.kernel.means import Estimate, estimate_of
from surveys.kernel.variance import LonelyClusterError, MeanEstimate
from surveys.kernel.weighting import Weighted

__all__ = ["Cells", "cell_counts", "cell_estimate", "cells_of"]

Floats = npt.NDArray[np.float64]
Codes = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class Cells:
    """Answers with the same base weight, final weight, stratum and calibration variables.

    Arguments:
        place: n cell codes 0..m-1.
        base: m base weights d.
        weights: m final weights w.
        strata: m stratum codes.
        sizes: answers per stratum.
        columns: m x p calibration variables, None for base weights.
        population: people per stratum for the finite population correction, None leaves it out.
    """

    place: Codes
    base: Floats
    weights: Floats
    strata: Codes
    sizes: Floats
    columns: Floats | None
    population: Floats | None


def cells_of(weighted: Weighted, *, within: Codes | None = None) -> Cells:
    """The cells of a wave's weights.

    Arguments:
        weighted: the weights.
        within: n codes that a cell must not mix, such as the strata before some were collapsed: base weights differ
            between them.

    Raises:
        ValueError: it is a sample of clusters, or calibrated by something else than margins.
    """
    design = weighted.design
    calibration = design.calibration
    if design.clusters is not None or not (calibration is None or isinstance(calibration, Calibration)):
        raise ValueError("only independent answers with weights from margins have cells")
    strata = int(design.strata.max(initial=0)) + 1
    inner = np.zeros_like(design.strata)
    key = design.strata
    if calibration is not None:
        inner = calibration.place
        key = inner * strata + design.strata
    if within is not None:
        key = key * (int(within.max(initial=0)) + 1) + within
    first, place = _distinct(key)
    return Cells(
        place=place,
        base=weighted.base[first],
        weights=design.weights[first],
        strata=design.strata[first],
        sizes=np.bincount(design.strata, minlength=strata).astype(np.float64),
        columns=None if calibration is None else calibration.columns[inner[first]],
        population=None if design.population is None else design.population[:strata],
    )


def _distinct(key: Codes) -> tuple[Codes, Codes]:
    """The first answer of each cell, and each answer's cell."""
    count = np.bincount(key)
    occupied = np.flatnonzero(count)
    lookup = np.zeros(count.size, dtype=np.int64)
    lookup[occupied] = np.arange(occupied.size)
    first = np.zeros(count.size, dtype=np.int64)
    first[key[::-1]] = np.arange(key.size - 1, -1, -1)
    return first[occupied], lookup[key]


def cell_counts(cells: Cells, codes: Codes, size: int, *, only: Flags | None = None) -> Floats:
    """Answers per cell and code (m x size); codes run from 0 to size - 1. `only` counts some of the answers."""
    key = cells.place * size + codes
    counts = np.bincount(key if only is None else key[only], minlength=cells.base.size * size)
    return counts.reshape(cells.base.size, size).astype(np.float64)


def cell_estimate(
    cells: Cells,
    counts: Floats,
    scores: Floats,
    *,
    scale: tuple[float, float],
    level: float = 0.95,
    cap: bool = True,
) -> Estimate:
    """What `means.estimate` gives for the same answers, from their counts.

    Arguments:
        cells: of the wave.
        counts: m x k answers per cell and code, all answers of the wave.
        scores: k numbers, one per code; NaN for codes outside the domain (missing, no opinion).
        scale: ends of the measure's scale.
        level: of the interval.
        cap: whether the Korn-Graubard effective size is held at n.

    Raises:
        ValueError: nobody answered.
        LonelyClusterError: a stratum has one answer only.
    """
    inside = ~np.isnan(scores)
    values, own = scores[inside], counts[:, inside]
    of_code = own.sum(axis=0)
    weight = cells.weights @ own
    size, n = float(weight.sum()), float(of_code.sum())
    if size == 0.0:
        raise ValueError("the domain has no answers")
    estimate = float(weight @ values) / size
    linear = np.zeros(scores.size)
    linear[inside] = (values - estimate) / size
    variance = _variance(cells, counts, linear)
    per_cell = own.sum(axis=1)
    weighting = n * float(per_cell @ cells.weights**2) / size**2
    deff = None
    if cells.columns is None and n >= 2:
        spread = n / (n - 1) * float(weight @ (values - estimate) ** 2) / size
        plain = (1.0 - n / size) * spread / n
        deff = variance / plain if plain > 0.0 else None
    strata = np.unique(cells.strata[per_cell > 0.0]).size
    found = MeanEstimate(estimate=estimate, variance=variance, n=int(n), df=int(n) - strata, deff=deff)
    return estimate_of(
        found,
        unweighted=float(of_code @ values) / n,
        weighting=weighting,
        simple_population=_simple_population(cells),
        scale=scale,
        level=level,
        cap=cap,
    )


def _variance(cells: Cells, counts: Floats, linear: Floats) -> float:
    """V = sum over strata of (1 - n_h/N_h) n_h/(n_h - 1) sum of f (z - mean z_h)^2 over cells and codes."""
    sizes = cells.sizes
    correction = np.ones(sizes.size)
    if cells.population is not None:
        share = np.divide(sizes, cells.population, out=np.ones(sizes.size), where=cells.population > 0.0)
        correction = np.maximum(0.0, 1.0 - share)
    lonely = np.flatnonzero((sizes == 1.0) & (correction > 0.0))
    if lonely.size:
        raise LonelyClusterError(int(lonely[0]))
    fitted = np.zeros(cells.base.size)
    if cells.columns is not None:
        mass = cells.base * counts.sum(axis=1)
        gram = cells.columns.T @ (mass[:, np.newaxis] * cells.columns)
        slopes = np.linalg.lstsq(gram, cells.columns.T @ (cells.base * (counts @ linear)), rcond=1e-13)[0]
        fitted = cells.columns @ slopes
    z = cells.weights[:, np.newaxis] * (linear[np.newaxis, :] - fitted[:, np.newaxis])
    sums = np.bincount(cells.strata, weights=(counts * z).sum(axis=1), minlength=sizes.size)
    middle = np.divide(sums, sizes, out=np.zeros(sizes.size), where=sizes > 0.0)
    squares = (counts * (z - middle[cells.strata][:, np.newaxis]) ** 2).sum(axis=1)
    scale = correction * np.divide(sizes, sizes - 1.0, out=np.zeros(sizes.size), where=sizes > 1.0)
    return float(scale @ np.bincount(cells.strata, weights=squares, minlength=sizes.size))


def _simple_population(cells: Cells) -> float | None:
    """N of an unweighted simple random sample."""
    if cells.columns is not None or cells.population is None or cells.sizes.size > 1:
        return None
    even = float(np.ptp(cells.weights)) <= 1e-12 * float(cells.weights.max())
    return float(cells.population[0]) if even else None
