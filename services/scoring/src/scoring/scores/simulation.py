"""How sure a score is: draws of its evidence, pure and the same in every path.

Interval and probabilities rest on the evidence alone: weights and method are the policy in force, not an estimate. What
their choice would add stands beside it, in the shares of the variance.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from scoring import kernel
from scoring.canonical import canonical_text, sha256
from scoring.kernel import MICRO
from scoring.kernel.montecarlo import DRAWS, Summary, Value, gradient, linear, propagate, summarise
from scoring.scores.advice import advise
from scoring.scores.drawing import Moved, column_of, moved_rows, substream, variances_of
from scoring.scores.evaluation import Evaluated, Outcome
from scoring.scores.layout import Layout
from scoring.scores.measured import Ref
from scoring.scores.policy import method_variance, weight_variance

__all__ = ["SCHEMA", "Moved", "Simulated", "drawn_grades", "label_of", "simulate", "substream"]

Array = NDArray[np.float64]

SCHEMA: Final = "gongping-uncertainty/1"
_FIRM, _INDICATIVE = 0.90, 0.70


@dataclass(frozen=True, slots=True)
class Simulated:
    """The record of one score; figures are six-decimal strings."""

    outcome: Outcome
    draws: int
    median: str
    low: str
    high: str
    label: str
    probability: str
    probabilities: dict[str, str]
    gates: dict[str, str]
    shares: dict[str, str | None]
    sources: list[dict[str, str]]
    advice: list[dict[str, str]]
    method: dict[str, Any]
    record_hash: str


def simulate(evaluated: Evaluated, n: int, *, draws: int = DRAWS, moved: list[Moved] | None = None) -> Simulated:
    """The record of the batch's contract `n`, which must have a score; `moved` are its draws where they are made."""
    outcome = evaluated.outcomes[n]
    assert outcome is not None  # noqa: S101 - the caller's duty
    layout, state, weight, _ = column_of(evaluated, n)
    drawn = _drawn(evaluated, n, draws, moved)
    draws, moved, leaves = drawn.draws, drawn.moved, drawn.leaves
    summary = summarise(drawn.score, layout.minimums.tolist(), gates=drawn.gates) if moved else _exact(outcome, layout)
    variances = variances_of(evaluated, n, moved, leaves)
    kinds: dict[str, float | None] = {"sampling": 0.0, "rater": 0.0}
    kinds["weight"] = weight_variance(
        layout, stage=outcome.facts.stage, nodes=evaluated.aggregate.nodes[:, n], state=state, weight=weight
    )
    kinds["method"] = method_variance(layout.tree, evaluated.scores[:, n].tolist(), state, weight)
    for ref, variance in variances.items():
        kind = next(each.spread.kind for each in moved if each.ref == ref)
        kinds[kind] = (kinds[kind] or 0.0) + variance
    return _record(outcome, evaluated, n, summary, draws=draws, moved=moved, variances=variances, kinds=kinds)


def drawn_grades(evaluated: Evaluated, n: int, *, draws: int = DRAWS) -> NDArray[np.str_]:
    """The grade in each draw of the batch's contract `n`; one grade where nothing is uncertain.

    Two frameworks see the same draws of the same evidence: common random numbers.
    """
    drawn = _drawn(evaluated, n, draws, None)
    micro = kernel.quantise(drawn.score)
    for _, node, threshold, ceiling in drawn.gates:
        micro = np.where(kernel.quantise(node) < threshold, np.minimum(micro, ceiling), micro)
    layout = evaluated.inputs.layout
    codes = np.array([code for code, _ in layout.grades])
    grades: NDArray[np.str_] = codes[kernel.grade_index(micro, layout.minimums)]
    return grades


@dataclass(frozen=True, slots=True)
class _Drawn:
    """The draws of one contract: of its rows, its score and the nodes of its gates."""

    draws: int
    moved: list[Moved]
    leaves: list[Value]
    score: Array
    gates: list[tuple[str, Array, int, int]]


