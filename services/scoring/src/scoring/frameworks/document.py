"""A framework (index system) as it is written in its file: a tree of dimensions and indicators with frozen rules."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

__all__ = ["ASPECTS", "LINEAR", "REASON", "STAGES", "Framework", "Gate", "Grade", "Node", "Rule"]

STAGES: Final = ("interim", "completion", "followUp")
"""Stages of an evaluation; each has its own weights."""

LINEAR: Final = 1.0
"""Exponent of the arithmetic mean."""

REASON: Final = "reason-required"
"""A softened target needs a reason of the signer. Own choice after 财预〔2020〕10号: plan, sector, history."""

ASPECTS: Final[Mapping[str, tuple[str, ...]]] = {
    "output": ("quantity", "quality", "timeliness", "cost"),
    "benefit": ("economic", "social", "ecological", "sustained"),
    "satisfaction": ("satisfaction",),
}
"""What an agreed indicator of a level may be about.

Source: 财预〔2020〕10号, level 3: 数量, 质量, 时效, 成本; 经济, 社会, 生态, 可持续; 满意度.
"""


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
    confidence: str | None = None
    """How sure the figures are: verified, second-hand, memory nn %, own choice."""
    depends_on: tuple[str, ...] = ()
    """Consequences of the contract's own score that the evidence rests on: a cycle, refused by `validate`."""
    justification: str | None = None
    """Why missing evidence may be reweighted away."""
    reference: Mapping[str, Any] | None = None
    """What history and the sector reached: `{"history", "sector", "tolerance", "source"}`."""


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
    """Level of the agreed indicators, `output`; with aspects `output/quantity` (one aspect each)."""
    unagreed: Rule | None
    exponent: float = LINEAR
    """p of the power mean over the children: 1 arithmetic, 0 geometric, -1 harmonic."""
    coverage_minimum: float | None = None
    """Share of the weight that must have evidence, 0-1; below it the node has no value. None: the framework's."""


@dataclass(frozen=True, slots=True)
class Grade:
    """A grade; `minimum` is inclusive."""

    code: str
    title: Mapping[str, str]
    minimum: float


@dataclass(frozen=True, slots=True)
class Gate:
    """A cap that no other result makes good: where `node` is below `below`, the grade is `cap` at most.

    It is firm when the probability that the node is below is at least `probability`.
    """

    code: str
    node: str
    below: float
    cap: str
    probability: float
    reason: Mapping[str, str]
    """Why, in English (en) and Chinese (zh)."""
    title: Mapping[str, str]
    """What people call it, in both languages."""


@dataclass(frozen=True, slots=True, eq=False)
class Framework:
    """One version of a framework, ready to score: a plain tree.

    `document` is what was scored under, with the module of the service category grafted in, and `hash` the SHA-256 of
    its RFC 8785 form; `written` and `written_hash` are the document as it was approved. Without modules they are one.
    """

    id: str
    version: str
    hash: str
    title: Mapping[str, str]
    source: Mapping[str, str]
    """Rule, annex or decision that it follows, in both languages."""
    algorithm: Mapping[str, str]
    grades: tuple[Grade, ...]
    nodes: tuple[Node, ...]
    document: Mapping[str, Any]
    written: Mapping[str, Any] = field(default_factory=dict)
    written_hash: str = ""
    exponent: float = LINEAR
    """p of the power mean over the first level."""
    coverage_minimum: float | None = None
    """Threshold of every node that states none of its own, 0-1; None: no threshold."""
    gates: tuple[Gate, ...] = ()
    core: tuple[str, ...] = ()
    """Paths of the common core that every service type shares."""
    categories: tuple[str, ...] | None = None
    """Prefixes of the service categories that it applies to; None: all."""
    module: str | None = None
    """Code of the module that was grafted in for the contract's service category."""
    marks: str = "criterion"
    """Level at which evaluators' marks enter: `criterion` or `total`."""
    inherits: Mapping[str, str] | None = None
    """Id, version and hash of the framework that this one follows."""
    softened: str = REASON
    """What a contract's softened target asks of whoever determines: `inform` or `reason-required`."""
    offered: bool = False
    """Shipped for regions to inherit; it applies nowhere by itself."""

    def walk(self) -> Iterator[Node]:
        """Every node, parents before children, in the order of the file."""
        stack = list(reversed(self.nodes))
        while stack:
            node = stack.pop()
            yield node
            stack.extend(reversed(node.children))
