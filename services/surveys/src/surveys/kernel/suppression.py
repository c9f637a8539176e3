"""Which cells of published count tables have to be hidden so that nobody can work out the small ones.

A cell with a count of 1 to T-1 is hidden (primary suppression). Published totals would give it back by subtraction, so
further cells are hidden with it (complementary suppression): as few as possible, found by mixed integer programming.
What is left is then attacked: for every small cell the attacker's smallest and largest possible count, given all that
is published, must reach down to 0 and up to max(T, 2a).

Sources: Fischetti, M. and Salazar-Gonzalez, J. J. (2001), "Solving the cell suppression problem on tabular data with
linear constraints", Management Science 47(7): the protection inequalities, which the dual of a successful attack gives;
Hundepool, A. et al. (2012), "Statistical Disclosure Control", chapter 4: the attacker's problem.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from scipy.optimize import Bounds, LinearConstraint, linprog, milp
from scipy.sparse import csr_array

__all__ = ["Cells", "Feasible", "Relation", "attack", "cross", "protected", "suppress", "unsafe"]

Counts = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.float64]
ROUNDING = 1e-6
MAX_ROUNDS = 500
MAX_SECONDS = 30.0  # of one search; what it found by then is attacked like any other pattern
ORDERED = 100  # cells up to which equally good patterns are told apart by their order


class Relation(NamedTuple):
    """A published sum: the count of the cell `total` is that of `parts` together."""

    total: int
    parts: tuple[int, ...]


class Feasible(NamedTuple):
    """What an attacker can say about a cell: its count lies between these two."""

    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Cells:
    """The cells of one or several linked tables, totals included, and the sums that everybody knows to hold."""

    counts: Counts
    relations: tuple[Relation, ...]
    matrix: "csr_array" = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        rows = [number for number, relation in enumerate(self.relations) for _ in range(len(relation.parts) + 1)]
        columns = [cell for relation in self.relations for cell in (relation.total, *relation.parts)]
        signs = [sign for relation in self.relations for sign in (-1.0, *(1.0,) * len(relation.parts))]
        shape = (len(self.relations), self.counts.size)
        object.__setattr__(self, "matrix", csr_array((signs, (rows, columns)), shape=shape))
        if self.matrix.dot(self.counts.astype(np.float64)).any():
            raise ValueError("a total is not the sum of its parts")

    def small(self, threshold: int) -> Flags:
        """The cells with a count of 1 to threshold - 1."""
        return (self.counts > 0) & (self.counts < threshold)


def cross(table: npt.ArrayLike) -> Cells:
    """A table of two variables (one row for a table of one) with its totals.

    The cells stand row by row, followed by the row totals, the column totals and the grand total.
    """
    counts = np.atleast_2d(np.asarray(table, dtype=np.int64))
    rows, columns = counts.shape
    inner = np.arange(rows * columns).reshape(rows, columns)
    row_totals, column_totals = rows * columns + np.arange(rows), rows * columns + rows + np.arange(columns)
    grand = rows * columns + rows + columns
    relations = [Relation(int(row_totals[row]), tuple(inner[row].tolist())) for row in range(rows)]
    relations += [Relation(int(column_totals[at]), tuple(inner[:, at].tolist())) for at in range(columns)]
    relations += [Relation(grand, tuple(row_totals.tolist())), Relation(grand, tuple(column_totals.tolist()))]
    everything = np.concatenate([counts.ravel(), counts.sum(axis=1), counts.sum(axis=0), [counts.sum()]])
    return Cells(everything, tuple(relations))


def suppress(
    cells: Cells,
    *,
    threshold: int = 10,
    published: Iterable[int] = (),
    hidden: Iterable[int] = (),
    costly: Iterable[int] = (),
) -> Flags | None:
    """Find the cells to hide: the fewest, of these the smallest sum of counts, of these (in small tables) the first.

    Arguments:
        cells: the tables.
        threshold: counts of 1 to threshold - 1 have to be protected.
        published: cells that are shown whatever happens, for example because they were published before.
        hidden: cells that are hidden whatever happens.
        costly: cells of which none is hidden while any others would do, such as totals.

    Returns None when no pattern is safe. Cells with the count 0 are always shown: they protect nothing.
    """
    small = cells.small(threshold)
    forced = small.copy()
    forced[list(hidden)] = True
    free = cells.counts > 0
    free[list(published)] = False
    if (forced & ~free & (cells.counts > 0)).any():
        return None
    if not forced.any():
        return forced
    search = _Search(cells, forced=forced, free=free | forced, costly=list(costly), threshold=threshold)
    best = search.run()
    return None if best is None else search.first_of_equals(best)


def unsafe(cells: Cells, hidden: Flags, *, threshold: int = 10) -> list[int]:
    """The small cells that an attacker can work out too closely although all of `hidden` is hidden."""
    found = []
    for cell in np.flatnonzero(cells.small(threshold)):
        if not hidden[cell]:
            found.append(int(cell))
            continue
        (feasible,) = attack(cells, hidden, [int(cell)])
        if not protected(int(cells.counts[cell]), feasible, threshold=threshold):
            found.append(int(cell))
    return found


def protected(count: int, feasible: Feasible, *, threshold: int = 10) -> bool:
    """Whether an attacker's interval is wide enough: down to 0 and up to max(T, 2a)."""
    low, high = _required(count, threshold)
    return feasible.low <= count - low + ROUNDING and feasible.high >= count + high - ROUNDING


