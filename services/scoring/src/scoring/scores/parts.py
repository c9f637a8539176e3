"""Sub-scores by who answers for an indicator: what a purchaser and a provider each made of their own part.

Track records, renewal and payment adjustment use the provider's alone. An indicator of both (joint) or of neither
(outside) counts for neither.
"""

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from json.encoder import encode_basestring as quoted
from typing import Any, Final, NamedTuple

from scoring.canonical import canonical_text
from scoring.frameworks.document import Framework, Node
from scoring.kernel import MICRO

__all__ = ["PARTIES", "Earned", "parts_in", "parts_of", "parts_text"]

PARTIES: Final = ("purchaser", "provider", "joint", "outside")


class Earned(NamedTuple):
    """One leaf: who answers for it, what it earned and lost in micro-points, and whether its evidence is held."""

    node: str
    accountable: str
    points: int
    lost: int
    held: bool


def parts_of(leaves: Iterable[Earned], *, grades: Sequence[tuple[str, int]]) -> dict[str, dict[str, Any]]:
    """Per party: points that it can earn (`weight`), its own score, bounds and grade, and what is held.

    The score is 100 x earned / (earned + lost) over its leaves, six decimals half-even; null where nothing is its own.
    `lower` counts held evidence as 0, as the score does, `upper` as 100. `grades` are (code, least micro-points),
    highest first.
    """
    sums: dict[str, list[int]] = {party: [0, 0, 0] for party in PARTIES}
    held: dict[str, list[str]] = {party: [] for party in PARTIES}
    for leaf in leaves:
        party = leaf.accountable if leaf.accountable in sums else "joint"
        own = sums[party]
        own[0] += leaf.points
        own[1] += leaf.lost
        if leaf.held:
            own[2] += leaf.lost
            held[party].append(leaf.node)
    return {party: _part(*sums[party], held=held[party], grades=grades) for party in PARTIES}


_NOTHING: Final[dict[str, Any]] = {
    "weight": "0.000000",
    "score": None,
    "lower": None,
    "upper": None,
    "grade": None,
    "held": [],
}


def _part(
    earned: int, lost: int, open_: int, *, held: Sequence[str], grades: Sequence[tuple[str, int]]
) -> dict[str, Any]:
    weight = earned + lost
    if weight == 0:
        return _NOTHING
    score = _half_even(100 * MICRO * earned, weight)
    said = _six(score)
    return {
        "weight": _six(weight),
        "score": said,
        "lower": said,
        "upper": _six(_half_even(100 * MICRO * (earned + open_), weight)) if open_ else said,
        "grade": next(code for code, least in grades if score >= least),
        "held": list(held),
    }


def parts_text(parts: Mapping[str, Mapping[str, Any]]) -> str:
    """The canonical JSON of `parts_of`, written directly: one of them per row."""
    said = ",".join([f'"{party}":{_part_text(parts[party])}' for party in _SORTED])
    return f"{{{said}}}"


_SORTED: Final = sorted(PARTIES)


def _part_text(part: Mapping[str, Any]) -> str:
    if part["score"] is None:
        return _NOTHING_TEXT
    held = ",".join(map(quoted, part["held"]))
    return (
        f'{{"grade":{quoted(part["grade"])},"held":[{held}],"lower":"{part["lower"]}","score":"{part["score"]}",'
        f'"upper":"{part["upper"]}","weight":"{part["weight"]}"}}'
    )


_NOTHING_TEXT: Final = canonical_text(_NOTHING)


def _half_even(number: int, divisor: int) -> int:
    whole, rest = divmod(number, divisor)
    return whole + (2 * rest > divisor or (2 * rest == divisor and whole % 2 == 1))


def _six(micro: int) -> str:
    return f"{micro // MICRO}.{micro % MICRO:06d}"


def parts_in(
    framework: Framework, content: Mapping[str, Any], *, indicators: Mapping[str, Mapping[str, Any]]
) -> dict[str, dict[str, Any]]:
    """The same from a score row's content; `indicators` are the agreed ones of the terms that it names, by id."""
    nodes = {node.path: node for node in framework.walk()}
    leaves = [
        Earned(
            leaf["node"],
            _accountable(nodes, leaf, indicators),
            int(Decimal(leaf["points"]) * MICRO),
            int(Decimal(leaf["lost"]) * MICRO),
            leaf["state"] == "hold",
        )
        for leaf in content["result"]["leaves"]
    ]
    return parts_of(leaves, grades=[(grade.code, round(grade.minimum * MICRO)) for grade in framework.grades])


def _accountable(
    nodes: Mapping[str, Node], leaf: Mapping[str, Any], indicators: Mapping[str, Mapping[str, Any]]
) -> str:
    node = nodes.get(leaf["node"])
    if node is not None and "indicator" not in leaf:
        rule = node.unagreed or node.rule
        return rule.accountable if rule else "joint"
    path = leaf["node"]
    while path and path not in nodes:
        path = path.rpartition(".")[0]
    rule = nodes[path].rule if path in nodes else None
    if rule is not None and rule.accountable != "agreed":
        return rule.accountable
    return str(indicators.get(leaf.get("indicator", ""), {}).get("accountable", "joint"))
