"""How sure each sub-score is: the draws of the whole score, summed over the leaves that one party answers for.

The sub-score is 100 x earned / (earned + lost) in every draw, as `scores.parts` defines it. With arithmetic means the
points of a leaf do not move, and the sub-score is the weighted mean of the party's own leaves; with other means earned
and lost points are divided anew in every draw, by the same Aumann-Shapley values as in the score.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from scoring import kernel
from scoring.canonical import canonical_text, sha256
from scoring.kernel import MICRO
from scoring.kernel.montecarlo import DRAWS, summarise
from scoring.scores.drawing import Moved, column_of, moved_rows
from scoring.scores.evaluation import Evaluated, Outcome
from scoring.scores.layout import Layout
from scoring.scores.parts import PARTIES
from scoring.scores.simulation import label_of

__all__ = ["PART_SCHEMA", "SimulatedParts", "part_grade_or_worse", "simulate_parts"]

Array = NDArray[np.float64]

PART_SCHEMA: Final = "gongping-part-uncertainty/1"


@dataclass(frozen=True, slots=True)
class SimulatedParts:
    """The record of one score's sub-scores; figures are six-decimal strings, a party without leaves of its own null.

    Per party: se (standard deviation of the draws, points), median, low and high (95 % interval), probability of the
    sub-score's grade, probabilities of all grades (best first), label.
    """

    outcome: Outcome
    draws: int
    parts: dict[str, dict[str, Any] | None]
    record_hash: str


def simulate_parts(
    evaluated: Evaluated, n: int, *, draws: int = DRAWS, moved: list[Moved] | None = None
) -> SimulatedParts:
    """The record of the batch's contract `n`, which must have a score; `moved` are its draws where they are made."""
    outcome = evaluated.outcomes[n]
    assert outcome is not None  # noqa: S101 - the caller's duty
    parties = _parties(evaluated, n)
    earned, weight = _drawn(evaluated, n, moved_rows(evaluated, n, draws=draws) if moved is None else moved)
    drawn = 1 if earned is None else draws
    parts = {
        party: _part(evaluated, outcome.parts[party], earned, weight, [row for row, own in parties if own == party])
        for party in PARTIES
    }
    named = {"schema": PART_SCHEMA, "content_hash": outcome.content_hash, "draws": drawn, "parts": parts}
    return SimulatedParts(outcome, drawn, parts, sha256(canonical_text(named)))


def part_grade_or_worse(part: Mapping[str, Any], grade: str) -> float:
    """P of a grade or a worse one of a sub-score; the record holds the grades highest first."""
    grades = list(part["probabilities"])
    return sum(float(part["probabilities"][each]) for each in grades[grades.index(grade) :])


def _parties(evaluated: Evaluated, n: int) -> list[tuple[int, str]]:
    """The rows that count for the contract, with who answers for each."""
    inputs = evaluated.inputs
    found = []
    for row in np.flatnonzero(evaluated.aggregate.nominal[:, n] > 0.0).tolist():
        source = inputs.sources[n][row]
        agreed = None if source is None else source[0]
        shared, alone = inputs.layout.accountable[row]
        party = alone if agreed is None else shared or agreed.accountable
        found.append((row, party if party in PARTIES else "joint"))
    return found


def _drawn(evaluated: Evaluated, n: int, moved: list[Moved]) -> tuple[Array | None, Array]:
    """(rows, draws): points earned, and earned + lost, in each draw; no earned points where nothing is uncertain."""
    layout, state, weight, points = column_of(evaluated, n)
    at_stake = np.array(points)[:, None]
    if not moved:
        return None, at_stake
    draws = len(moved[0].scores)
    fixed = np.where(evaluated.inputs.state[:, n] == kernel.EVIDENCE, evaluated.scores[:, n], 0.0)
    leaves = np.repeat(fixed[:, None], draws, axis=1)
    for each in moved:
        leaves[each.row] = each.scores
    if layout.tree.linear:
        return at_stake * (np.nan_to_num(leaves) / 100.0), at_stake
    states = np.repeat(np.array(state, dtype=np.int8)[:, None], draws, axis=1)
    made = kernel.aggregate(layout.tree, leaves, states, np.repeat(np.array(weight)[:, None], draws, axis=1))
    if made.earned is None or made.lost is None:
        return made.points * (np.nan_to_num(leaves) / 100.0), made.points
    return made.earned, made.earned + made.lost


def _part(
    evaluated: Evaluated, part: Mapping[str, Any], earned: Array | None, weight: Array, rows: list[int]
) -> dict[str, Any] | None:
    if part["score"] is None:
        return None
    layout = evaluated.inputs.layout
    upper = _micro(part["upper"])
    best = next(code for code, least in layout.grades if upper >= least)
    if earned is None:
        return _exact(part, layout, best=best)
    mine, total = np.zeros(earned.shape[1]), np.zeros(earned.shape[1])
    for row in rows:  # in the order of the file, so that the bits depend on nothing else
        mine += earned[row]
        total += weight[row]
    drawn = np.divide(100.0 * mine, total, out=np.zeros_like(mine), where=total > 0.0)
    if np.ptp(drawn) == 0.0:
        return _exact(part, layout, best=best)
    summary = summarise(drawn, layout.minimums.tolist())
    codes = [code for code, _ in layout.grades]
    chances = dict(zip(codes, (count / len(drawn) for count in summary.probabilities), strict=True))
    chance = chances[part["grade"]]
    return {
        "se": f"{float(drawn.std(ddof=1)):.6f}",
        "median": f"{summary.median / MICRO:.6f}",
        "low": f"{summary.low / MICRO:.6f}",
        "high": f"{summary.high / MICRO:.6f}",
        "label": label_of(chance, open_=best != part["grade"]),
        "probability": f"{chance:.6f}",
        "probabilities": {code: f"{each:.6f}" for code, each in chances.items()},
    }


def _exact(part: Mapping[str, Any], layout: Layout, *, best: str) -> dict[str, Any]:
    """Nothing of the party's own is uncertain: the sub-score itself."""
    score, grade = part["score"], part["grade"]
    return {
        "se": "0.000000",
        "median": score,
        "low": score,
        "high": score,
        "label": label_of(1.0, open_=best != grade),
        "probability": "1.000000",
        "probabilities": {code: "1.000000" if code == grade else "0.000000" for code, _ in layout.grades},
    }


def _micro(figure: str) -> int:
    """Micro-points of a figure with six decimals."""
    return int(figure.replace(".", "", 1))
