"""Measures of satisfaction: how an answer becomes the number that is averaged.

Each function turns answers (NaN = missing, "don't know" or "not used") into a vector whose mean is the measure.
"""

import numpy as np
import numpy.typing as npt

__all__ = ["bottom2", "cronbach_alpha", "index100", "nps", "nps_variance", "top2"]

Floats = npt.NDArray[np.float64]


def top2(values: Floats, *, points: int = 5) -> Floats:
    """1 for the two best answers of the scale 1..points, else 0: its mean is the satisfaction rate (0-1)."""
    return np.where(np.isnan(values), np.nan, (values >= points - 1).astype(np.float64))


def bottom2(values: Floats) -> Floats:
    """1 for the two worst answers of the scale, else 0: its mean is the share of the dissatisfied (0-1)."""
    return np.where(np.isnan(values), np.nan, (values <= 2).astype(np.float64))


def index100(values: Floats, *, points: int = 5) -> Floats:
    """Map the scale 1..points to 0..100 linearly: (y - 1) / (points - 1) * 100."""
    return (values - 1.0) / (points - 1.0) * 100.0


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


def cronbach_alpha(items: Floats) -> float:
    """Internal consistency of k items, given as an n x k table of complete cases.

    alpha = k/(k-1) (1 - sum of item variances / variance of the sum). Source: Cronbach, Psychometrika 16 (1951)
    297-334.

    Raises:
        ValueError: fewer than two items or two cases, or the sum never varies.
    """
    cases, count = items.shape
    if count < 2 or cases < 2:
        raise ValueError("alpha needs at least two items and two cases")
    whole = float(items.sum(axis=1).var(ddof=1))
    if whole == 0.0:
        raise ValueError("the sum of the items does not vary")
    parts = float(items.var(axis=0, ddof=1).sum())
    return float(count / (count - 1) * (1.0 - parts / whole))
