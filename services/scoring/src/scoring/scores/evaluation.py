"""One way to score: one contract after an event and ten thousand in bulk go through `evaluate`, bit for bit alike."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from scoring import kernel
from scoring.canonical import sha256
from scoring.frameworks.document import STAGES, Framework, Rule
from scoring.kernel import MICRO
from scoring.scores.facts import Agreed, Facts, Measured
from scoring.scores.identity import content_text, leaf_text
from scoring.scores.layout import Layout, layout_of, widths_of
from scoring.scores.measures import MISSING, measure

__all__ = ["Inputs", "Outcome", "compute", "evaluate", "prepare", "six"]


@dataclass(frozen=True, slots=True)
class Inputs:
    """The kernel's inputs for a batch of contracts under one framework; arrays are (rows, batch)."""

    layout: Layout
    facts: Sequence[Facts]
    sources: Sequence[Sequence[tuple[Rule, Agreed | None, Measured | None] | None]]
    state: NDArray[np.int8]
    value: NDArray[np.float64]
    target: NDArray[np.float64]
    zero_at: NDArray[np.float64]
    baseline: NDArray[np.float64]
    higher: NDArray[np.bool_]
    agreed: NDArray[np.bool_]
    weight: NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Outcome:
    """The score of one contract under one framework; figures are six-decimal strings."""

    facts: Facts
    framework: Framework
    result: dict[str, Any]
    """Stage, score, lower, upper, coverage, the three grades and the held nodes, as they are hashed."""
    contributions: dict[str, str]
    """Points of each leaf."""
    names: dict[str, str]
    """Name of each leaf: as it was agreed, or the framework's English title."""
    simulated: bool
    """Whether any evidence that was used is simulated."""
    content: str
    content_hash: str


def six(micro: int) -> str:
    """Micro-units as a decimal string with six places."""
    return f"{micro / MICRO:.6f}"


def prepare(facts: Sequence[Facts], framework: Framework) -> Inputs:
    """Bring the facts of a batch into the framework's rows."""
    layout = layout_of(
        framework, widths_of(framework, [{level: len(each) for level, each in one.agreed.items()} for one in facts])
    )
    rows = layout.tree.leaves
    sources = [_sources(one, layout) for one in facts]
    blank: list[float] = [np.nan, np.nan, np.nan, np.nan, kernel.ABSENT, 0.0, 0.0, 0.0]
    cells = np.array(
        [[_cell(source) if source else blank for source in sources[n]] for n in range(len(facts))], dtype=np.float64
    ).reshape(len(facts), rows, len(blank))
    value, target, zero_at, baseline, state, higher, agreed, weight = np.ascontiguousarray(cells.transpose(2, 1, 0))
    nodes = layout.weight[:, [STAGES.index(one.stage) for one in facts]]
    for block in layout.blocks:
        if block.node.level is not None:
            span = slice(block.first, block.first + block.width)
            nodes[span] = weight[span]
    return Inputs(
        layout, facts, sources, state.astype(np.int8), value, target, zero_at, baseline, higher > 0, agreed > 0, nodes
    )


def _sources(facts: Facts, layout: Layout) -> list[tuple[Rule, Agreed | None, Measured | None] | None]:
    """Per row the rule, the agreed indicator where it is one, and what was measured; None where the row is padding."""
    sources: list[tuple[Rule, Agreed | None, Measured | None] | None] = []
    for block in layout.blocks:
        node = block.node
        assert node.rule is not None  # noqa: S101 - a block is a leaf or a dimension of agreed indicators
        agreed = facts.agreed.get(node.level, ()) if node.level is not None else ()
        if agreed:
            observed = node.rule.evidence["from"] == "observation"
            common = None if observed else measure(facts, node.rule)
            sources += [(node.rule, each, each.observed if observed else common) for each in agreed]
        else:
            rule = node.unagreed or node.rule
            sources.append((rule, None, measure(facts, rule)))
        sources += [None] * (block.first + block.width - len(sources))
    return sources


def _cell(source: tuple[Rule, Agreed | None, Measured | None]) -> list[float]:
    """Value, target, zero_at, baseline, state, higher, agreed, weight of one row."""
    rule, agreed, measured = source
    nan = float("nan")
    if measured is None:
        value, state = nan, MISSING.get(_rule_or_agreed(rule.missing, agreed, "missing"), kernel.HOLD)
    else:
        raw = measured.value
        value, state = rule.normaliser["values"][raw] if isinstance(raw, str) else raw, kernel.EVIDENCE
    if agreed is None:
        return [value, nan, nan, nan, state, 1.0, 0.0, 1.0]
    higher = 1.0 if rule.direction == "higher" or (rule.direction == "agreed" and agreed.higher) else 0.0
    return [value, agreed.target, agreed.zero_at, agreed.baseline, state, higher, 1.0, agreed.weight]


def _rule_or_agreed(rule_says: str, agreed: Agreed | None, field: str) -> str:
    return rule_says if rule_says != "agreed" or agreed is None else str(getattr(agreed, field))


