"""One way to score: one contract after an event and ten thousand in bulk go through `evaluate`, bit for bit alike."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from scoring import kernel
from scoring.canonical import sha256
from scoring.frameworks.document import Framework
from scoring.kernel import MICRO
from scoring.scores.facts import Facts, Measured
from scoring.scores.identity import content_text, leaf, missing_leaf
from scoring.scores.inputs import Inputs, Source, compute, prepare
from scoring.scores.layout import Layout
from scoring.scores.parts import Earned, parts_of

__all__ = ["Evaluated", "Inputs", "Outcome", "compute", "evaluate", "evaluate_with", "prepare"]


@dataclass(frozen=True, slots=True)
class Outcome:
    """The score of one contract under one framework; figures are six-decimal strings."""

    facts: Facts
    framework: Framework
    result: dict[str, Any]
    """Stage, score, bounds, coverage, the three grades and the held nodes, as they are hashed; under algorithm 2 also
    the ungated score, the gates and the nodes whose coverage is too thin."""
    contributions: dict[str, str]
    """Points of each leaf."""
    names: dict[str, str]
    """Name of each leaf: as it was agreed, or the framework's English title."""
    parts: dict[str, dict[str, Any]]
    """Sub-scores by who answers; see `scores.parts`."""
    simulated: bool
    """Whether any evidence that was used is simulated."""
    content: str
    content_hash: str


@dataclass(frozen=True, slots=True)
class Evaluated:
    """The outcomes of a batch with the numbers behind them; arrays are (rows, batch)."""

    outcomes: list[Outcome | None]
    inputs: Inputs
    aggregate: kernel.Aggregate
    scores: NDArray[np.float64]
    """Normalised rows."""


def evaluate(facts: Sequence[Facts], framework: Framework) -> list[Outcome | None]:
    """Score a batch under one framework, in its order; None for a contract without a single indicator that counts."""
    return evaluate_with(facts, framework).outcomes if facts else []


def evaluate_with(facts: Sequence[Facts], framework: Framework) -> Evaluated:
    """The same for a batch that is not empty, with the numbers behind it."""
    inputs = prepare(facts, framework)
    aggregate, scores, over = compute(inputs)
    counted = ~np.isnan(aggregate.score)
    bounds = np.where(counted, [aggregate.score, aggregate.upper, aggregate.coverage], 0.0)
    ungated, upper, coverage = kernel.quantise(bounds)
    earned = np.where(inputs.state == kernel.EVIDENCE, scores, 0.0)
    if aggregate.earned is None or aggregate.lost is None:
        gained, lost = aggregate.points * (earned / 100.0), aggregate.points * ((100.0 - earned) / 100.0)
    else:
        gained, lost = (np.where(counted, each, 0.0) for each in (aggregate.earned, aggregate.lost))
    shares = kernel.apportion(np.hstack([gained, lost]), np.hstack([ungated, 100 * MICRO - ungated]))
    layout, extra = inputs.layout, None
    score = ungated
    if framework.algorithm["version"] != "1":
        score, upper, extra = _gated(layout, aggregate, ungated, upper)
    figures = _Figures(
        score=(score / MICRO).tolist(),
        upper=(upper / MICRO).tolist(),
        coverage=(coverage / MICRO).tolist(),
        grade=kernel.grade_index(score, layout.minimums).tolist(),
        grade_upper=kernel.grade_index(upper, layout.minimums).tolist(),
        points=shares[:, : len(facts)].T.tolist(),
        lost=shares[:, len(facts) :].T.tolist(),
        normalised=(kernel.quantise(earned) / MICRO).T.tolist(),
        state=inputs.state.T.tolist(),
        assessed=(aggregate.nominal > 0.0).T.tolist(),
        over=over.T.tolist(),
        extra=extra,
    )
    outcomes = [_outcome(inputs, figures, n) if counted[n] else None for n in range(len(facts))]
    return Evaluated(outcomes, inputs, aggregate, scores)


def _gated(
    layout: Layout, aggregate: kernel.Aggregate, ungated: NDArray[np.int64], upper: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.int64], list[dict[str, Any]]]:
    """Score and upper bound under the gates, and per contract what the content says of them.

    A gate is crossed when its node, with missing evidence as 0, lies below its threshold; the upper bound is capped
    where the node would lie below it even if all that is held were 100. A node that the stage does not assess opens no
    gate and has no threshold.
    """
    batch = len(ungated)
    extra: list[dict[str, Any]] = [
        {"gates": [], "thin": [], "ungated": f"{value:.6f}"} for value in (ungated / MICRO).tolist()
    ]
    score = ungated
    for each in layout.gates:
        assessed = _assessed(aggregate, each.leaves)
        value = kernel.quantise(np.where(assessed, aggregate.nodes[each.node], 0.0))
        crossed = assessed & (value < each.below)
        best = kernel.quantise(np.where(assessed, aggregate.uppers[each.node], 0.0))
        score = np.where(crossed, np.minimum(score, each.ceiling), score)
        upper = np.where(assessed & (best < each.below), np.minimum(upper, each.ceiling), upper)
        fixed = {"below": f"{each.below / MICRO:.6f}", "cap": each.gate.cap, "code": each.gate.code}
        for n in range(batch):
            if assessed[n]:
                found = {"crossed": bool(crossed[n]), "node": each.gate.node, "value": f"{value[n] / MICRO:.6f}"}
                extra[n]["gates"].append(fixed | found)
    for threshold in layout.thresholds:
        assessed = _assessed(aggregate, threshold.leaves)
        cover = kernel.quantise(np.where(assessed, aggregate.covers[threshold.node], 1.0))
        for n in np.flatnonzero(cover < threshold.minimum).tolist():
            extra[n]["thin"].append(threshold.path)
    return score, upper, extra


