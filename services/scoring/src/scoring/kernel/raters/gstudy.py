"""Generalisability: what part of the differences between marks is the case, and how many evaluators are needed.

Source: Shavelson & Webb 1991, "Generalizability Theory" (one facet, crossed).
"""

from dataclasses import dataclass
from math import ceil

import numpy as np
from numpy.typing import NDArray

from scoring.kernel.raters.icc import mean_squares

__all__ = ["Components", "components_of_table", "dependability", "generalisability", "raters_needed", "whole_raters"]

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Components:
    """Variances in squared points: of the cases, of the raters' severity, and of the rest."""

    unit: float
    rater: float
    residual: float


def components_of_table(table: Array) -> Components:
    """The G study of a complete table of units x raters, by expected mean squares; negative estimates become 0."""
    found = mean_squares(table)
    return Components(
        unit=max(0.0, (found.between - found.error) / found.raters),
        rater=max(0.0, (found.severity - found.error) / found.units),
        residual=max(0.0, found.error),
    )


def generalisability(components: Components, *, raters: float) -> float:
    """Reliability of the order of cases from the mean of so many raters: s_u^2 / (s_u^2 + s_e^2 / k).

    This is what marks are worth once severity is removed.
    """
    return _share(components.unit, components.residual / raters)


def dependability(components: Components, *, raters: float) -> float:
    """Reliability of the mark itself, severity counted as error: s_u^2 / (s_u^2 + (s_r^2 + s_e^2) / k)."""
    return _share(components.unit, (components.rater + components.residual) / raters)


def raters_needed(components: Components, *, wanted: float, calibrated: bool = False) -> float:
    """The D study: k = wanted / (1 - wanted) x error / s_u^2, not rounded; infinite when cases do not differ.

    The error is severity and residual for raw marks, the residual alone for calibrated ones. Round up with
    `math.ceil`.
    """
    if not 0.0 < wanted < 1.0:
        raise ValueError("a reliability lies between 0 and 1")
    error = components.residual + (0.0 if calibrated else components.rater)
    if components.unit <= 0.0:
        return float("inf")
    return wanted / (1.0 - wanted) * error / components.unit


def whole_raters(needed: float) -> int | None:
    """The number to appoint, at least one; None where no number is enough."""
    return None if needed == float("inf") else max(1, ceil(needed - 1e-9))


def _share(signal: float, noise: float) -> float:
    return signal / (signal + noise) if signal + noise > 0.0 else 0.0
