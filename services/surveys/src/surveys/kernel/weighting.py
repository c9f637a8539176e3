"""From base weights and margins to the weights that a wave is published with, in the order of the reference."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from surveys.kernel.calibration import calibration_of
from surveys.kernel.margins import Margin, merge_sparse, with_unknown
from surveys.kernel.variance import Design, collapse_lonely_strata
from surveys.kernel.weights import Kish, Raked, Trimmed, kish, rake, trim

__all__ = ["Weighted", "weigh"]

Floats = npt.NDArray[np.float64]
Codes = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Weighted:
    """Weighted answers.

    Arguments:
        design: final weights with the calibration that the variance needs.
        base: n base weights.
        margins: those that were met: after merging, with the unknown as a category of their own.
        kish: what the unequal weights cost.
        sweeps: of the (last) raking, 0 without margins.
        trimmed_share: share (0-1) of the answers whose weight was held at a limit.
        merged: per margin the categories with too few answers and what each was merged into.
        collapsed: strata that were merged for the variance, because they had one sampling unit.
    """

    design: Design
    base: Floats
    margins: tuple[Margin, ...]
    kish: Kish
    sweeps: int
    trimmed_share: float
    merged: dict[str, tuple[tuple[int, int], ...]]
    collapsed: tuple[int, ...]


def weigh(
    base: Floats,
    margins: Sequence[Margin] = (),
    *,
    strata: Codes | None = None,
    clusters: Codes | None = None,
    population: Floats | None = None,
    minimum: int = 20,
    limits: tuple[float, float] | None = (0.3, 3.0),
) -> Weighted:
    """Merge sparse categories, rake, trim, rake once more, and collapse strata with a single sampling unit.

    Answers of unknown category (code -1) are left as they are by that margin. After a trimming that moved something the
    weights are raked again from the trimmed ones, so that the margins are met; they may then pass the limits a little.

    Arguments:
        base: n base weights.
        margins: none leaves the base weights.
        strata: of the sampling design, see `Design`; so are the next two.
        clusters: primary sampling units.
        population: sampling units per stratum in the population.
        minimum: categories with fewer answers are merged with a neighbour.
        limits: of the weights, as multiples of their median; None for no trimming.

    Raises:
        EmptyCategory, MarginsDisagree, UnknownCategory, NotConverged: see `rake`.
    """
    own = np.zeros(base.size, dtype=np.int64) if strata is None else strata
    merged: dict[str, tuple[tuple[int, int], ...]] = {}
    fitted: list[Margin] = []
    for margin in margins:
        found, pairs = _fitted(margin, base, minimum=minimum)
        fitted.append(found)
        if pairs:
            merged[margin.name] = pairs
    raked, trimmed = _rake_and_trim(base, fitted, limits=limits)
    design = Design(
        weights=raked.weights,
        strata=own,
        clusters=clusters,
        population=population,
        calibration=calibration_of(base, fitted) if fitted else None,
    )
    design, collapsed = collapse_lonely_strata(design)
    return Weighted(
        design=design,
        base=base,
        margins=tuple(fitted),
        kish=kish(raked.weights),
        sweeps=raked.sweeps,
        trimmed_share=0.0 if trimmed is None else trimmed.share,
        merged=merged,
        collapsed=collapsed,
    )


def _fitted(margin: Margin, base: Floats, *, minimum: int) -> tuple[Margin, tuple[tuple[int, int], ...]]:
    known = margin.codes >= 0
    if known.all():
        return merge_sparse(margin, minimum=minimum)
    # An unknown category is no neighbour of the others: it joins after the merging.
    reduced, pairs = merge_sparse(Margin(margin.name, margin.codes[known], margin.targets), minimum=minimum)
    codes = np.full(base.size, -1, dtype=np.int64)
    codes[known] = reduced.codes
    return with_unknown(Margin(margin.name, codes, reduced.targets), base), pairs


def _rake_and_trim(
    base: Floats, margins: Sequence[Margin], *, limits: tuple[float, float] | None
) -> tuple[Raked, Trimmed | None]:
    if not margins:
        return Raked(weights=base, sweeps=0, largest_factor_error=0.0), None
    raked = rake(base, margins)
    if limits is None:
        return raked, None
    trimmed = trim(raked.weights, low=limits[0], high=limits[1])
    if trimmed.share == 0.0:
        return raked, trimmed
    return rake(trimmed.weights, margins), trimmed
