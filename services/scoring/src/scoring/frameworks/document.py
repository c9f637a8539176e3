"""A framework (index system) as it is written in its file: a tree of dimensions and indicators with frozen rules."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

__all__ = ["STAGES", "Framework", "Grade", "Node", "Rule"]

STAGES: Final = ("interim", "completion", "followUp")
"""Stages of an evaluation; each has its own weights."""


@dataclass(frozen=True, slots=True)
class Rule:
    """How one indicator is measured and scored; the fields are those of the framework's JSON Schema."""

    type: str
    unit: str
    direction: str
    target: Mapping[str, Any]
    standard: str
    evidence: Mapping[str, Any]
    normaliser: Mapping[str, Any]
    accountable: str
    missing: str
    source: str


@dataclass(frozen=True, slots=True)
class Node:
    """A dimension (`children`), an indicator (`rule`), or a dimension that agreed indicators of `level` fill.

    In the last case `rule` is the rule of each agreed indicator and `unagreed` the rule of the one leaf that stands for
    the dimension when the contract agreed none. `path` is the dotted code from the root, unique in the framework.
    `weight` is the share of the parent in per cent, per stage.
    """

    code: str
    path: str
    title: Mapping[str, str]
    weight: Mapping[str, float]
    children: tuple["Node", ...]
    rule: Rule | None
    level: str | None
    unagreed: Rule | None


@dataclass(frozen=True, slots=True)
class Grade:
    """A grade; `minimum` is inclusive."""

    code: str
    title: Mapping[str, str]
    minimum: float


@dataclass(frozen=True, slots=True, eq=False)
class Framework:
    """One version of a framework; `hash` is the SHA-256 of the RFC 8785 form of its document."""

    id: str
    version: str
    hash: str
    title: Mapping[str, str]
    source: str
    algorithm: Mapping[str, str]
    grades: tuple[Grade, ...]
    nodes: tuple[Node, ...]
    document: Mapping[str, Any]

    def walk(self) -> Iterator[Node]:
        """Every node, parents before children, in the order of the file."""
        stack = list(reversed(self.nodes))
        while stack:
            node = stack.pop()
            yield node
            stack.extend(reversed(node.children))
