"""Measures of satisfaction: how an answer becomes the number that is averaged.

Each function turns answers (NaN = missing, "don't know" or "not used") into a vector whose mean is the measure.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial

import numpy as np
import numpy.typing as npt

__all__ = [
    "Measure",
    "bottom2",
    "ces",
    "effort_measures",
    "index100",
    "mapped",
    "nps",
    "nps_measures",
    "nps_variance",
    "option",
    "rating_measures",
    "top2",
]

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Measure:
    """A name, the scale [low, high] of the result, and how answers become numbers on it."""

    name: str
    low: float
    high: float
    scores: Callable[[Floats], Floats]

    @property
    def span(self) -> float:
        """Length of the scale."""
        return self.high - self.low


def top2(values: Floats, *, points: int = 5) -> Floats:
    """1 for the two best answers of the scale 1..points, else 0: its mean is the satisfaction rate (0-1)."""
    return np.where(np.isnan(values), np.nan, (values >= points - 1).astype(np.float64))


def bottom2(values: Floats) -> Floats:
    """1 for the two worst answers of the scale, else 0: its mean is the share of the dissatisfied (0-1)."""
    return np.where(np.isnan(values), np.nan, (values <= 2).astype(np.float64))


def index100(values: Floats, *, points: int = 5) -> Floats:
    """Map the scale 1..points to 0..100 linearly: (y - 1) / (points - 1) * 100."""
    return (values - 1.0) / (points - 1.0) * 100.0


def mapped(values: Floats, scores: Mapping[int, float]) -> Floats:
    """Give each answer the number of a configured map, such as {4: 100, 3: 80, 2: 60, 1: 30} of a four-level form.

    An answer that the map does not have is missing.
    """
    found = np.full(values.shape, np.nan)
    for answer, score in scores.items():
        found[values == answer] = score
    return found


def option(values: Floats, code: float) -> Floats:
    """1 for the answers equal to `code`, else 0: its mean is the share of that option (0-1)."""
    return np.where(np.isnan(values), np.nan, (values == code).astype(np.float64))


def ces(values: Floats) -> Floats:
    """Customer effort score: the answer 1-7 itself. Source: Dixon, Freeman & Toman, Harvard Business Review (2010)."""
    return values.astype(np.float64, copy=True)


def nps(values: Floats) -> Floats:
    """Net promoter score of answers 0-10: 100 for 9-10, -100 for 0-6, else 0; its mean is the NPS (-100 to 100).

    Source: Reichheld, Harvard Business Review 81 (2003) 46-54.
    """
    scores = np.where(values >= 9, 100.0, np.where(values <= 6, -100.0, 0.0))
    return np.where(np.isnan(values), np.nan, scores)


def nps_variance(promoters: float, detractors: float, n_eff: float) -> float:
    """Variance of the NPS from the two shares (0-1) and the effective sample size, in squared NPS points.

    V = (p + d - (p - d)^2) / n_eff * 1e4: the multinomial variance of a score in {100, 0, -100}.
    """
    return (promoters + detractors - (promoters - detractors) ** 2) / n_eff * 1e4


def rating_measures(points: int) -> tuple[Measure, ...]:
    """What a rating is published with: the top-2 share and index100."""
    return (
        Measure("top2", 0.0, 1.0, partial(top2, points=points)),
        Measure("index100", 0.0, 100.0, partial(index100, points=points)),
    )


def nps_measures() -> tuple[Measure, ...]:
    """What a likelihood to recommend (0-10) is published with."""
    return (Measure("nps", -100.0, 100.0, nps),)


def effort_measures(points: int = 7) -> tuple[Measure, ...]:
    """What an effort question (1..points) is published with: its mean."""
    return (Measure("ces", 1.0, float(points), ces),)