def attack(cells: Cells, hidden: Flags, targets: Sequence[int]) -> list[Feasible]:
    """What an attacker who knows every published cell and every sum can say about hidden cells."""
    found = []
    for target in targets:
        limits = [_extreme(cells, hidden.astype(np.float64), target, sign)[0] for sign in (-1.0, 1.0)]
        count = float(cells.counts[target])
        found.append(Feasible(count - limits[0], count + limits[1]))
    return found


def _required(count: int, threshold: int) -> tuple[float, float]:
    """How far below and above the true count the attacker's limits have to lie."""
    return float(min(count, max(1, count))), float(max(threshold, count + max(1, count)) - count)


def _extreme(cells: Cells, hidden: Floats, target: int, sign: float) -> tuple[float, Floats]:
    """The attacker's problem: how far the target can deviate upwards (sign 1) or downwards (-1).

    Returns the deviation and, per cell, what hiding it adds to it at most: the coefficients of a protection inequality.
    They follow from the equations' multipliers, and any multipliers give a valid inequality.
    """
    below = cells.counts.astype(np.float64)
    above = float(cells.counts.max()) - below  # no count exceeds the grand total
    objective = np.zeros(cells.counts.size)
    objective[target] = -sign
    bounds = np.column_stack([-below * hidden, above * hidden])
    solved = linprog(  # type: ignore[call-overload] # takes a sparse matrix too, which its types do not say
        objective, A_eq=cells.matrix, b_eq=np.zeros(len(cells.relations)), bounds=bounds, method="highs"
    )
    if solved.status != 0:  # pragma: no cover - deviating nowhere is always possible
        raise ArithmeticError(f"the attacker's problem was not solved: {solved.message}")
    reduced = -objective + cells.matrix.T.dot(solved.eqlin.marginals)
    return max(0.0, -float(solved.fun)), np.where(reduced > 0, reduced * above, -reduced * below)


class _Search:
    """The master problem: patterns that satisfy all that attacks have taught so far."""

    def __init__(self, cells: Cells, *, forced: Flags, free: Flags, costly: list[int], threshold: int) -> None:
        self._cells = cells
        self._threshold = threshold
        self._low = forced.astype(np.float64)
        self._high = free.astype(np.float64)
        # Whole numbers, so that the solver's tolerance decides nothing: a costly cell outweighs all others, a further
        # cell outweighs any difference of counts.
        total = int(cells.counts.sum()) + 1
        self._cost = (cells.counts + total).astype(np.float64)
        self._cost[costly] *= cells.counts.size + 1
        self._rows: list[Floats] = []
        self._needs: list[float] = []
        for relation in cells.relations:
            self._add_pairs((relation.total, *relation.parts))

    def run(self, *, low: Floats | None = None, high: Floats | None = None, budget: float = np.inf) -> Flags | None:
        """The cheapest safe pattern within bounds; None when there is none."""
        low, high = self._low if low is None else low, self._high if high is None else high
        for _ in range(MAX_ROUNDS):
            hidden = self._cheapest(low, high, budget)
            if hidden is None or not self._learn(hidden):
                return hidden
        return None

    def first_of_equals(self, best: Flags) -> Flags:
        """Of all patterns as good as `best` the one whose cells come first, so that a table has one answer."""
        low, high = self._low.copy(), self._high.copy()
        if np.count_nonzero(high > low) > ORDERED:
            return best
        budget = float(self._cost @ best) + 0.5
        for cell in np.flatnonzero(self._high > self._low):
            if not best[cell]:
                low[cell] = 1.0
                found = self.run(low=low, high=high, budget=budget)
                if found is None:
                    low[cell] = high[cell] = 0.0
                    continue
                best = found
            low[cell] = 1.0
            if not (best & (low == 0)).any():
                return best
        return best

    def _add_pairs(self, line: tuple[int, ...]) -> None:
        """Nothing is hidden alone in a sum: it would be the difference of the rest."""
        for cell in line:
            row = np.zeros(self._cost.size)
            row[list(line)] = 1.0
            row[cell] = -1.0
            self._rows.append(row)
            self._needs.append(0.0)

    def _cheapest(self, low: Floats, high: Floats, budget: float) -> Flags | None:
        rows, needs = np.array(self._rows), np.array(self._needs)
        constraints = [LinearConstraint(csr_array(rows), needs, np.inf)]
        if np.isfinite(budget):
            constraints.append(LinearConstraint(self._cost[None, :], -np.inf, budget))
        solved = milp(
            self._cost,
            integrality=np.ones(low.size, dtype=np.int64),
            bounds=Bounds(low, high),
            constraints=constraints,
            options={"mip_rel_gap": 0.0, "time_limit": MAX_SECONDS},
        )
        if solved.x is None:
            return None
        hidden = np.asarray(solved.x > 0.5)
        kept = rows.dot(hidden.astype(np.float64)) >= needs - ROUNDING
        return hidden if kept.all() else None

    def _learn(self, hidden: Flags) -> bool:
        """Attack a pattern; each success becomes an inequality that rules it out. Whether there was one."""
        found = False
        pattern = hidden.astype(np.float64)
        for cell in np.flatnonzero(self._cells.small(self._threshold)):
            for sign, need in zip((-1.0, 1.0), _required(int(self._cells.counts[cell]), self._threshold), strict=True):
                reached, gains = _extreme(self._cells, pattern, int(cell), sign)
                if reached >= need - ROUNDING:
                    continue
                found = True
                self._rows.append(np.minimum(gains, need) / need)
                self._needs.append(1.0)
        if found:
            # What is unsafe stays unsafe when less is hidden: at least one more cell is needed.
            self._rows.append((~hidden).astype(np.float64))
            self._needs.append(1.0)
        return found
