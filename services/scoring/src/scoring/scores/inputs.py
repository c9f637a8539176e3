"""Facts as the kernel wants them, and the numeric part of a score; the columns are contracts."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from scoring import kernel
from scoring.frameworks.document import STAGES, Framework
from scoring.scores.facts import Agreed, Facts, Measured
from scoring.scores.layout import Layout, layout_of, widths_of
from scoring.scores.measures import MISSING, measure
from scoring.scores.normalisers import score_row
from scoring.scores.recipients import on_index

__all__ = ["Inputs", "Source", "compute", "prepare"]

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
        for each in map(on_index, agreed) if block.by_index else agreed:
            measured = each.observed if block.by_observation else common
            value, state = _NAN, block.missing
            if measured is not None:
                value, state = _number(measured), kernel.EVIDENCE
            elif state is None:
                state = MISSING.get(each.missing, kernel.HOLD)
            higher = each.higher if block.higher is None else block.higher
            cells += (value, each.target, each.zero_at, each.baseline, state, higher, 1.0, each.weight)
            sources.append((each, measured))
        if not agreed:
            value, state = _NAN, block.lone_missing
            if common is not None:
                value, state = _number(common), kernel.EVIDENCE
            cells += (value, block.lone_target, _NAN, _NAN, state, block.lone_higher, 0.0, 1.0)
            sources.append((None, common))
        padding = block.first + block.width - len(sources)
        cells += _PADDING * padding
        sources += [None] * padding
    return sources


def _number(measured: Measured) -> float:
    """The value that is normalised: of a tier its score."""
    if isinstance(measured.value, str):
        return _NAN if measured.pick is None else measured.pick
    return measured.value


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
    over &= inputs.agreed
    scores = np.where(inputs.agreed, attained, plain)
    for row, agreed, normaliser in layout.special:
        here = inputs.agreed[row] == agreed
        made, exceeded = score_row(
            normaliser,
            value[row],
            target=target[row],
            zero_at=inputs.zero_at[row],
            before=inputs.baseline[row],
            higher=higher[row],
        )
        scores[row] = np.where(here, made, scores[row])
        over[row] = np.where(here, exceeded, over[row])
    return kernel.aggregate(layout.tree, scores, inputs.state, inputs.weight), scores, over
