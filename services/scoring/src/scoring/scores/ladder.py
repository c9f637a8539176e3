"""The smallest single change to the next grade: which one indicator, raised alone, would bring it."""

from dataclasses import replace
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from scoring import kernel
from scoring.kernel import MICRO
from scoring.scores.evaluation import Evaluated
from scoring.scores.inputs import Inputs, compute
from scoring.scores.layout import Layout

__all__ = ["next_grade"]

_HALVINGS: Final = 27
"""Of 100 points: to less than a micro-point."""


def next_grade(evaluated: Evaluated) -> list[dict[str, Any]]:
    """Every indicator that alone can bring the one contract of a batch to the next better grade, smallest rise first.

    All candidates are tried at once, each in a column of its own, through the same aggregation and gates as the score.
    """
    inputs, outcome = evaluated.inputs, evaluated.outcomes[0]
    assert outcome is not None  # noqa: S101 - the caller's duty
    layout = inputs.layout
    codes = [code for code, _ in layout.grades]
    rank = codes.index(outcome.result["grade"])
    if rank == 0:
        return []
    goal = layout.grades[rank - 1][1]
    state, points = inputs.state[:, 0], evaluated.aggregate.points[:, 0]
    now = np.where(state == kernel.EVIDENCE, evaluated.scores[:, 0], 0.0)
    rows = [
        row
        for row in range(layout.tree.leaves)
        if points[row] > 0.0 and state[row] in {kernel.EVIDENCE, kernel.HOLD} and now[row] < 100.0
    ]
    if not rows:
        return []
    low, high = now[rows], np.full(len(rows), 100.0)
    able = _scores(inputs, evaluated.scores, rows, high) >= goal
    for _ in range(_HALVINGS):
        middle = (low + high) / 2.0
        enough = _scores(inputs, evaluated.scores, rows, middle) >= goal
        high, low = np.where(enough, middle, high), np.where(enough, low, middle)
    found = [
        _step(evaluated, row, needed=float(needed), grade=codes[rank - 1])
        for row, needed, reached in zip(rows, high.tolist(), able.tolist(), strict=True)
        if reached
    ]
    return sorted(found, key=lambda step: (float(step["points"]), step["node"]))


def _scores(inputs: Inputs, scores: NDArray[np.float64], rows: list[int], values: NDArray[np.float64]) -> NDArray[Any]:
    """Micro-points of the score when row `rows[k]` has `values[k]`, gates included; one column per candidate."""
    layout, count = inputs.layout, len(rows)
    leaves = np.repeat(scores, count, axis=1)
    state = np.repeat(inputs.state, count, axis=1)
    place = np.arange(count)
    leaves[rows, place] = values
    state[rows, place] = kernel.EVIDENCE
    made = kernel.aggregate(layout.tree, leaves, state, np.repeat(inputs.weight, count, axis=1))
    return _capped(layout, made)


def _capped(layout: Layout, made: kernel.Aggregate) -> NDArray[np.int64]:
    score = kernel.quantise(made.score)
    for gate in layout.gates:
        assessed = (made.nominal[gate.leaves] > 0.0).any(axis=0)
        below = assessed & (kernel.quantise(made.nodes[gate.node]) < gate.below)
        score = np.where(below, np.minimum(score, gate.ceiling), score)
    return score


def _step(evaluated: Evaluated, row: int, *, needed: float, grade: str) -> dict[str, Any]:
    inputs = evaluated.inputs
    source, node = inputs.sources[0][row] or (None, None), inputs.layout.rows[row]
    agreed, measured = source
    held = inputs.state[row, 0] != kernel.EVIDENCE
    now = 0.0 if held else float(evaluated.scores[row, 0])
    raw = None
    if measured is not None:
        raw = measured.value if isinstance(measured.value, str) else f"{measured.value:.6f}"
    needed = min(np.ceil(needed * MICRO - 1e-3) / MICRO, 100.0)
    return {
        "node": node.path if agreed is None else f"{node.path}.{agreed.node}",
        "grade": grade,
        "state": "hold" if held else "evidence",
        "normalised": f"{now:.6f}",
        "needed": f"{needed:.6f}",
        "raw": raw,
        "raw_needed": _raw_needed(inputs, row, needed, start=float(inputs.value[row, 0])) if raw is not None else None,
        "points": f"{needed - now:.6f}",
    }


def _raw_needed(inputs: Inputs, row: int, needed: float, *, start: float) -> str | None:
    """The value nearest to the one at hand whose score is `needed`, by bisection; None for a tier."""
    source = inputs.sources[0][row]
    if source is None or source[1] is None or isinstance(source[1].value, str):
        return None

    def score(x: float) -> float:
        value = inputs.value.copy()
        value[row, 0] = x
        return float(compute(replace(inputs, value=value))[1][row, 0])

    reach = max(abs(start), 1.0)
    for sign in (1.0, -1.0):
        far = reach
        while far < 1e9 * reach and score(start + sign * far) < needed:
            far *= 4.0
        if score(start + sign * far) < needed:
            continue
        near = 0.0
        for _ in range(80):
            middle = (near + far) / 2.0
            near, far = (near, middle) if score(start + sign * middle) >= needed else (middle, far)
        return f"{start + sign * far:.6f}"
    return None
