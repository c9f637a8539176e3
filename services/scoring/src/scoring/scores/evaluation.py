"""One way to score: one contract after an event and ten thousand in bulk go through `evaluate`, bit for bit alike."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from scoring import kernel
from scoring.canonical import sha256
from scoring.frameworks.document import STAGES, Framework
from scoring.kernel import MICRO
from scoring.scores.facts import Agreed, Facts, Measured
from scoring.scores.identity import content_text, leaf, missing_leaf
from scoring.scores.layout import Layout, layout_of, widths_of
from scoring.scores.measures import MISSING, measure

__all__ = ["Inputs", "Outcome", "compute", "evaluate", "prepare"]

Source = tuple[Agreed | None, Measured | None]
"""What a row came from: the agreed indicator where it is one, and what was measured."""


@dataclass(frozen=True, slots=True)
class Inputs:
    """The kernel's inputs for a batch of contracts under one framework; arrays are (rows, batch)."""

    layout: Layout
    facts: Sequence[Facts]
    sources: Sequence[Sequence[Source | None]]
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


def prepare(facts: Sequence[Facts], framework: Framework) -> Inputs:
    """Bring the facts of a batch into the framework's rows."""
    layout = layout_of(
        framework, widths_of(framework, [{level: len(each) for level, each in one.agreed.items()} for one in facts])
    )
    cells: list[float] = []
    sources = [_fill(one, layout, cells) for one in facts]
    table = np.array(cells).reshape(len(facts), layout.tree.leaves, len(_PADDING))
    value, target, zero_at, baseline, state, higher, agreed, weight = np.ascontiguousarray(table.transpose(2, 1, 0))
    nodes = layout.weight[:, [STAGES.index(one.stage) for one in facts]]
    for block in layout.blocks:
        if block.node.level is not None:
            span = slice(block.first, block.first + block.width)
            nodes[span] = weight[span]
    return Inputs(
        layout, facts, sources, state.astype(np.int8), value, target, zero_at, baseline, higher > 0, agreed > 0, nodes
    )


_NAN = float("nan")
_PADDING = (_NAN, _NAN, _NAN, _NAN, kernel.ABSENT, 0.0, 0.0, 0.0)


def _fill(facts: Facts, layout: Layout, cells: list[float]) -> list[Source | None]:
    """Append a contract's cells row by row: value, target, zero_at, baseline, state, higher, agreed, weight.

    Returns per row what it came from, None for padding.
    """
    sources: list[Source | None] = []
    for block in layout.blocks:
        agreed = facts.agreed.get(block.node.level, ()) if block.node.level is not None else ()
        common = None if agreed and block.by_observation else measure(facts, block.shared if agreed else block.lone)
        for each in agreed:
            measured = each.observed if block.by_observation else common
            value, state = _NAN, block.missing
            if measured is not None:
                value, state = float(measured.value), kernel.EVIDENCE
            elif state is None:
                state = MISSING.get(each.missing, kernel.HOLD)
            higher = each.higher if block.higher is None else block.higher
            cells += (value, each.target, each.zero_at, each.baseline, state, higher, 1.0, each.weight)
            sources.append((each, measured))
        if not agreed:
            value, state = _NAN, block.lone_missing
            if common is not None:
                raw, state = common.value, kernel.EVIDENCE
                value = block.lone.normaliser["values"][raw] if isinstance(raw, str) else raw
            cells += (value, _NAN, _NAN, _NAN, state, 1.0, 0.0, 1.0)
            sources.append((None, common))
        padding = block.first + block.width - len(sources)
        cells += _PADDING * padding
        sources += [None] * padding
    return sources


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
        score=(score / MICRO).tolist(),
        upper=(upper / MICRO).tolist(),
        coverage=(coverage / MICRO).tolist(),
        grade=kernel.grade_index(score, inputs.layout.minimums).tolist(),
        grade_upper=kernel.grade_index(upper, inputs.layout.minimums).tolist(),
        points=(shares[:, : len(facts)] / MICRO).T.tolist(),
        lost=(shares[:, len(facts) :] / MICRO).T.tolist(),
        normalised=(kernel.quantise(earned) / MICRO).T.tolist(),
        state=inputs.state.T.tolist(),
        assessed=(aggregate.nominal > 0.0).T.tolist(),
        over=over.T.tolist(),
    )
    return [_outcome(inputs, figures, n) if counted[n] else None for n in range(len(facts))]


@dataclass(frozen=True, slots=True)
class _Figures:
    """The batch's results contract by contract; each quantised figure is the float nearest to its six decimals."""

    score: list[float]
    upper: list[float]
    coverage: list[float]
    grade: list[int]
    grade_upper: list[int]
    points: list[list[float]]
    lost: list[list[float]]
    normalised: list[list[float]]
    state: list[list[int]]
    assessed: list[list[bool]]
    over: list[list[bool]]


_STATES = {kernel.HOLD: "hold", kernel.ZERO: "zero", kernel.REWEIGHT: "reweight"}
_NOTHING: Source = (None, None)


def _outcome(inputs: Inputs, figures: _Figures, n: int) -> Outcome:
    facts, framework, sources = inputs.facts[n], inputs.layout.framework, inputs.sources[n]
    assessed = [row for row, counts in enumerate(figures.assessed[n]) if counts]
    used = {facts.terms_ref}
    for row in assessed:
        source = sources[row]
        if source is not None and source[1] is not None:
            used.update(source[1].refs)
    refs = sorted(used)
    place = {ref: str(position) for position, ref in enumerate(refs)}
    terms = place[facts.terms_ref]
    points, lost, states, normalised = figures.points[n], figures.lost[n], figures.state[n], figures.normalised[n]
    leaves: list[str] = []
    contributions: dict[str, str] = {}
    names: dict[str, str] = {}
    held: list[str] = []
    for row in assessed:
        node, (agreed, measured) = inputs.layout.rows[row], sources[row] or _NOTHING
        if agreed is None:
            path, names[node.path] = node.path, node.title["en"]
        else:
            path = f"{node.path}.{agreed.node}"
            names[path] = agreed.name
        contributions[path] = earned = f"{points[row]:.6f}"
        gone = f"{lost[row]:.6f}"
        indicator = None if agreed is None else agreed.indicator_id
        if measured is None:
            if states[row] == kernel.HOLD:
                held.append(path)
            leaves.append(missing_leaf(path, _STATES[states[row]], earned, gone, indicator=indicator))
            continue
        value = measured.value
        leaves.append(
            leaf(
                path,
                earned,
                gone,
                indicator=indicator,
                raw=value if isinstance(value, str) else f"{value:.6f}",
                normalised=f"{normalised[row]:.6f}",
                evidence=",".join([place[ref] for ref in measured.refs]) or terms,
                over_attained=figures.over[n][row],
            )
        )
    grades = [grade.code for grade in framework.grades]
    score = f"{figures.score[n]:.6f}"
    result = {
        "stage": facts.stage,
        "score": score,
        "lower": score,
        "upper": f"{figures.upper[n]:.6f}",
        "coverage": f"{figures.coverage[n]:.6f}",
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
