"""The assessed nodes of a score row with the exact values that went into them."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from scoring.frameworks.document import LINEAR, Framework, Node, Rule
from scoring.reports.errors import TableNotAdditive
from scoring.scores.facts import Facts
from scoring.scores.inputs import Inputs, prepare

__all__ = ["TableNode", "check_additive", "siblings", "table_nodes"]


@dataclass(frozen=True, slots=True, kw_only=True)
class TableNode:
    """A node of the table; `parent` is its parent's place in the list, None at the first level.

    `weight` is relative among its siblings. Of a leaf `state` says whether there is evidence or what its absence means;
    `value`, `target`, `zero_at` and `before` are None where there are none. A tier's `value` is its score already.
    """

    path: str
    parent: int | None
    depth: int
    title: str
    weight: float
    leaf: bool
    state: str = ""
    aspect: str | None = None
    unit: str = ""
    higher: bool = True
    agreed: bool = False
    value: float | None = None
    tier: str | None = None
    target: float | None = None
    zero_at: float | None = None
    before: float | None = None
    normaliser: Mapping[str, Any] | None = None
    points: float = 0.0
    worth: float = 0.0
    """Points that it could earn."""
    normalised: float = 0.0
    over_attained: bool = False
    execution: bool = False
    """Whether it is the budget execution rate, which the money block shows."""


def check_additive(framework: Framework) -> None:
    """Refuse (409) a framework whose nodes do not add up: TableNotAdditive names them."""
    nodes = [node.path for node in framework.walk() if node.exponent != LINEAR]
    nodes += ["root"] if framework.exponent != LINEAR else []
    if nodes:
        raise TableNotAdditive(
            f"The table adds points up; {', '.join(nodes)} of {framework.id} {framework.version} is no weighted sum. "
            "The evaluation report shows the score with its parts: GET /v1/reports/contracts/{contract_id}.",
            nodes=nodes,
        )


def table_nodes(facts: Facts, framework: Framework, content: Mapping[str, Any]) -> list[TableNode]:
    """Every node that the row's stage assesses, parents before children, in the order of the framework.

    `facts` come from the evidence that the row names, read at its stage. Raises TableNotAdditive.
    """
    check_additive(framework)
    inputs = prepare([facts], framework)
    leaves = {leaf["node"]: leaf for leaf in content["result"]["leaves"]}
    places = {block.node.path: block for block in inputs.layout.blocks}
    agreed = {str(each["indicator_id"]): each for each in facts.terms["indicators"]}
    made: list[TableNode] = []

    def add(node: Node, parent: int | None, depth: int) -> None:
        weight = node.weight[facts.stage]
        if weight <= 0.0:
            return
        here = len(made)
        if node.children:
            made.append(_dimension(node, parent, depth, weight))
            for child in node.children:
                add(child, here, depth + 1)
            return
        block = places[node.path]
        rows = range(block.first, block.first + block.width)
        sources = [(row, inputs.sources[0][row]) for row in rows]
        several = [(row, source[0]) for row, source in sources if source is not None and source[0] is not None]
        if not several:
            own = {"path": node.path, "parent": parent, "depth": depth, "title": node.title["zh"], "weight": weight}
            made.append(_leaf(inputs, block.first, block.lone, leaves[node.path], **own))
            return
        made.append(_dimension(node, parent, depth, weight))
        for row, each in several:
            path, terms = f"{node.path}.{each.node}", agreed[each.indicator_id]
            own = {"path": path, "parent": here, "depth": depth + 1, "title": each.name, "weight": each.weight}
            own |= {"agreed": True, "aspect": terms.get("aspect"), "unit": terms["unit"]}
            made.append(_leaf(inputs, row, block.shared, leaves[path], **own))

    for node in framework.nodes:
        add(node, None, 0)
    for place in reversed(range(len(made))):
        if not made[place].leaf:
            below = [made[each] for each in siblings(made, place)]
            points, worth = sum(each.points for each in below), sum(each.worth for each in below)
            made[place] = replace(made[place], points=points, worth=worth)
    return made


def _dimension(node: Node, parent: int | None, depth: int, weight: float) -> TableNode:
    return TableNode(path=node.path, parent=parent, depth=depth, title=node.title["zh"], weight=weight, leaf=False)


def _leaf(inputs: Inputs, row: int, rule: Rule, leaf: Mapping[str, Any], **own: Any) -> TableNode:  # noqa: ANN401 - fields
    """A leaf with what the kernel got for its row and what the score row says of it."""
    source = inputs.sources[0][row]
    measured = source[1] if source is not None else None
    fields: dict[str, Any] = {
        "leaf": True,
        "state": leaf["state"],
        "unit": rule.unit,
        "higher": bool(inputs.higher[row, 0]),
        "value": _known(inputs.value[row, 0]),
        "tier": measured.value if measured is not None and isinstance(measured.value, str) else None,
        "target": _known(inputs.target[row, 0]),
        "zero_at": _known(inputs.zero_at[row, 0]),
        "before": _known(inputs.baseline[row, 0]),
        "normaliser": rule.normaliser,
        "points": float(leaf["points"]),
        "worth": float(leaf["points"]) + float(leaf["lost"]),
        "normalised": float(leaf.get("normalised", 0.0)),
        "over_attained": bool(leaf.get("over_attained", False)),
        "execution": rule.evidence.get("measure") == "execution-rate",
    }
    return TableNode(**(fields | own))


def _known(value: float) -> float | None:
    return None if math.isnan(value) else float(value)


def siblings(nodes: Sequence[TableNode], parent: int | None) -> list[int]:
    """Places of the nodes below a parent, of the first level without one."""
    return [place for place, node in enumerate(nodes) if node.parent == parent]
