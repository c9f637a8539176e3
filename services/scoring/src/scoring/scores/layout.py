"""Where a framework's leaves stand in the kernel's arrays.

A dimension that agreed indicators fill gets as many rows as the contract of the batch with the most of them has; the
others leave rows ABSENT, which changes no bit of their sums.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from scoring import kernel
from scoring.frameworks.document import STAGES, Framework, Node, Rule
from scoring.kernel import Tree, quantise
from scoring.scores.measures import MISSING

__all__ = ["Block", "Layout", "layout_of", "widths_of"]


@dataclass(frozen=True, slots=True)
class Block:
    """Rows `first` .. `first + width - 1` of one node: a single indicator, or a dimension of agreed indicators."""

    node: Node
    first: int
    width: int
    shared: Rule
    """The rule of the node, of each agreed indicator where it is a dimension of them."""
    lone: Rule
    """The rule of the one row that stands for the node when nothing was agreed; the node's own otherwise."""
    by_observation: bool
    """Whether each agreed indicator has observations of its own; otherwise one measured value is common to all."""
    missing: int | None
    """What missing evidence of an agreed indicator means, as the kernel's state; None: as agreed."""
    lone_missing: int
    higher: bool | None
    """Whether more is better; None: as agreed."""


@dataclass(frozen=True, slots=True)
class Layout:
    """A framework laid out for a batch."""

    framework: Framework
    tree: Tree
    blocks: tuple[Block, ...]
    rows: tuple[Node, ...]
    """The node that each row belongs to."""
    weight: NDArray[np.float64]
    """(nodes - 1, stages): weight inside the parent; 0 for agreed indicators, which each contract weighs."""
    lower: NDArray[np.float64]
    """(rows, 1): goalposts of the rows that are no agreed indicators."""
    upper: NDArray[np.float64]
    zero_at_factor: NDArray[np.float64]
    """(rows, 1): parameters of the rows that are agreed indicators."""
    over_attained_ratio: NDArray[np.float64]
    compared: NDArray[np.bool_]
    """(rows, 1): whether an agreed indicator is compared with before."""
    minimums: NDArray[np.int64]
    """Lower bounds of the grades in micro-points, highest grade first."""


def widths_of(framework: Framework, levels: Sequence[Mapping[str, int]]) -> tuple[int, ...]:
    """Rows that each dimension of agreed indicators needs; `levels` counts the agreed indicators of each contract."""
    return tuple(
        max((counts.get(node.level, 0) for counts in levels), default=0) or 1
        for node in framework.walk()
        if node.level is not None
    )


@lru_cache(maxsize=256)
def layout_of(framework: Framework, widths: tuple[int, ...]) -> Layout:
    """The layout of a framework whose dimensions of agreed indicators get these widths, in the order of the file."""
    blocks: list[Block] = []
    first, remaining = 0, list(widths)
    for node in framework.walk():
        if node.children:
            continue
        width = remaining.pop(0) if node.level is not None else 1
        blocks.append(_block(node, first, width))
        first += width
    places = {block.node.path: block for block in blocks}
    parents: list[tuple[int, ...]] = []
    weights: dict[int, Node] = {}

    def place(node: Node) -> int:
        if node.children:
            parents.append(tuple(place(child) for child in node.children))
        elif node.level is not None:
            block = places[node.path]
            parents.append(tuple(range(block.first, block.first + block.width)))
        else:
            number = places[node.path].first
            weights[number] = node
            return number
        number = first + len(parents) - 1
        weights[number] = node
        return number

    parents.append(tuple(place(node) for node in framework.nodes))
    weight = np.zeros((first + len(parents) - 1, len(STAGES)))
    for number, node in weights.items():
        weight[number] = [node.weight[stage] for stage in STAGES]
    minimums = quantise(np.array([grade.minimum for grade in framework.grades]))
    rows = tuple(block.node for block in blocks for _ in range(block.width))
    posts = np.array([_goalposts(node.unagreed or node.rule) for node in rows])
    agreed = np.array([_attainment(node) for node in rows])
    return Layout(
        framework,
        Tree(first, tuple(parents)),
        tuple(blocks),
        rows,
        weight,
        lower=posts[:, :1],
        upper=posts[:, 1:],
        zero_at_factor=agreed[:, :1],
        over_attained_ratio=agreed[:, 1:2],
        compared=agreed[:, 2:] > 0,
        minimums=minimums,
    )


def _block(node: Node, first: int, width: int) -> Block:
    rule = node.rule
    assert rule is not None  # noqa: S101 - a node without children has a rule
    lone = node.unagreed or rule
    return Block(
        node=node,
        first=first,
        width=width,
        shared=rule,
        lone=lone,
        by_observation=rule.evidence["from"] == "observation",
        missing=None if rule.missing == "agreed" else MISSING[rule.missing],
        lone_missing=MISSING[lone.missing],
        higher=None if rule.direction == "agreed" else rule.direction == "higher",
    )


def _goalposts(rule: Rule | None) -> tuple[float, float]:
    """The goalposts of a normaliser with constant parameters."""
    parameters = rule.normaliser if rule else {}
    match parameters.get("kind"):
        case "goalposts":
            return float(parameters["lower"]), float(parameters["upper"])
        case "lateness":
            return kernel.lateness(float(parameters["maximum_days"]))
        case "tier":
            return kernel.TIER
        case _:
            return kernel.SHARE


def _attainment(node: Node) -> tuple[float, float, float]:
    """zero_at_factor, over_attained_ratio and whether it is compared with before, of agreed indicators."""
    if node.level is None or node.rule is None:
        return 1.0, 1.0, 0.0
    parameters = node.rule.normaliser
    compared = 1.0 if parameters["kind"] == "baseline" else 0.0
    return float(parameters["zero_at_factor"]), float(parameters["over_attained_ratio"]), compared
