"""Margins: known population counts by category, and what makes them unfit for weighting."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

__all__ = [
    "EmptyCategory",
    "Margin",
    "MarginsDisagree",
    "NotConverged",
    "UnknownCategory",
    "WeightingError",
    "check_margins",
    "crossed",
    "merge_sparse",
    "with_unknown",
]

Floats = npt.NDArray[np.float64]
Codes = npt.NDArray[np.int64]

SAME_TOTAL = 1e-6  # relative; margins that differ more do not describe the same population
DENSE_CELLS = 1 << 22  # up to this many possible cells a table is cheaper than sorting the rows


class WeightingError(ValueError):
    """Weights cannot be made. `margin` and `category` say where (null when it is not one of them), `detail` why."""

    def __init__(self, margin: str | None, category: int | None, detail: str) -> None:
        place = "" if margin is None else f"margin {margin}: " if category is None else f"margin {margin}[{category}]: "
        super().__init__(place + detail)
        self.margin = margin
        self.category = category
        self.detail = detail


class EmptyCategory(WeightingError):  # noqa: N818 - named after what is wrong, as the problems of the interface are
    """The population has people in a category and the sample has none: no weight can stand for them."""


class MarginsDisagree(WeightingError):  # noqa: N818
    """Two margins have different totals, or a category has answers but nobody in the population."""


class UnknownCategory(WeightingError):  # noqa: N818
    """An answer's category is not one of the margin's."""


class NotConverged(WeightingError):  # noqa: N818
    """The margins cannot be met at once, or not within the allowed steps."""


@dataclass(frozen=True, slots=True)
class Margin:
    """One variable with known population counts.

    Arguments:
        name: of the variable, for messages.
        codes: n category codes 0..k-1, one per answer; -1 where the category is unknown (see `with_unknown`).
        targets: k population counts, in the order of the codes.
    """

    name: str
    codes: Codes
    targets: Floats

    @property
    def size(self) -> int:
        """k, the number of categories."""
        return int(self.targets.size)


def check_margins(base: Floats, margins: Sequence[Margin]) -> None:
    """Refuse margins that do not fit the answers or each other.

    Raises:
        UnknownCategory: a code lies outside 0..k-1.
        EmptyCategory: a category has a target above zero and no answer with a weight.
        MarginsDisagree: totals differ by more than 1e-6, or answers stand in a category whose target is zero.
        ValueError: lengths differ, there is no margin, or a number is negative or not finite.
    """
    if not margins or base.ndim != 1 or not base.size:
        raise ValueError("weighting needs at least one margin and one answer")
    if not np.isfinite(base).all() or float(base.min()) < 0.0:
        raise ValueError("base weights must be finite and not negative")
    present = None if float(base.min()) > 0.0 else (base > 0.0).astype(np.float64)
    total = float(margins[0].targets.sum())
    for margin in margins:
        _check_shape(margin, base.size)
        own = float(margin.targets.sum())
        if abs(own - total) > SAME_TOTAL * total:
            detail = f"its targets add up to {own:g}, those of {margins[0].name} to {total:g}"
            raise MarginsDisagree(margin.name, None, detail)
        counts = np.bincount(margin.codes, weights=present, minlength=margin.size)
        for category in np.flatnonzero((margin.targets > 0.0) & (counts == 0)):
            target = margin.targets[category]
            raise EmptyCategory(margin.name, int(category), f"{target:g} people in the population and no answer")
        for category in np.flatnonzero((margin.targets == 0.0) & (counts > 0)):
            found = int(counts[category])
            raise MarginsDisagree(margin.name, int(category), f"{found} answers and nobody in the population")


def _check_shape(margin: Margin, n: int) -> None:
    if margin.codes.shape != (n,):
        raise ValueError(f"margin {margin.name} must have one code per answer")
    if not margin.size or not np.isfinite(margin.targets).all() or float(margin.targets.min()) < 0.0:
        raise ValueError(f"margin {margin.name} must have targets that are finite and not negative")
    low, high = int(margin.codes.min()), int(margin.codes.max())
    if low < 0 or high >= margin.size:
        raise UnknownCategory(margin.name, low if low < 0 else high, f"categories run from 0 to {margin.size - 1}")


def crossed(margins: Sequence[Margin]) -> tuple[Codes, Codes]:
    """The cells of the crossed margins that have answers: (cell of each answer, m x len(margins) codes per cell).

    Answers of one cell get the same factor, so that a million of them are weighted as a few hundred cells.
    """
    sizes = tuple(margin.size for margin in margins)
    key = margins[0].codes
    for margin in margins[1:]:
        key = key * margin.size + margin.codes
    possible = int(np.prod([float(size) for size in sizes]))
    if possible <= DENSE_CELLS:
        occupied = np.flatnonzero(np.bincount(key, minlength=possible))
        lookup = np.zeros(possible, dtype=np.int64)
        lookup[occupied] = np.arange(occupied.size)
        place = lookup[key]
    else:
        occupied, place = np.unique(key, return_inverse=True)
    codes = np.column_stack(np.unravel_index(occupied, sizes)).astype(np.int64)
    return place, codes


def with_unknown(margin: Margin, base: Floats) -> Margin:
    """Give the answers of unknown category (code -1) a category of their own, the last.

    Its target is its share of the base weights, the other targets shrink by the same share: the margin then leaves the
    unknown as they are and corrects the rest. Own choice; it takes the category to be missing at random.
    """
    unknown = margin.codes < 0
    if not unknown.any():
        return margin
    share = float(base[unknown].sum() / base.sum())
    targets = np.append(margin.targets * (1.0 - share), margin.targets.sum() * share)
    return Margin(margin.name, np.where(unknown, margin.size, margin.codes), targets)


def merge_sparse(margin: Margin, *, minimum: int = 20) -> tuple[Margin, tuple[tuple[int, int], ...]]:
    """Merge categories that have 1 to `minimum` - 1 answers with the smaller of their neighbours, until none is left.

    Returns the margin with new codes and the pairs (category, merged into), in the old codes. Categories are taken to
    be ordered. One without any answer stays: `check_margins` has to refuse it, since nothing is known of its people.
    The threshold is a convention of raking practice (Battaglia et al., Survey Practice 2 (2009) no. 5).
    """
    counts = np.bincount(margin.codes, minlength=margin.size)
    if not ((counts > 0) & (counts < minimum)).any():
        return margin, ()
    groups = [[category] for category in range(margin.size)]
    merged: list[tuple[int, int]] = []
    while True:
        sizes = [int(counts[group].sum()) for group in groups]
        sparse = [place for place, size in enumerate(sizes) if 0 < size < minimum]
        if not sparse or len(groups) == 1:
            break
        place = min(sparse, key=lambda each: sizes[each])
        near = [each for each in (place - 1, place + 1) if 0 <= each < len(groups)]
        other = min(near, key=lambda each: sizes[each])
        merged.extend((category, groups[other][0]) for category in groups[place])
        groups[min(place, other)] = sorted(groups[place] + groups[other])
        del groups[max(place, other)]
    renumbered = np.empty(margin.size, dtype=np.int64)
    for code, group in enumerate(groups):
        renumbered[group] = code
    targets = np.array([float(margin.targets[group].sum()) for group in groups])
    return Margin(margin.name, renumbered[margin.codes], targets), tuple(merged)
