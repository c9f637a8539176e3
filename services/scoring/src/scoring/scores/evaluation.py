"""One way to score: a single contract after an event and ten thousand in bulk go through `evaluate`, bit for bit alike."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from scoring import kernel
from scoring.canonical import canonical_text, sha256
from scoring.frameworks.models import STAGES, Framework, Rule
from scoring.kernel import MICRO
from scoring.scores.facts import Agreed, Facts, Measured, Ref
from scoring.scores.layout import Layout, layout_of, widths_of
from scoring.scores.measures import MISSING, attain, measure, normalise

__all__ = ["Inputs", "Outcome", "compute", "evaluate", "prepare", "six"]

SCHEMA = "gongping-score/1"


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
    score: str
    lower: str
    upper: str
    coverage: str
    grade: str
    grade_lower: str
    grade_upper: str
    held: tuple[str, ...]
    contributions: dict[str, str]
    content: str
    content_hash: str


def six(micro: int) -> str:
    """Micro-units as a decimal string with six places."""
    return f"{micro // MICRO}.{micro % MICRO:06d}"


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
            shared = None if node.rule.evidence["from"] == "observation" else measure(facts, node.rule)
            sources += [(node.rule, each, each.observed if shared is None else shared) for each in agreed]
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
    zero_at = nan if agreed.zero_at is None else agreed.zero_at
    baseline = nan if agreed.baseline is None else agreed.baseline
    higher = 1.0 if rule.direction == "higher" or (rule.direction == "agreed" and agreed.higher) else 0.0
    return [value, agreed.target, zero_at, baseline, state, higher, 1.0, agreed.weight]


def _rule_or_agreed(rule_says: str, agreed: Agreed | None, field: str) -> str:
    return rule_says if rule_says != "agreed" or agreed is None else str(getattr(agreed, field))


def compute(inputs: Inputs) -> tuple[kernel.Aggregate, NDArray[np.float64], NDArray[np.bool_]]:
    """The numeric part: normalise every row and aggregate. Also returns the normalised rows and the over-attained flags."""
    scores = np.zeros_like(inputs.value)
    over = np.zeros(inputs.value.shape, dtype=np.bool_)
    for block in inputs.layout.blocks:
        span = slice(block.first, block.first + block.width)
        node, values = block.node, inputs.value[span]
        assert node.rule is not None  # noqa: S101 - see _sources
        if node.level is None:
            scores[span] = normalise(values, node.rule)
            continue
        assert node.unagreed is not None  # noqa: S101 - the schema asks for it
        attained, flags = attain(
            values,
            node.rule,
            target=inputs.target[span],
            zero_at=inputs.zero_at[span],
            baseline=inputs.baseline[span],
            higher=inputs.higher[span],
        )
        agreed = inputs.agreed[span]
        scores[span] = np.where(agreed, attained, normalise(values, node.unagreed))
        over[span] = flags & agreed
    return kernel.aggregate(inputs.layout.tree, scores, inputs.state, inputs.weight), scores, over


def evaluate(facts: Sequence[Facts], framework: Framework) -> list[Outcome | None]:
    """Score a batch under one framework, in its order; None for a contract without a single indicator that counts."""
    if not facts:
        return []
    inputs = prepare(facts, framework)
    aggregate, scores, over = compute(inputs)
    counted = ~np.isnan(aggregate.score)
    score = kernel.quantise(np.where(counted, aggregate.score, 0.0))
    upper = kernel.quantise(np.where(counted, aggregate.upper, 0.0))
    has = inputs.state == kernel.EVIDENCE
    earned = np.where(has, scores, 0.0)
    figures = _Figures(
        score=score.tolist(),
        upper=upper.tolist(),
        coverage=kernel.quantise(aggregate.coverage).tolist(),
        grade=kernel.grade_index(score, inputs.layout.minimums).tolist(),
        grade_upper=kernel.grade_index(upper, inputs.layout.minimums).tolist(),
        points=kernel.apportion(aggregate.points * (earned / 100.0), score).T.tolist(),
        lost=kernel.apportion(aggregate.points * ((100.0 - earned) / 100.0), 100 * MICRO - score).T.tolist(),
        normalised=kernel.quantise(earned).T.tolist(),
        state=inputs.state.T.tolist(),
        assessed=(aggregate.nominal > 0).T.tolist(),
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
    leaves: list[dict[str, Any]] = []
    refs: set[Ref] = {facts.terms_ref}
    paths = _paths(inputs, n)
    for row, source in enumerate(inputs.sources[n]):
        if source is None or not figures.assessed[n][row]:
            continue
        rule, agreed, measured = source
        leaf: dict[str, Any] = {
            "node": paths[row],
            "state": _STATES[figures.state[n][row]],
            "weight": six(figures.points[n][row] + figures.lost[n][row]),
            "points": six(figures.points[n][row]),
            "lost": six(figures.lost[n][row]),
            "accountable": _rule_or_agreed(rule.accountable, agreed, "accountable"),
        }
        if measured is not None:
            refs.update(measured.refs)
            leaf["raw"] = measured.value if isinstance(measured.value, str) else f"{measured.value:.6f}"
            leaf["normalised"] = six(figures.normalised[n][row])
            leaf["evidence"] = sorted(ref[0] for ref in measured.refs) or [facts.terms_ref[0]]
            if figures.over[n][row]:
                leaf["over_attained"] = True
        if agreed is not None:
            leaf["indicator"] = _indicator(agreed)
        leaves.append(leaf)
    grades = [grade.code for grade in framework.grades]
    grade = grades[figures.grade[n]]
    score, upper, coverage = six(figures.score[n]), six(figures.upper[n]), six(figures.coverage[n])
    held = tuple(leaf["node"] for leaf in leaves if leaf["state"] == "hold")
    content = canonical_text(
        {
            "schema": SCHEMA,
            "contract": facts.contract_id,
            "framework": framework.hash,
            "evidence": sorted(refs),
            "calibration": None,
            "algorithm": f"{framework.algorithm['id']}/{framework.algorithm['version']}",
            "result": {
                "stage": facts.stage,
                "score": score,
                "lower": score,
                "upper": upper,
                "coverage": coverage,
                "grade": grade,
                "grade_lower": grade,
                "grade_upper": grades[figures.grade_upper[n]],
                "held": held,
                "leaves": leaves,
            },
        }
    )
    return Outcome(
        facts=facts,
        framework=framework,
        score=score,
        lower=score,
        upper=upper,
        coverage=coverage,
        grade=grade,
        grade_lower=grade,
        grade_upper=grades[figures.grade_upper[n]],
        held=held,
        contributions={leaf["node"]: leaf["points"] for leaf in leaves},
        content=content,
        content_hash=sha256(content),
    )


def _paths(inputs: Inputs, n: int) -> list[str]:
    """Dotted code of each row; an agreed indicator adds its own code, and its id where two share a code."""
    paths: list[str] = []
    for block in inputs.layout.blocks:
        own = [source[1] for source in inputs.sources[n][block.first : block.first + block.width] if source]
        codes = Counter(agreed.code for agreed in own if agreed is not None)
        for agreed in own:
            if agreed is None:
                paths.append(block.node.path)
            else:
                double = f".{agreed.indicator_id}" if codes[agreed.code] > 1 else ""
                paths.append(f"{block.node.path}.{agreed.code}{double}")
        paths += [""] * (block.width - len(own))
    return paths


def _indicator(agreed: Agreed) -> dict[str, Any]:
    return {
        "id": agreed.indicator_id,
        "name": agreed.name,
        "unit": agreed.unit,
        "standard": agreed.standard,
        "direction": "higher" if agreed.higher else "lower",
        "target": f"{agreed.target:.6f}",
        "zero_at": None if agreed.zero_at is None else f"{agreed.zero_at:.6f}",
        "baseline": None if agreed.baseline is None else f"{agreed.baseline:.6f}",
    }
