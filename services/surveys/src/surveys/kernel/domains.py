"""The shares of all cells of a table at once: what `means.estimate` gives cell by cell, in one pass over the answers.

A table has dozens of cells and a wave up to a million answers. All that the variance of a cell needs are sums over the
answers that have stratum, calibration variables and cell in common. Sources: those of `variance` and `calibration`; the
formulas are the same, written with these sums.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from surveys.kernel.calibration import Calibration
from surveys.kernel.intervals import Interval, korn_graubard, wilson
from surveys.kernel.means import Estimate, estimate
from surveys.kernel.variance import Design, LonelyClusterError

__all__ = ["Domains"]

Floats = npt.NDArray[np.float64]
Codes = npt.NDArray[np.int64]
MAX_SUMS = 5_000_000  # a table of sums that is larger than this costs more than it saves


@dataclass(frozen=True, slots=True, kw_only=True)
class _Sums:
    """Sums over the answers of each group (row) and cell (column); w weights, y scores, d base weights."""

    n: Floats
    y: Floats
    w: Floats
    wy: Floats
    ww: Floats
    wwy: Floats
    wwyy: Floats
    d: Floats
    dy: Floats


class Domains:
    """A design made ready for tables; a group is what shares stratum and calibration variables."""

    def __init__(self, design: Design) -> None:
        self._design = design
        known = isinstance(design.calibration, Calibration)
        self._calibration = design.calibration if isinstance(design.calibration, Calibration) else None
        # Clusters and other kinds of calibration go cell by cell.
        self._plain = design.clusters is not None or (design.calibration is not None and not known)
        regression = np.zeros_like(design.strata) if self._calibration is None else self._calibration.place
        codes, strata = np.unique(design.strata, return_inverse=True)
        both = strata * (int(regression.max(initial=0)) + 1) + regression
        _, first, self._group = np.unique(both, return_index=True, return_inverse=True)
        self._stratum, self._regression = strata[first], regression[first]
        self._size = np.bincount(strata).astype(np.float64)
        population = None if design.population is None else design.population[codes]
        correction = np.ones(codes.size)
        if population is not None:
            share = np.divide(self._size, population, out=np.zeros(codes.size), where=population > 0.0)
            correction = np.where(population > 0.0, np.maximum(0.0, 1.0 - share), 1.0)
        lonely = np.flatnonzero((self._size == 1.0) & (correction > 0.0))
        if lonely.size and not self._plain:
            raise LonelyClusterError(int(codes[lonely[0]]))
        self._scale = correction * np.divide(
            self._size, self._size - 1.0, out=np.zeros(codes.size), where=self._size > 1.0
        )
        # As in `means.estimate`: an unweighted simple random sample of a finite population has Wilson's interval.
        equal = bool(np.ptp(design.weights) <= 1e-12 * float(design.weights.max())) if design.weights.size else False
        simple = equal and design.clusters is None and design.calibration is None and codes.tolist() == [0]
        self._population = float(population[0]) if simple and population is not None else None

    def shares(
        self, scores: Floats, place: Codes, cells: int, *, level: float = 0.95, cap: bool = True
    ) -> list[Estimate | None]:
        """The mean of scores between 0 and 1 in each cell, with error and interval; None where nobody answered.

        Arguments:
            scores: n numbers 0-1, NaN where the item was not answered.
            place: n cell codes 0..cells-1.
            cells: number of cells.
            level: of the intervals.
            cap: whether the Korn-Graubard effective size is held at n.

        Raises:
            LonelyClusterError: a stratum has one sampling unit only.
        """
        if self._plain or self._stratum.size * cells > MAX_SUMS:
            return self._one_by_one(scores, place, cells, level=level, cap=cap)
        sums = self._sums(scores, place, cells)
        n, mass = sums.n.sum(axis=0), sums.w.sum(axis=0)
        safe = np.where(mass > 0.0, mass, 1.0)
        means = sums.wy.sum(axis=0) / safe
        variances = self._variances(sums, means, safe)
        strata = np.zeros((self._size.size, cells))
        np.add.at(strata, self._stratum, sums.n)
        df = n - (strata > 0).sum(axis=0)
        weighting = n * sums.ww.sum(axis=0) / safe**2
        plain_means = sums.y.sum(axis=0) / np.maximum(n, 1.0)
        found: list[Estimate | None] = []
        for cell in range(cells):
            if not n[cell]:
                found.append(None)
                continue
            share, variance = float(means[cell]), max(0.0, float(variances[cell]))
            interval, method = self._interval(share, variance, int(n[cell]), int(df[cell]), level=level, cap=cap)
            found.append(
                Estimate(
                    estimate=share,
                    se=variance**0.5,
                    df=int(df[cell]),
                    interval=interval,
                    method=method,
                    n=int(n[cell]),
                    n_eff=float(n[cell] / weighting[cell]),
                    weighting=float(weighting[cell]),
                    deff=None,
                    unweighted=float(plain_means[cell]),
                )
            )
        return found

    def _one_by_one(
        self, scores: Floats, place: Codes, cells: int, *, level: float, cap: bool
    ) -> list[Estimate | None]:
        answered = ~np.isnan(scores)
        return [
            estimate(scores, self._design, domain=inside, level=level, cap=cap) if (answered & inside).any() else None
            for inside in (place == cell for cell in range(cells))
        ]

    def _sums(self, scores: Floats, place: Codes, cells: int) -> _Sums:
        answered = ~np.isnan(scores)
        key = (self._group * cells + place)[answered]
        y, w = scores[answered], self._design.weights[answered]
        d = w if self._calibration is None else self._calibration.base[answered]
        shape = (self._stratum.size, cells)

        def summed(amounts: Floats) -> Floats:
            found = np.bincount(key, weights=amounts, minlength=shape[0] * cells)
            return np.asarray(found.reshape(shape), dtype=np.float64)

        wy, ww = w * y, w * w
        return _Sums(
            n=summed(np.ones_like(y)),
            y=summed(y),
            w=summed(w),
            wy=summed(wy),
            ww=summed(ww),
            wwy=summed(w * wy),
            wwyy=summed(wy * wy),
            d=summed(d),
            dy=summed(d * y),
        )

    def _variances(self, sums: _Sums, means: Floats, mass: Floats) -> Floats:
        """V of each cell: over the strata (1 - f) n/(n - 1) (sum z^2 - (sum z)^2 / n), z = w (u - xB)."""
        linear = (sums.wy - means * sums.w) / mass
        squares = (sums.wwyy - 2.0 * means * sums.wwy + means**2 * sums.ww) / mass**2
        if self._calibration is not None:
            explained = self._explained((sums.dy - means * sums.d) / mass)
            mixed = (sums.wwy - means * sums.ww) / mass
            weights = self._design.weights
            whole = np.bincount(self._group, weights=weights)[:, np.newaxis]
            power = np.bincount(self._group, weights=weights**2)[:, np.newaxis]
            linear = linear - whole * explained
            squares = squares - 2.0 * mixed * explained + power * explained**2
        of_strata = np.zeros((2, self._size.size, means.size))
        np.add.at(of_strata[0], self._stratum, linear)
        np.add.at(of_strata[1], self._stratum, squares)
        spread = of_strata[1] - of_strata[0] ** 2 / self._size[:, np.newaxis]
        return np.asarray(self._scale @ spread, dtype=np.float64)

    def _explained(self, scores: Floats) -> Floats:
        """What the regression explains of the linearised scores of each cell, per group (see `Calibration`)."""
        calibration = self._calibration
        if calibration is None:
            return np.zeros_like(scores)
        columns = calibration.columns
        of_rows = np.zeros((columns.shape[0], scores.shape[1]))
        np.add.at(of_rows, self._regression, scores)
        weight = np.bincount(calibration.place, weights=calibration.base, minlength=columns.shape[0])
        gram = columns.T @ (weight[:, np.newaxis] * columns)
        slopes = np.linalg.lstsq(gram, columns.T @ of_rows, rcond=1e-13)[0]
        return np.asarray((columns @ slopes)[self._regression], dtype=np.float64)

    def _interval(
        self, share: float, variance: float, n: int, df: int, *, level: float, cap: bool
    ) -> tuple[Interval | None, str | None]:
        if df < 1:
            return None, None
        if self._population is not None:
            fraction = n / self._population
            return wilson(share, (n - 1) / (1.0 - fraction) if fraction < 1.0 else float("inf"), level=level), "wilson"
        return korn_graubard(min(1.0, max(0.0, share)), variance, n=n, df=df, level=level, cap=cap), "korn-graubard"
