"""Is calibration offered for a round of marks, or refused with its reason?

Offered only when units and raters are connected, and either chance decided who marks what, or region and category enter
as fixed effects that cases marked across blocks identify, every difference between blocks having a standard error of
at most 2 points. Otherwise raw marks stand, with severity in their error, and a second evaluator is needed.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from scoring.kernel.raters.components import (
    ANCHORS,
    CONTRAST_SE,
    Design,
    block_design,
    components,
    cross_marked,
    random_design,
)
from scoring.kernel.raters.fair import Calibration, Prior, as_raw, calibrate, contrast_errors

__all__ = ["Contrast", "Decision", "Reason", "decide"]

Array = NDArray[np.float64]
Index = NDArray[np.intp]
Reason = str
"""too_few, disconnected, too_few_anchors, not_identified or not_comparable."""


@dataclass(frozen=True, slots=True)
class Contrast:
    """The worst known pair of blocks of a factor (codes), with the standard error of their difference in points."""

    factor: str
    one: int
    other: int
    se: float


@dataclass(frozen=True, slots=True)
class Decision:
    """What was decided, with the calibration that follows; raw marks in its fair columns where it was refused."""

    offered: bool
    reason: Reason | None
    calibration: Calibration | None
    """None: not even the variances can be estimated."""
    contrasts: tuple[Contrast, ...]
    parts: tuple[tuple[Index, Index], ...]
    """Connected parts as units and raters; one where all is well."""
    design: Design


def decide(  # noqa: PLR0911 - a refusal each
    unit: Index,
    rater: Index,
    mark: Array,
    *,
    random: bool,
    factors: Mapping[str, Index] | None = None,
    anchor: NDArray[np.bool_] | None = None,
    prior: Prior | None = None,
    low: float = 0.0,
    high: float = 100.0,
) -> Decision:
    """Decide and calibrate. `factors` are the levels of each unit (region, category); `anchor` marks units for all.

    `random` is whether chance assigned raters to cases over all blocks, subject to conflicts of interest and rotation
    alone.
    """
    number, unit_part, rater_part = components(unit, rater)
    parts = tuple((np.flatnonzero(unit_part == each), np.flatnonzero(rater_part == each)) for each in range(number))
    plain = random_design(unit, rater)

    def refuse(reason: Reason, contrasts: tuple[Contrast, ...] = ()) -> Decision:
        try:
            found = as_raw(calibrate(unit, rater, mark, design=plain, low=low, high=high))
        except ValueError:
            found = None
        return Decision(False, reason, found, contrasts, parts, plain)

    if number > 1:
        return refuse("disconnected")
    if int(rater.max()) < 2:
        return refuse("too_few")
    several = {name: level for name, level in (factors or {}).items() if int(level.max()) > 0}
    design = plain
    if not random:
        levels = list(several.values())
        common = 0 if anchor is None else int(anchor.sum())
        if max(common, cross_marked(unit, rater, factors=levels, anchor=anchor)) < ANCHORS:
            return refuse("too_few_anchors")
        design = block_design(unit, rater, factors=levels, anchor=anchor)
        if not design.full_rank:
            return refuse("not_identified")
    try:
        found = calibrate(unit, rater, mark, design=design, prior=prior, low=low, high=high)
    except ValueError:
        return refuse("too_few")
    contrasts = tuple(
        _worst(name, contrast_errors(unit, rater, level=level, calibration=found)) for name, level in several.items()
    )
    if not random and any(each.se > CONTRAST_SE for each in contrasts):
        return refuse("not_comparable", contrasts)
    return Decision(True, None, found, contrasts, parts, design)


def _worst(factor: str, errors: Array) -> Contrast:
    one, other = np.unravel_index(int(errors.argmax()), errors.shape)
    return Contrast(factor, int(min(one, other)), int(max(one, other)), float(errors.max()))
