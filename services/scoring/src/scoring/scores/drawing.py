"""Draws of one contract's uncertain evidence, row by row, and what each item adds to the spread of the score."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from scoring import kernel
from scoring.kernel.montecarlo import DRAWS, Uncertain, Value, draw, gradient, propagate
from scoring.scores.evaluation import Evaluated
from scoring.scores.layout import Layout
from scoring.scores.measured import Measured, Ref, Spread
from scoring.scores.normalisers import PLAIN, goalposts_of, score_row

__all__ = ["Moved", "column_of", "moved_rows", "substream", "variances_of"]

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Moved:
    """A row whose evidence is uncertain: its place, the item that it rests on, and its draws, normalised."""

    row: int
    ref: Ref
    spread: Spread
    scores: Array


def substream(contract_id: str, ref: Ref) -> int:
    """The 128-bit key of the draws of an item of evidence: its contract, id and content, and no framework."""
    return int.from_bytes(hashlib.sha256(f"{contract_id}\n{ref[0]}\n{ref[1]}".encode()).digest()[:16])


def column_of(evaluated: Evaluated, n: int) -> tuple[Layout, list[int], list[float], list[float]]:
    """Layout, states, weights and points of one contract of a batch."""
    inputs = evaluated.inputs
    return (
        inputs.layout,
        inputs.state[:, n].tolist(),
        inputs.weight[:, n].tolist(),
        evaluated.aggregate.points[:, n].tolist(),
    )


def moved_rows(evaluated: Evaluated, n: int, *, draws: int = DRAWS) -> list[Moved]:
    """Every row with uncertain evidence, drawn and normalised."""
    inputs, points = evaluated.inputs, evaluated.aggregate.points[:, n].tolist()
    found: list[tuple[int, Measured, Spread]] = [
        (row, source[1], source[1].spread)
        for row, source in enumerate(inputs.sources[n])
        if source is not None
        and source[1] is not None
        and source[1].spread is not None
        and points[row] > 0.0
        and inputs.state[row, n] == kernel.EVIDENCE
    ]
    if not found:
        return []
    contract_id = inputs.facts[n].contract_id
    keys = {measured.refs[-1]: substream(contract_id, measured.refs[-1]) for _, measured, _ in found}
    values = inputs.value[:, n].tolist()
    drawn = draw(
        [
            Uncertain(
                keys[measured.refs[-1]],
                spread.dist,
                values[row] if spread.centre is None else spread.centre,
                spread.se,
                spread.df,
            )
            for row, measured, spread in found
        ],
        draws,
    )
    rows = [row for row, _, _ in found]
    rules = [inputs.layout.rules[row][0 if inputs.agreed[row, n] else 1] for row in rows]
    plain = [rule.normaliser["kind"] in PLAIN for rule in rules]
    if any(plain):
        posts = np.array(
            [goalposts_of(rule.normaliser) if simple else (0.0, 1.0) for rule, simple in zip(rules, plain, strict=True)]
        )
        scored = kernel.goalposts(drawn, lower=posts[:, :1], upper=posts[:, 1:], out=drawn if all(plain) else None)
    else:
        scored = np.empty_like(drawn)
    for place, (row, rule) in enumerate(zip(rows, rules, strict=True)):
        if not plain[place]:
            scored[place], _ = score_row(
                rule.normaliser,
                drawn[place],
                target=inputs.target[row, n : n + 1],
                zero_at=inputs.zero_at[row, n : n + 1],
                before=inputs.baseline[row, n : n + 1],
                higher=inputs.higher[row, n : n + 1],
            )
    return [
        Moved(row, measured.refs[-1], spread, scores)
        for (row, measured, spread), scores in zip(found, scored, strict=True)
    ]


def variances_of(evaluated: Evaluated, n: int, moved: Sequence[Moved], leaves: Sequence[Value]) -> dict[Ref, float]:
    """Variance of the ungated score when each item alone moves and all others stay at their values.

    With arithmetic means these sum to the whole variance; otherwise what items do together is left out.
    """
    layout, state, weight, _ = column_of(evaluated, n)
    groups: dict[Ref, list[Moved]] = {}
    for each in moved:
        groups.setdefault(each.ref, []).append(each)
    if not groups:
        return {}
    if layout.tree.linear:
        slopes = gradient(layout.tree, state, weight)
        # One row per item is the rule: its slope comes out of the variance.
        single = all(len(rows) == 1 for rows in groups.values())
        scale = [slopes[rows[0].row] ** 2 if single else 1.0 for rows in groups.values()]
        effects = np.array(
            [
                rows[0].scores if single else sum(slopes[each.row] * each.scores for each in rows)
                for rows in groups.values()
            ]
        )
        return dict(zip(groups, (effects.var(axis=1) * scale).tolist(), strict=True))
    fixed: list[Value] = evaluated.scores[:, n].tolist()
    variances: dict[Ref, float] = {}
    for ref, rows in groups.items():
        own = list(fixed)
        for each in rows:
            own[each.row] = leaves[each.row]
        variances[ref] = float(np.var(np.asarray(propagate(layout.tree, own, state, weight)[-1], dtype=np.float64)))
    return variances