def compute(inputs: Inputs) -> tuple[kernel.Aggregate, NDArray[np.float64], NDArray[np.bool_]]:
    """The numeric part: normalise every row and aggregate; also the normalised rows and the over-attained flags.

    Where no `zero_at` was agreed (NaN) the score of "less is better" reaches 0 at `zero_at_factor` times the target.
    """
    layout, value, target, higher = inputs.layout, inputs.value, inputs.target, inputs.higher
    zero_at = np.where(np.isnan(inputs.zero_at), target * layout.zero_at_factor, inputs.zero_at)
    attained = kernel.attainment(value, target, zero_at=zero_at, higher=higher)
    if layout.compared.any():
        before = np.where(layout.compared, inputs.baseline, np.nan)
        attained = kernel.baseline(value, before, scale=np.abs(target - before), higher=higher, level=attained)
    plain = kernel.goalposts(value, lower=layout.lower, upper=layout.upper)
    over = kernel.over_attained(value, target, higher=higher, ratio=layout.over_attained_ratio)
    scores = np.where(inputs.agreed, attained, plain)
    return kernel.aggregate(layout.tree, scores, inputs.state, inputs.weight), scores, over


def evaluate(facts: Sequence[Facts], framework: Framework) -> list[Outcome | None]:
    """Score a batch under one framework, in its order; None for a contract without a single indicator that counts."""
    if not facts:
        return []
    inputs = prepare(facts, framework)
    aggregate, scores, over = compute(inputs)
    counted = ~np.isnan(aggregate.score)
    bounds = np.where(counted, [aggregate.score, aggregate.upper, aggregate.coverage], 0.0)
    score, upper, coverage = kernel.quantise(bounds)
    earned = np.where(inputs.state == kernel.EVIDENCE, scores, 0.0)
    parts = np.hstack([aggregate.points * (earned / 100.0), aggregate.points * ((100.0 - earned) / 100.0)])
    shares = kernel.apportion(parts, np.hstack([score, 100 * MICRO - score]))
    figures = _Figures(
        score=score.tolist(),
        upper=upper.tolist(),
        coverage=coverage.tolist(),
        grade=kernel.grade_index(score, inputs.layout.minimums).tolist(),
        grade_upper=kernel.grade_index(upper, inputs.layout.minimums).tolist(),
        points=shares[:, : len(facts)].T.tolist(),
        lost=shares[:, len(facts) :].T.tolist(),
        normalised=kernel.quantise(earned).T.tolist(),
        state=inputs.state.T.tolist(),
        assessed=(aggregate.nominal > 0.0).T.tolist(),
        over=over.T.tolist(),
    )
    return [_outcome(inputs, figures, n) if counted[n] else None for n in range(len(facts))]


@dataclass(frozen=True, slots=True)
class _Figures:
    """The batch's results as Python integers in micro-units, contract by contract."""

    score: list[int]
    upper: list[int]
    coverage: list[int]
    grade: list[int]
    grade_upper: list[int]
    points: list[list[int]]
    lost: list[list[int]]
    normalised: list[list[int]]
    state: list[list[int]]
    assessed: list[list[bool]]
    over: list[list[bool]]


_STATES = {kernel.EVIDENCE: "evidence", kernel.HOLD: "hold", kernel.ZERO: "zero", kernel.REWEIGHT: "reweight"}


def _outcome(inputs: Inputs, figures: _Figures, n: int) -> Outcome:
    facts, framework = inputs.facts[n], inputs.layout.framework
    sources = [
        (row, node, source)
        for row, (node, source) in enumerate(zip(inputs.layout.rows, inputs.sources[n], strict=True))
        if source is not None and figures.assessed[n][row]
    ]
    refs = sorted({facts.terms_ref}.union(*[measured.refs for _, _, (_, _, measured) in sources if measured]))
    place = {ref: position for position, ref in enumerate(refs)}
    terms = (facts.terms_ref,)
    points, lost, states, normalised = figures.points[n], figures.lost[n], figures.state[n], figures.normalised[n]
    leaves: list[str] = []
    contributions: dict[str, str] = {}
    names: dict[str, str] = {}
    held: list[str] = []
    for row, node, (_, agreed, measured) in sources:
        path = node.path if agreed is None else f"{node.path}.{agreed.node}"
        names[path] = node.title["en"] if agreed is None else agreed.name
        contributions[path] = earned = six(points[row])
        if states[row] == kernel.HOLD:
            held.append(path)
        value = None if measured is None else measured.value
        leaves.append(
            leaf_text(
                path,
                state=_STATES[states[row]],
                points=earned,
                lost=six(lost[row]),
                indicator=None if agreed is None else agreed.indicator_id,
                raw=value if value is None or isinstance(value, str) else f"{value:.6f}",
                normalised=six(normalised[row]),
                evidence=[] if measured is None else [place[ref] for ref in measured.refs or terms],
                over_attained=figures.over[n][row],
            )
        )
    grades = [grade.code for grade in framework.grades]
    score, upper = six(figures.score[n]), six(figures.upper[n])
    result = {
        "stage": facts.stage,
        "score": score,
        "lower": score,
        "upper": upper,
        "coverage": six(figures.coverage[n]),
        "grade": grades[figures.grade[n]],
        "grade_lower": grades[figures.grade[n]],
        "grade_upper": grades[figures.grade_upper[n]],
        "held": held,
    }
    content = content_text(
        algorithm=framework.algorithm,
        contract=facts.contract_id,
        evidence=refs,
        framework=framework.hash,
        result=result,
        leaves=leaves,
    )
    return Outcome(
        facts=facts,
        framework=framework,
        result=result,
        contributions=contributions,
        names=names,
        simulated=not facts.simulated.isdisjoint(refs),
        content=content,
        content_hash=sha256(content),
    )