def _assessed(aggregate: kernel.Aggregate, leaves: list[int]) -> NDArray[np.bool_]:
    """(batch): whether the contract's stage gives any of these leaves a weight."""
    return np.asarray((aggregate.nominal[leaves] > 0.0).any(axis=0))


@dataclass(frozen=True, slots=True)
class _Figures:
    """The batch's results contract by contract; a float is the one nearest to its six decimals."""

    score: list[float]
    upper: list[float]
    coverage: list[float]
    grade: list[int]
    grade_upper: list[int]
    points: list[list[int]]
    """Micro-points."""
    lost: list[list[int]]
    normalised: list[list[float]]
    state: list[list[int]]
    assessed: list[list[bool]]
    over: list[list[bool]]
    extra: list[dict[str, Any]] | None
    """Algorithm 2: what the result has beyond algorithm 1."""


_STATES = {kernel.HOLD: "hold", kernel.ZERO: "zero", kernel.REWEIGHT: "reweight"}
_NOTHING: Source = (None, None)


def _outcome(inputs: Inputs, figures: _Figures, n: int) -> Outcome:
    facts, layout, sources = inputs.facts[n], inputs.layout, inputs.sources[n]
    framework = layout.framework
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
    earned: list[Earned] = []
    for row in assessed:
        node, (agreed, measured) = layout.rows[row], sources[row] or _NOTHING
        party, alone = layout.accountable[row]
        if agreed is None:
            path, names[node.path], party = node.path, node.title["en"], alone
        else:
            path = f"{node.path}.{agreed.node}"
            names[path] = agreed.name
            party = agreed.accountable if party is None else party
        contributions[path] = gain = f"{points[row] / MICRO:.6f}"
        gone = f"{lost[row] / MICRO:.6f}"
        holds = measured is None and states[row] == kernel.HOLD
        earned.append(Earned(path, party, points[row], lost[row], holds))
        indicator = None if agreed is None else agreed.indicator_id
        if measured is None:
            if holds:
                held.append(path)
            leaves.append(missing_leaf(path, _STATES[states[row]], gain, gone, indicator=indicator))
            continue
        value = measured.value
        leaves.append(
            leaf(
                path,
                gain,
                gone,
                indicator=indicator,
                raw=value if isinstance(value, str) else f"{value:.6f}",
                normalised=f"{normalised[row]:.6f}",
                evidence=",".join([place[ref] for ref in measured.refs]) or terms,
                over_attained=figures.over[n][row],
                notes=_notes(inputs, row, n, measured) if figures.extra is not None else (),
            )
        )
    codes = layout.grades
    score = f"{figures.score[n]:.6f}"
    result = {
        "stage": facts.stage,
        "score": score,
        "lower": score,
        "upper": f"{figures.upper[n]:.6f}",
        "coverage": f"{figures.coverage[n]:.6f}",
        "grade": codes[figures.grade[n]][0],
        "grade_lower": codes[figures.grade[n]][0],
        "grade_upper": codes[figures.grade_upper[n]][0],
        "held": held,
    }
    if figures.extra is not None:
        result |= figures.extra[n]
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
        parts=parts_of(earned, grades=codes),
        simulated=not facts.simulated.isdisjoint(refs),
        content=content,
        content_hash=sha256(content),
    )


def _notes(inputs: Inputs, row: int, n: int, measured: Measured) -> tuple[str, ...]:
    """What stood in for something that was not there, in alphabetical order.

    midpoint: the middle of a tier, no value inside it was stated. sector-baseline: a first contract is compared with
    the sector. target-zero: the agreed target is 0, the framework says what that means.
    """
    node = inputs.layout.rows[row]
    normaliser: Mapping[str, Any] = node.rule.normaliser if node.rule is not None and inputs.agreed[row, n] else {}
    notes = []
    if measured.fallback:
        notes.append("midpoint")
    if "shrink_to" in normaliser and np.isnan(inputs.baseline[row, n]):
        notes.append("sector-baseline")
    if "target_zero" in normaliser and inputs.target[row, n] == 0.0:
        notes.append("target-zero")
    return tuple(notes)
