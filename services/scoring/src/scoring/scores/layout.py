"""Where a framework's leaves stand in the kernel's arrays.

A dimension that agreed indicators fill gets as many rows as the contract of the batch with the most of them has; the
others leave rows ABSENT, which changes no bit of their sums.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from scoring import kernel
from scoring.frameworks.document import STAGES, Framework, Gate, Node, Rule
from scoring.kernel import Tree, quantise
from scoring.scores.measures import MISSING
from scoring.scores.normalisers import goalposts_of, in_table
from scoring.scores.recipients import measures_index

__all__ = ["Block", "Gated", "Layout", "layout_of", "widths_of"]


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
    by_index: bool
    """Whether agreed indicators are measured by a survey's index of 0-100, whatever scale they were agreed on."""
    missing: int | None
    """What missing evidence of an agreed indicator means, as the kernel's state; None: as agreed."""
    lone_missing: int
    higher: bool | None
    """Whether more is better; None: as agreed."""
    lone_target: float
    """The constant target of the lone row; NaN where it has none."""
    lone_higher: bool


@dataclass(frozen=True, slots=True)
class Threshold:
    """A node that has no value while evidence covers less than `minimum` (micro-units) of its weight."""

    path: str
    node: int
    leaves: list[int]
    minimum: int


@dataclass(frozen=True, slots=True)
class Gated:
    """A gate with its node's number in the tree and the leaves below it."""

    gate: Gate
    node: int
    leaves: list[int]
    below: int
    """Micro-points."""
    ceiling: int
    """The highest score of the grade that it caps at, in micro-points."""


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
    special: tuple[tuple[int, bool, Mapping[str, Any]], ...]
    """Rows that the common table does not score: row, whether as an agreed indicator, normaliser."""
    thresholds: tuple[Threshold, ...]
    gates: tuple[Gated, ...]
    rules: tuple[tuple[Rule, Rule], ...]
    """Per row its rule as an agreed indicator, and as the lone row."""
    accountable: tuple[tuple[str | None, str], ...]
    """Per row who answers for it: as an agreed indicator (None: as agreed), and as the lone row."""
    numbers: Mapping[str, int]
    """Number of each node in the tree by its path; empty: the root."""
    grades: tuple[tuple[str, int], ...]
    """Code and lower bound in micro-points, highest grade first."""


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
    exponents: list[float] = []
    weights: dict[int, Node] = {}

    def place(node: Node) -> int:
        if node.children:
            parents.append(tuple(place(child) for child in node.children))
            exponents.append(node.exponent)
        elif node.level is not None:
            block = places[node.path]
            parents.append(tuple(range(block.first, block.first + block.width)))
            exponents.append(node.exponent)
        else:
            number = places[node.path].first
            weights[number] = node
            return number
        number = first + len(parents) - 1
        weights[number] = node
        return number

    parents.append(tuple(place(node) for node in framework.nodes))
    exponents.append(framework.exponent)
    numbers = {node.path: number for number, node in weights.items()}
    weight = np.zeros((first + len(parents) - 1, len(STAGES)))
    for number, node in weights.items():
        weight[number] = [node.weight[stage] for stage in STAGES]
    minimums = quantise(np.array([grade.minimum for grade in framework.grades]))
    rows = tuple(block.node for block in blocks for _ in range(block.width))
    posts = np.array([goalposts_of(places[node.path].lone.normaliser) for node in rows])
    agreed = np.array([_attainment(node) for node in rows])
    tree = Tree(first, tuple(parents), tuple(exponents))
    codes = [grade.code for grade in framework.grades]
    return Layout(
        framework,
        tree,
        tuple(blocks),
        rows,
        weight,
        lower=posts[:, :1],
        upper=posts[:, 1:],
        zero_at_factor=agreed[:, :1],
        over_attained_ratio=agreed[:, 1:2],
        compared=agreed[:, 2:] > 0,
        minimums=minimums,
        special=tuple(_specials(blocks)),
        thresholds=tuple(_thresholds(framework, tree, numbers)),
        gates=tuple(_gates(framework, tree, numbers, minimums.tolist())),
        rules=tuple((block.shared, block.lone) for block in blocks for _ in range(block.width)),
        accountable=tuple(_accountable(block) for block in blocks for _ in range(block.width)),
        numbers=numbers | {"": tree.nodes - 1},
        grades=tuple(zip(codes, minimums.tolist(), strict=True)),
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
        by_index=measures_index(rule),
        missing=None if rule.missing == "agreed" else MISSING[rule.missing],
        lone_missing=MISSING[lone.missing],
        higher=None if rule.direction == "agreed" else rule.direction == "higher",
        lone_target=float(lone.target.get("value", "nan")),
        lone_higher=lone.direction != "lower",
    )


def _specials(blocks: Sequence[Block]) -> Iterator[tuple[int, bool, Mapping[str, Any]]]:
    for block in blocks:
        if block.node.level is not None and not in_table(block.shared.normaliser, agreed=True):
            for row in range(block.first, block.first + block.width):
                yield row, True, block.shared.normaliser
        if not in_table(block.lone.normaliser, agreed=False):
            yield block.first, False, block.lone.normaliser


def _accountable(block: Block) -> tuple[str | None, str]:
    agreed = block.shared.accountable
    return None if agreed == "agreed" else agreed, block.lone.accountable


def _thresholds(framework: Framework, tree: Tree, numbers: Mapping[str, int]) -> Iterator[Threshold]:
    """The dimensions and the root: a single indicator either has evidence or has none."""
    for node in framework.walk():
        minimum = framework.coverage_minimum if node.coverage_minimum is None else node.coverage_minimum
        if minimum and (node.children or node.level is not None):
            number = numbers[node.path]
            yield Threshold(node.path, number, _below(tree, number), round(minimum * kernel.MICRO))
    if framework.coverage_minimum:
        yield Threshold("", tree.nodes - 1, list(range(tree.leaves)), round(framework.coverage_minimum * kernel.MICRO))


def _gates(framework: Framework, tree: Tree, numbers: Mapping[str, int], minimums: Sequence[int]) -> Iterator[Gated]:
    """The cap lies one micro-point below the next better grade, so that the grade stays the band of the score."""
    codes = [grade.code for grade in framework.grades]
    for gate in framework.gates:
        rank, number = codes.index(gate.cap), numbers[gate.node]
        ceiling = minimums[rank - 1] - 1 if rank else 100 * kernel.MICRO
        yield Gated(gate, number, _below(tree, number), round(gate.below * kernel.MICRO), ceiling)


def _below(tree: Tree, number: int) -> list[int]:
    """The leaves under a node, itself where it is one."""
    if number < tree.leaves:
        return [number]
    return [leaf for child in tree.parents[number - tree.leaves] for leaf in _below(tree, child)]


def _attainment(node: Node) -> tuple[float, float, float]:
    """zero_at_factor, over_attained_ratio and whether it is compared with before, of agreed indicators."""
    if node.level is None or node.rule is None:
        return 1.0, 1.0, 0.0
    parameters = node.rule.normaliser
    if not in_table(parameters, agreed=True):
        return 1.0, 1.0, 0.0
    compared = 1.0 if parameters["kind"] == "baseline" else 0.0
    return float(parameters["zero_at_factor"]), float(parameters["over_attained_ratio"]), compared
