"""Targets compared with what history and the sector reached: was a target set so low that anybody meets it?"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

__all__ = ["EasyTarget", "easy_targets"]


class EasyTarget(NamedTuple):
    """A target that asks for less than was reached before."""

    node: str
    target: float
    """The value that earns the full points."""
    against: str
    """`history` or `sector`."""
    reached: float
    """What was reached, in the unit of the indicator."""
    source: str


def easy_targets(document: Mapping[str, Any]) -> list[EasyTarget]:
    """The indicators whose full points cost less than their reference, beyond its tolerance; modules included.

    Source: 财预〔2020〕10号: standards are plan, sector and history; a target that is far exceeded was set too low.
    """
    found = list(_nodes(document["nodes"], ""))
    for module in document.get("modules", ()):
        for graft in module["grafts"]:
            found += _nodes(graft["nodes"], "" if graft["under"] == "root" else graft["under"])
    return found


def _nodes(nodes: Sequence[Mapping[str, Any]], path: str) -> Iterator[EasyTarget]:
    for node in nodes:
        here = f"{path}.{node['code']}" if path else node["code"]
        yield from _nodes(node.get("children", ()), here)
        rule = node.get("indicator", {})
        reference, full = rule.get("reference"), _full_points(rule)
        if reference is None or full is None:
            continue
        tolerance = reference.get("tolerance", 0.0)
        for against in ("history", "sector"):
            if against not in reference:
                continue
            slack = abs(reference[against]) * tolerance
            short = reference[against] - full if rule["direction"] == "higher" else full - reference[against]
            if short > slack + 1e-9:
                yield EasyTarget(here, full, against, reference[against], reference["source"])


def _full_points(rule: Mapping[str, Any]) -> float | None:
    """The value from which an indicator earns 100, None where it has none."""
    normaliser = rule.get("normaliser", {})
    match normaliser.get("kind"):
        case "goalposts":
            swapped = normaliser.get("direction") == "lower"
            return float(normaliser["lower" if swapped else "upper"])
        case "share":
            return 1.0
        case "piecewise":
            knots = sorted(normaliser["knots"], key=lambda knot: (-knot[1], knot[0] * _sign(rule)))
            return float(knots[0][0])
        case _:
            return None


def _sign(rule: Mapping[str, Any]) -> int:
    """Of the knots with the best score, the one that is met first."""
    return 1 if rule["direction"] == "higher" else -1
