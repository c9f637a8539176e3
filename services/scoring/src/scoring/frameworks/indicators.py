"""What the rule of one indicator must keep."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Any, Final

from scoring.frameworks.cycles import CONSEQUENCES, HARMLESS, cycle
from scoring.frameworks.faults import Fault

__all__ = ["indicator_faults"]

_EXTENDED_KINDS: Final = {"band", "piecewise"}
_EXTENDED_FIELDS: Final = {"direction", "over_deduction", "target_zero", "shrink_to", "sector", "reliability", "ranges"}
_RATED: Final = {"goalposts", "tier", "band", "piecewise"}
Rule = Mapping[str, Any]


def indicator_faults(node: Mapping[str, Any], path: str, *, extended: bool) -> Iterator[Fault]:
    """Faults of an indicator, or of the two rules of a dimension that agreed indicators fill.

    `extended` tells whether the framework's algorithm is weighted-means 2.
    """
    if "indicator" in node:
        faults = [*_rule(node["indicator"], agreed=False)]
        if extended and node["indicator"]["evidence"]["from"] == "none":
            faults.append("an indicator needs an evidence rule")
        rules = [node["indicator"]]
    else:
        rules = [node["agreed"]["indicator"], node["agreed"]["unagreed"]]
        faults = [*_rule(rules[0], agreed=True), *_rule(rules[1], agreed=False)]
    for rule in rules:
        faults += _extended(rule) if extended else _plain(rule)
    if not extended and "aspect" in node.get("agreed", {}):
        faults.append("an aspect needs the algorithm weighted-means 2")
    yield from (Fault(f"node {path}", detail) for detail in dict.fromkeys(faults))


def _rule(rule: Rule, *, agreed: bool) -> Iterator[str]:
    if not agreed:
        fields = [field for field in ("direction", "standard", "accountable", "missing") if rule[field] == "agreed"]
        if rule["target"]["from"] == "agreed":
            fields.append("target")
        if fields:
            yield f"{', '.join(fields)} cannot be taken from an agreed indicator here"
        if rule["normaliser"]["kind"] in {"attainment", "baseline"}:
            yield f"{rule['normaliser']['kind']} needs the target of an agreed indicator"
        if rule["evidence"]["from"] == "observation":
            yield "an observation needs an agreed indicator"
    elif rule["normaliser"]["kind"] not in {"attainment", "baseline"}:
        yield f"agreed indicators have targets of their own: attainment or baseline, not {rule['normaliser']['kind']}"
    if rule["type"] == "satisfaction" and rule["missing"] in {"reweight", "agreed"}:
        yield "satisfaction is never reweighted away, missing must be hold or zero"
    found = cycle(rule)
    if found:
        yield f"a cycle: the evidence depends on a consequence of the contract's own score ({' <- '.join(found)})"
    unknown = sorted({*rule.get("depends_on", ())} - CONSEQUENCES.keys() - HARMLESS - {"score"})
    if unknown:
        yield f"{', '.join(unknown)} is no known act to depend on: {', '.join(sorted({*CONSEQUENCES, *HARMLESS}))}"
    yield from _normaliser(rule)


def _normaliser(rule: Rule) -> Iterator[str]:
    normaliser = rule["normaliser"]
    match normaliser["kind"]:
        case "goalposts":
            yield from _goalposts(normaliser, rule["direction"])
        case "tier":
            if rule["type"] != "qualitative":
                yield "tiers are for qualitative indicators"
            if "ranges" in normaliser:
                yield from _ranges(normaliser["values"], normaliser["ranges"])
        case "band":
            knots = [normaliser[name] for name in ("zero_below", "low", "high", "zero_above")]
            if not knots[0] < knots[1] <= knots[2] < knots[3]:
                yield "a band needs zero_below < low <= high < zero_above"
        case "piecewise":
            yield from _knots(normaliser["knots"], rule["direction"])
        case "baseline":
            yield from _baseline(normaliser)


def _goalposts(normaliser: Rule, direction: str) -> Iterator[str]:
    lower, upper = normaliser["lower"], normaliser["upper"]
    if lower == upper:
        yield "the goalposts are equal"
    elif lower > upper and "direction" in normaliser:
        yield "with a direction the lower goalpost lies below the upper one"
    elif (direction == "higher") != (lower < upper if "direction" not in normaliser else _rises(normaliser)):
        yield f"the goalposts run against the direction {direction}"


def _rises(normaliser: Rule) -> bool:
    return bool(normaliser["direction"] == "higher")


def _baseline(normaliser: Rule) -> Iterator[str]:
    if "shrink_to" in normaliser and "reliability" not in normaliser:
        yield "shrink_to needs the reliability of the baseline's own value"
    if "shrink_to" not in normaliser and normaliser.keys() & {"reliability", "sector"}:
        yield "reliability and sector belong to shrink_to"


def _ranges(values: Mapping[str, float], ranges: Mapping[str, Sequence[float]]) -> Iterator[str]:
    if ranges.keys() != values.keys():
        yield "the ranges are those of other tiers than the values"
        return
    for code, (low, high) in ranges.items():
        if not low < high:
            yield f"the range of the tier {code} is empty"
        elif not low <= values[code] <= high:
            yield f"the value of the tier {code} lies outside its range"
    ordered = sorted((low, high, code) for code, (low, high) in ranges.items())
    for (_, end, first), (start, _, second) in pairwise(ordered):
        if start < end:
            yield f"the ranges of the tiers {first} and {second} overlap"


def _knots(knots: Sequence[Sequence[float]], direction: str) -> Iterator[str]:
    if any(left[0] >= right[0] for left, right in pairwise(knots)):
        yield "the knots must rise strictly"
    scores = [knot[1] for knot in knots]
    if any(not 0 <= score <= 100 for score in scores):
        yield "the scores of the knots lie in 0-100"
    rising = all(left <= right for left, right in pairwise(scores))
    falling = all(left >= right for left, right in pairwise(scores))
    if scores[0] == scores[-1] or not (rising if direction == "higher" else falling):
        yield f"the scores of the knots must {'rise' if direction == 'higher' else 'fall'} (direction {direction})"


def _plain(rule: Rule) -> Iterator[str]:
    """What the algorithm weighted-arithmetic-mean 1 does not know."""
    used = sorted(_EXTENDED_FIELDS & rule["normaliser"].keys())
    if rule["normaliser"]["kind"] in _EXTENDED_KINDS:
        used.insert(0, rule["normaliser"]["kind"])
    if rule["evidence"]["from"] in {"rating", "manual"}:
        used.insert(0, rule["evidence"]["from"])
    if used:
        yield f"{', '.join(used)} needs the algorithm weighted-means 2"


def _extended(rule: Rule) -> Iterator[str]:
    if rule["missing"] == "reweight" and "justification" not in rule:
        yield "reweighting missing evidence away needs a justification"
    if "confidence" not in rule:
        yield "the confidence of the source is missing"
    if rule["evidence"]["from"] == "rating":
        kind = rule["normaliser"]["kind"]
        if kind not in _RATED or (kind == "tier" and "ranges" not in rule["normaliser"]):
            yield "a mark of 0-100 is normalised by goalposts, band, piecewise or tiers with ranges"
