"""How a framework's rule turns one row of raw values into scores of 0-100."""

from collections.abc import Mapping
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from scoring import kernel

__all__ = ["PLAIN", "goalposts_of", "in_table", "pick", "score_row"]

Array = NDArray[np.float64]

PLAIN: Final = {"share", "goalposts", "lateness", "tier"}
"""Normalisers that are goalposts with constant parameters."""
_OPTIONS: Final = {"over_deduction", "target_zero", "shrink_to"}
_UNIFORM: Final = 12.0**0.5
"""Width over standard deviation of a uniform distribution."""


def in_table(normaliser: Mapping[str, Any], *, agreed: bool) -> bool:
    """Whether the batch's common table scores such a row; the others are scored row by row."""
    if agreed:
        return normaliser["kind"] in {"attainment", "baseline"} and _OPTIONS.isdisjoint(normaliser)
    return normaliser["kind"] in PLAIN


def goalposts_of(normaliser: Mapping[str, Any]) -> tuple[float, float]:
    """The goalposts of a normaliser with constant parameters; a share's where it is none."""
    match normaliser.get("kind"):
        case "goalposts":
            posts = float(normaliser["lower"]), float(normaliser["upper"])
            return posts[::-1] if normaliser.get("direction") == "lower" else posts
        case "lateness":
            return kernel.lateness(float(normaliser["maximum_days"]))
        case "tier":
            return kernel.TIER
        case _:
            return kernel.SHARE


def score_row(
    normaliser: Mapping[str, Any], x: Array, *, target: Array, zero_at: Array, before: Array, higher: NDArray[np.bool_]
) -> tuple[Array, NDArray[np.bool_]]:
    """Scores and over-attained flags of one row, elementwise; the columns are contracts or draws of one contract.

    `zero_at` and `before` (the baseline) are NaN where nothing was agreed.
    """
    none = np.zeros(np.shape(x), dtype=np.bool_)
    match normaliser["kind"]:
        case "attainment" | "baseline" as kind:
            reached = np.where(np.isnan(zero_at), target * float(normaliser["zero_at_factor"]), zero_at)
            score = kernel.attainment(x, target, zero_at=reached, higher=higher)
            if "target_zero" in normaliser:
                zero = higher & (target == 0.0)
                score = np.where(zero, 100.0 if normaliser["target_zero"] == "met" else 0.0, score)
            if kind == "baseline":
                if "shrink_to" in normaliser:
                    reliability = float(normaliser.get("reliability", 1.0))
                    # Agreed indicators have units of their own: without a sector's value the target is its standard.
                    sector = np.asarray(float(normaliser["sector"])) if "sector" in normaliser else target
                    before = kernel.shrunken(before, sector=sector, reliability=reliability)
                score = kernel.baseline(x, before, scale=np.abs(target - before), higher=higher, level=score)
            ratio = np.asarray(float(normaliser["over_attained_ratio"]))
            over = kernel.over_attained(x, target, higher=higher, ratio=ratio)
            if "over_deduction" in normaliser:
                score = np.where(over, np.maximum(score - float(normaliser["over_deduction"]), 0.0), score)
            return score, over
        case "band":
            limits = {name: float(normaliser[name]) for name in ("zero_below", "low", "high", "zero_above")}
            return kernel.band(x, **limits), none
        case "piecewise":
            return kernel.piecewise(x, knots=normaliser["knots"]), none
        case _:
            lower, upper = goalposts_of(normaliser)
            return kernel.goalposts(x, lower=np.asarray(lower), upper=np.asarray(upper)), none


def pick(normaliser: Mapping[str, Any], tier: str, value: float | None) -> tuple[float, float] | None:
    """The score of a tier and its standard deviation; None when the tier is unknown or the value lies outside of it.

    With ranges the evaluator's own pick inside the tier counts; the middle stands in where none was made, with the
    spread of the whole width. Source: width / sqrt(12), the standard deviation of a uniform distribution.
    """
    if "ranges" in normaliser:
        if tier not in normaliser["ranges"]:
            return None
        low, high = sorted(map(float, normaliser["ranges"][tier]))
        if value is None:
            return (low + high) / 2.0, (high - low) / _UNIFORM
        return (value, 0.0) if low <= value <= high else None
    return (float(normaliser["values"][tier]), 0.0) if tier in normaliser["values"] else None