def _drawn(evaluated: Evaluated, n: int, draws: int, moved: list[Moved] | None) -> _Drawn:
    layout, state, weight, points = column_of(evaluated, n)
    moved = moved_rows(evaluated, n, draws=draws) if moved is None else moved
    leaves: list[Value] = evaluated.scores[:, n].tolist()
    for each in moved:
        leaves[each.row] = each.scores
    nodes: Sequence[Any]
    if moved and layout.tree.linear and not layout.gates:
        slopes, rows = gradient(layout.tree, state, weight), [each.row for each in moved]
        drawn, points_of = np.array([each.scores for each in moved]), evaluated.scores[rows, n]
        point = float(evaluated.aggregate.score[n])
        score = linear(point, np.array([slopes[row] for row in rows]), drawn, points_of)
        return _Drawn(draws, moved, leaves, score, [])
    if moved:
        nodes = propagate(layout.tree, leaves, state, weight)
        score = np.broadcast_to(np.asarray(nodes[-1], dtype=np.float64), draws)
    else:
        draws = 1
        nodes = evaluated.aggregate.nodes[:, n].tolist()
        score = evaluated.aggregate.score[n : n + 1]
    gates = [
        (
            each.gate.code,
            np.broadcast_to(np.asarray(nodes[each.node], dtype=np.float64), draws),
            each.below,
            each.ceiling,
        )
        for each in layout.gates
        if nodes[each.node] is not None and any(points[leaf] > 0.0 for leaf in each.leaves)
    ]
    return _Drawn(draws, moved, leaves, score, gates)


def _exact(outcome: Outcome, layout: Layout) -> Summary:
    """Nothing is uncertain: the score itself."""
    score = int(Decimal(outcome.result["score"]) * MICRO)
    grades = tuple(int(code == outcome.result["grade"]) for code, _ in layout.grades)
    below = {gate["code"]: int(gate["crossed"]) for gate in outcome.result.get("gates", ())}
    return Summary(score, score, score, probabilities=grades, below=below)


def label_of(probability: float, *, open_: bool) -> str:
    """Firm from .90, indicative from .70, else undetermined; undetermined too where missing evidence could move it.

    Source: the product's rule on P(grade); adjacent grades are shown for the last.
    """
    if open_ or probability < _INDICATIVE:
        return "undetermined"
    return "firm" if probability >= _FIRM else "indicative"


def _record(
    outcome: Outcome,
    evaluated: Evaluated,
    n: int,
    summary: Summary,
    *,
    draws: int,
    moved: Sequence[Moved],
    variances: Mapping[Ref, float],
    kinds: Mapping[str, float | None],
) -> Simulated:
    result = outcome.result
    grades = [code for code, _ in evaluated.inputs.layout.grades]
    chances = dict(zip(grades, (count / draws for count in summary.probabilities), strict=True))
    chance = chances[result["grade"]]
    open_ = result["grade_lower"] != result["grade_upper"] or bool(result.get("thin"))
    evidence, everything = sum(variances.values()), sum(each or 0.0 for each in kinds.values())
    shares = {
        kind: None if variance is None else _six(variance / everything if everything > 0.0 else 0.0)
        for kind, variance in kinds.items()
    }
    sources = [
        {
            "id": ref[0],
            "kind": next(each.spread.kind for each in moved if each.ref == ref),
            "nodes": " ".join(_path(evaluated, n, each.row) for each in moved if each.ref == ref),
            "sd": _six(variance**0.5),
            "share": _six(variance / evidence if evidence > 0.0 else 0.0),
        }
        for ref, variance in sorted(variances.items(), key=lambda item: (-item[1], item[0]))
    ]
    counts = {each.ref[0]: each.spread.n for each in moved}
    record: dict[str, Any] = {
        "draws": draws,
        "median": _micro(summary.median),
        "low": _micro(summary.low),
        "high": _micro(summary.high),
        "label": label_of(chance, open_=open_),
        "probability": _six(chance),
        "probabilities": {code: _six(each) for code, each in chances.items()},
        "gates": {code: _six(count / draws) for code, count in summary.below.items()},
        "shares": shares,
        "sources": sources,
        "advice": advise(outcome, sources, counts),
        "method": {
            "algorithm": "monte-carlo/2",
            "generator": "Philox4x64-10",
            "numpy": np.__version__,
            "missing_could_change": open_,
            "fixed": "weights and method",
        },
    }
    named = {"schema": SCHEMA, "content_hash": outcome.content_hash}
    return Simulated(outcome=outcome, **record, record_hash=sha256(canonical_text(named | record)))


def _path(evaluated: Evaluated, n: int, row: int) -> str:
    source = evaluated.inputs.sources[n][row]
    node = evaluated.inputs.layout.rows[row]
    agreed = source[0] if source is not None else None
    return node.path if agreed is None else f"{node.path}.{agreed.node}"


def _micro(value: int) -> str:
    return f"{value / MICRO:.6f}"


def _six(value: float) -> str:
    return f"{value:.6f}"
