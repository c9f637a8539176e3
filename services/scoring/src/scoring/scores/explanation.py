"""A score row as a tree of the framework's nodes, with exact sums of the six-decimal figures."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any
from uuid import UUID

from scoring.frameworks.document import Framework, Node, Rule
from scoring.scores.recipients import measures_index, told_on_index
from scoring.scores.schemas import EvidenceRef, ExplanationNode

__all__ = ["explain", "indicators_in"]


def indicators_in(bodies: Sequence[Mapping[str, Any]]) -> dict[str, Mapping[str, Any]]:
    """The agreed indicators of the contract's terms among the evidence, by id."""
    return {each["indicator_id"]: each for body in bodies for each in body.get("indicators", ())}


def explain(
    framework: Framework, content: Mapping[str, Any], *, indicators: Mapping[str, Mapping[str, Any]]
) -> ExplanationNode:
    """The tree of a score row; `indicators` are the agreed indicators that the row's contract terms name."""
    leaves: dict[str, Mapping[str, Any]] = {leaf["node"]: leaf for leaf in content["result"]["leaves"]}
    evidence: Sequence[tuple[str, str]] = content["evidence"]
    children = [
        made
        for node in framework.nodes
        if (made := _node(node, leaves, evidence=evidence, indicators=indicators)) is not None
    ]
    return _dimension("", framework.title, children)


def _node(
    node: Node,
    leaves: Mapping[str, Mapping[str, Any]],
    *,
    evidence: Sequence[tuple[str, str]],
    indicators: Mapping[str, Mapping[str, Any]],
) -> ExplanationNode | None:
    """A node of the framework, None when the stage does not assess it."""
    if node.children:
        children = [
            made
            for child in node.children
            if (made := _node(child, leaves, evidence=evidence, indicators=indicators)) is not None
        ]
        return _dimension(node.path, node.title, children) if children else None
    own = leaves.get(node.path)
    if own is not None:
        rule = node.unagreed or node.rule
        assert rule is not None  # noqa: S101 - a node without children has a rule
        return _leaf(own, node.title, rule, agreed=None, evidence=evidence)
    assert node.rule is not None  # noqa: S101 - as above
    children = [
        _leaf(
            leaf,
            _named(indicators.get(leaf["indicator"], {"name": path})),
            node.rule,
            agreed=indicators.get(leaf["indicator"]),
            evidence=evidence,
        )
        for path, leaf in leaves.items()
        if path.startswith(f"{node.path}.")
    ]
    return _dimension(node.path, node.title, children) if children else None


def _named(indicator: Mapping[str, Any]) -> dict[str, str]:
    return {"en": indicator["name"], "zh": indicator["name"]}


def _dimension(path: str, title: Mapping[str, str], children: list[ExplanationNode]) -> ExplanationNode:
    return ExplanationNode(
        node=path,
        title=dict(title),
        weight=str(sum(Decimal(child.weight) for child in children)),
        points=str(sum(Decimal(child.points) for child in children)),
        lost=str(sum(Decimal(child.lost) for child in children)),
        state=None,
        normalised=None,
        raw=None,
        unit=None,
        target=None,
        accountable=None,
        over_attained=False,
        notes=[],
        normaliser=None,
        source=None,
        evidence=[],
        children=children,
    )


def _leaf(
    leaf: Mapping[str, Any],
    title: Mapping[str, str],
    rule: Rule,
    *,
    agreed: Mapping[str, Any] | None,
    evidence: Sequence[tuple[str, str]],
) -> ExplanationNode:
    normaliser = dict(rule.normaliser)
    target = rule.target.get("value")
    unit = rule.unit
    if agreed is not None:
        read = told_on_index(agreed) if measures_index(rule) else {}
        unit = rule.unit if measures_index(rule) else agreed["unit"]
        told = {name: agreed[name] for name in ("direction", "zero_at", "baseline", "standard", "target")} | read
        target = told.pop("target")
        normaliser |= told
    return ExplanationNode(
        node=leaf["node"],
        title=dict(title),
        weight=str(Decimal(leaf["points"]) + Decimal(leaf["lost"])),
        points=leaf["points"],
        lost=leaf["lost"],
        state=leaf["state"],
        normalised=leaf.get("normalised"),
        raw=leaf.get("raw"),
        unit=unit,
        target=None if target is None else str(target),
        accountable=agreed["accountable"] if agreed is not None and rule.accountable == "agreed" else rule.accountable,
        over_attained=leaf.get("over_attained", False),
        notes=list(leaf.get("notes", ())),
        normaliser=normaliser,
        source=rule.source,
        evidence=[
            EvidenceRef(id=UUID(evidence[place][0]), sha256=evidence[place][1]) for place in leaf.get("evidence", ())
        ],
        children=[],
    )
