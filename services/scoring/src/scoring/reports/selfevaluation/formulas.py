"""Every normaliser as an Excel formula: the same arithmetic as `scoring.kernel.normalise`, to be read and changed.

Only IF, AND, MIN, MAX, ABS and SIGN are used, which every spreadsheet program has had from its beginning.
"""

from collections.abc import Mapping
from itertools import pairwise
from typing import Any

from scoring.reports.errors import TableNotAdditive
from scoring.scores.normalisers import goalposts_of

__all__ = ["number", "score_formula"]


def number(value: float) -> str:
    """A number in a formula, exactly; brackets keep a sign from meeting an operator."""
    written = repr(float(value)).removesuffix(".0")
    return f"({written})" if written.startswith("-") else written


def _unit(expression: str) -> str:
    return f"MAX(0,MIN(1,{expression}))"


def score_formula(
    normaliser: Mapping[str, Any], *, higher: bool, x: str, target: str, zero_at: str, before: str | None
) -> str:
    """The score of 0-100 from cells: `x` the actual value, `target`, `zero_at`, `before` (None: no baseline).

    Without the leading `=`. Raises TableNotAdditive for a kind that this release has no formula for.
    """
    match normaliser["kind"]:
        case "tier":
            return x  # the score of the tier was picked
        case "band":
            return _band(x, **{name: float(normaliser[name]) for name in ("zero_below", "low", "high", "zero_above")})
        case "piecewise":
            return _piecewise(x, normaliser["knots"])
        case "attainment" | "baseline":
            return _attained(normaliser, higher=higher, x=x, target=target, zero_at=zero_at, before=before)
        case "share" | "goalposts" | "lateness":
            lower, upper = goalposts_of(normaliser)
            return f"100*{_unit(f'({x}-{number(lower)})/({number(upper)}-{number(lower)})')}"
        case kind:
            raise TableNotAdditive(f"There is no spreadsheet formula for the normaliser {kind}.")


def _attained(
    normaliser: Mapping[str, Any], *, higher: bool, x: str, target: str, zero_at: str, before: str | None
) -> str:
    if higher:
        ratio = _unit(f"{x}/{target}")
        score = f"100*IF({target}>0,{ratio},IF({x}>={target},1,0))"
    else:
        ratio = _unit(f"1-({x}-{target})/({zero_at}-{target})")
        score = f"100*IF({zero_at}>{target},{ratio},IF({x}<={target},1,0))"
    if higher and "target_zero" in normaliser:
        score = f"IF({target}=0,{100 if normaliser['target_zero'] == 'met' else 0},{score})"
    if normaliser["kind"] == "baseline" and before is not None:
        change = f"({x}-{before})" if higher else f"({before}-{x})"
        scale = f"ABS({target}-{before})"
        moved = f"IF({scale}>0,MAX(-1,MIN(1,{change}/{scale})),SIGN({change}))"
        score = f"MAX({score},50+50*{moved})"
    if higher and "over_deduction" in normaliser:
        ratio_at = number(float(normaliser["over_attained_ratio"]))
        less = number(float(normaliser["over_deduction"]))
        score = f"IF(AND({target}>0,{x}>{ratio_at}*{target}),MAX({score}-{less},0),{score})"
    return score


def _band(x: str, *, zero_below: float, low: float, high: float, zero_above: float) -> str:
    rising, falling = f"IF({x}>={number(low)},1,0)", f"IF({x}<={number(high)},1,0)"
    if low > zero_below:
        rising = _unit(f"({x}-{number(zero_below)})/({number(low)}-{number(zero_below)})")
    if zero_above > high:
        falling = _unit(f"({number(zero_above)}-{x})/({number(zero_above)}-{number(high)})")
    return f"100*MIN({rising},{falling})"


def _piecewise(x: str, knots: Any) -> str:  # noqa: ANN401 - pairs of numbers from the framework
    made = number(knots[-1][1])
    for (left, before), (right, after) in reversed(list(pairwise(knots))):
        share = f"({x}-{number(left)})/({number(right)}-{number(left)})"
        inside = f"{number(before)}+({number(after)}-{number(before)})*({share})"
        made = f"IF({x}<={number(right)},{inside},{made})"
    return f"IF({x}<={number(knots[0][0])},{number(knots[0][1])},{made})"
