"""All the count tables of one release, protected together.

A release holds a table of respondents for each variable and for each pair of variables. They share their totals, so
that a cell that one table hides must not be worked out from another: the tables of one variable come first, those of
two take their pattern as given, and at last all that is shown is attacked as a whole. A table for which there is no
safe pattern is withheld.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import numpy.typing as npt

from surveys.kernel.suppression import Cells, Relation, cross, suppress, unsafe

__all__ = ["MAX_CELLS", "Protected", "Table", "count_tables", "protect"]

Counts = npt.NDArray[np.int64]
Codes = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]
Table = tuple[str, ...]
MAX_CELLS = 400  # a larger table is withheld: categories have to be joined first


@dataclass(frozen=True, slots=True, kw_only=True)
class Protected:
    """Counts of a table (one or two dimensions) and which of them are hidden; `withheld` hides the whole table."""

    counts: Counts
    hidden: Flags
    withheld: bool = False

    def shown(self) -> list[list[int | None]] | list[int | None]:
        """The counts that are published, None for a hidden one."""
        values = self.counts.astype(object)
        values[self.hidden] = None
        found: list[list[int | None]] | list[int | None] = values.tolist()
        return found


def count_tables(codes: Mapping[str, Codes], sizes: Mapping[str, int], *, crossing: int = 2) -> dict[Table, Counts]:
    """Count the respondents by each variable and by each set of up to `crossing` variables.

    Arguments:
        codes: per variable the category 0..k-1 of each respondent.
        sizes: k per variable.
        crossing: 1 or 2.
    """
    tables = {}
    names = list(codes)
    for number in range(1, crossing + 1):
        for table in combinations(names, number):
            shape = tuple(sizes[name] for name in table)
            place = np.ravel_multi_index([codes[name] for name in table], shape)
            tables[table] = np.bincount(place, minlength=int(np.prod(shape))).reshape(shape).astype(np.int64)
    return tables


def protect(tables: Mapping[Table, Counts], *, threshold: int = 10) -> dict[Table, Protected]:
    """Hide what has to be hidden in all tables of a release; the number of all respondents is taken as published.

    A table of two variables needs those of each of them among the tables.
    """
    found: dict[Table, Protected] = {}
    for table in sorted(tables, key=len):
        counts = tables[table]
        ready = len(table) == 1 or all((name,) in found and not found[name,].withheld for name in table)
        if counts.size > MAX_CELLS or not ready:
            hidden = None
        else:
            hidden = _one(counts, threshold) if len(table) == 1 else _two(table, counts, found, threshold)
        found[table] = _withheld(counts) if hidden is None else Protected(counts=counts, hidden=hidden)
    return _attacked(found, threshold=threshold)


def _one(counts: Counts, threshold: int) -> Flags | None:
    """A table of one variable; its total is published."""
    total = counts.size
    cells = Cells(np.append(counts, counts.sum()), (Relation(total, tuple(range(total))),))
    hidden = suppress(cells, threshold=threshold, published=[total])
    return None if hidden is None else hidden[:total]


def _two(table: Table, counts: Counts, found: Mapping[Table, Protected], threshold: int) -> Flags | None:
    """A table of two variables, whose totals are shown or hidden as in the tables of one."""
    cells = cross(counts)
    margins = np.concatenate([found[name,].hidden for name in table])
    places = counts.size + np.arange(margins.size)
    hidden = suppress(
        cells,
        threshold=threshold,
        published=[*places[~margins].tolist(), cells.counts.size - 1],
        hidden=places[margins].tolist(),
    )
    return None if hidden is None else hidden[: counts.size].reshape(counts.shape)


def _withheld(counts: Counts) -> Protected:
    return Protected(counts=counts, hidden=np.ones(counts.shape, dtype=np.bool_), withheld=True)


def _attacked(found: dict[Table, Protected], *, threshold: int) -> dict[Table, Protected]:
    """Withhold tables, the last of two variables first, until nothing can be worked out from all of them together."""
    while True:
        shown = [table for table, protected in found.items() if not protected.withheld]
        if not shown:
            return found
        cells, hidden = _linked(found, shown)
        if not unsafe(cells, hidden, threshold=threshold):
            return found
        last = shown[-1]
        found = {**found, last: _withheld(found[last].counts)}


def _linked(found: Mapping[Table, Protected], shown: Sequence[Table]) -> tuple[Cells, Flags]:
    """All cells of the shown tables with the sums that link them."""
    starts: dict[Table, int] = {}
    counts: list[Counts] = []
    hidden: list[Flags] = []
    size = 0
    for table in shown:
        starts[table] = size
        counts.append(found[table].counts.ravel())
        hidden.append(found[table].hidden.ravel())
        size += counts[-1].size
    relations = [relation for table in shown for relation in _sums(table, found[table].counts, starts, total=size)]
    everything = np.concatenate([*counts, [found[shown[0]].counts.sum()]])
    return Cells(everything, tuple(relations)), np.concatenate([*hidden, [False]])


def _sums(table: Table, counts: Counts, starts: Mapping[Table, int], *, total: int) -> Iterator[Relation]:
    places: Counts = (starts[table] + np.arange(counts.size)).reshape(counts.shape)
    if len(table) == 1:
        yield Relation(total, tuple(places.tolist()))
        return
    for axis, name in enumerate(table):
        margin = starts[name,]
        lines: list[list[int]] = np.moveaxis(places, axis, 0).tolist()
        for category, line in enumerate(lines):
            yield Relation(margin + category, tuple(line))
