"""What calibration takes out of the variance: residuals from the margins instead of the answers themselves."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

from surveys.kernel.margins import Margin, crossed

__all__ = ["Adjustment", "Calibration", "calibration_of", "dummies"]

Floats = npt.NDArray[np.float64]
Codes = npt.NDArray[np.int64]


class Adjustment(Protocol):
    """Anything that takes the explained part out of linearised scores u = z / w."""

    def residuals(self, linear: Floats) -> Floats:
        """The unexplained part of the n scores, in their order."""
        ...


@dataclass(frozen=True, slots=True, eq=False)
class Calibration:
    """The regression behind raked, post-stratified or calibrated weights.

    Answers with equal calibration variables share a cell, so that a million rows cost one pass over them.

    Arguments:
        base: n base weights d, before calibration.
        place: n cell codes 0..m-1.
        columns: m x p calibration variables x of each cell, with a column of ones or dummies that add up to one.
    """

    base: Floats
    place: Codes
    columns: Floats

    @classmethod
    def of_rows(cls, base: Floats, columns: Floats) -> "Calibration":
        """For continuous calibration variables, given per answer (n x p)."""
        return cls(base, np.arange(base.size), columns)

    def residuals(self, linear: Floats) -> Floats:
        """Subtract the regression: u - XB with B = (X'DX)^-1 X'Du, weighted by the BASE weights.

        These are the residuals of R's `calibrate()`; its `rake()` keeps a single sweep of them and is about 1 % off.
        Source: Deville & Sarndal, Journal of the American Statistical Association 87 (1992) 376-382, section 3.
        """
        cells = self.columns.shape[0]
        weight = np.bincount(self.place, weights=self.base, minlength=cells)
        score = np.bincount(self.place, weights=self.base * linear, minlength=cells)
        gram = self.columns.T @ (weight[:, np.newaxis] * self.columns)
        slopes = np.linalg.lstsq(gram, self.columns.T @ score, rcond=1e-13)[0]
        return np.asarray(linear - (self.columns @ slopes)[self.place], dtype=np.float64)


def dummies(margins: Sequence[Margin]) -> tuple[Floats, Floats]:
    """Calibration variables of the answers (n x p: ones, then all categories but the first) and their p totals."""
    ones = [np.ones(margins[0].codes.size)]
    columns = [(margin.codes == code).astype(np.float64) for margin in margins for code in range(1, margin.size)]
    totals = [[float(margins[0].targets.sum())], *(margin.targets[1:].tolist() for margin in margins)]
    return np.column_stack(ones + columns), np.array([each for group in totals for each in group])


def calibration_of(base: Floats, margins: Sequence[Margin]) -> Calibration:
    """The regression on the dummies of the margins: for raking, calibration to counts, and post-stratification."""
    place, codes = crossed(margins)
    cells = [Margin(margin.name, codes[:, axis], margin.targets) for axis, margin in enumerate(margins)]
    return Calibration(base, place, dummies(cells)[0])
