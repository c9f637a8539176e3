"""How far a wave's estimate may be off.

Surveys hand over a standard error where the answers are a sample that has one. An estimate without one is not exact for
that: a small census has the bounds of its finite population, an open link says nothing about those who did not come.
"""

from collections.abc import Mapping
from typing import Any, Final

from scoring.scores.measured import Spread

__all__ = ["sampling_error"]

SCALE: Final = {"index100": (0.0, 100.0), "top2": (0.0, 1.0)}
"""Lowest and highest possible value of a measure."""
_UNSEEN: Final = 3.0
"""Rule of three: what none of n answers showed has at most the share 3 / n, with 95 % confidence. Source: Hanley and
Lippman-Hand (1983), If nothing goes wrong, is everything all right?, JAMA 249(13)."""
_WIDTH: Final = 12.0**0.5
"""Width over standard deviation of a uniform distribution."""


def sampling_error(estimate: Mapping[str, Any]) -> Spread | None:
    """The distribution of a wave's estimate; None where it is exact, because everybody answered.

    With a standard error (`se_total`, which has the component for non-response, else `se`): t, or normal without
    degrees of freedom. Without one, uniform (own choice: nothing says where in the range the truth lies) over

    - the bounds of a small census, whatever the silent would have said;
    - the whole scale for an open link, or where no limits are told;
    - what the rule of three leaves open, where all who answered said the same.
    """
    df, answers = estimate.get("df"), estimate.get("n")
    error = estimate.get("se_total") or estimate.get("se")
    if error:
        return Spread("sampling", "t" if df else "normal", float(error), df, answers)
    low, high = estimate.get("ci_low"), estimate.get("ci_high")
    if low is None or high is None:
        low, high = SCALE[estimate["measure"]]
    elif low == high and estimate.get("ci_method") != "bounds":
        low, high = _alike(float(estimate["estimate"]), *SCALE[estimate["measure"]], answers=answers)
    if not low < high:
        return None
    return Spread("sampling", "uniform", (high - low) / _WIDTH, n=answers, centre=(low + high) / 2.0)


def _alike(value: float, lowest: float, highest: float, *, answers: int | None) -> tuple[float, float]:
    """Where the mean may lie if all answers were `value`: up to 3 / n of the others at either end of the scale."""
    share = min(1.0, _UNSEEN / answers) if answers else 1.0
    return value - share * (value - lowest), value + share * (highest - value)
