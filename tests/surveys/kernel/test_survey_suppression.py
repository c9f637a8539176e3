"""Suppression against brute force, against the attacker, and across the tables of a release."""

import json
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from surveys.kernel.breakdowns import MAX_CELLS, count_tables, protect
from surveys.kernel.differencing import Conflict, differencing_conflict
from surveys.kernel.suppression import Cells, Relation, attack, cross, protected, suppress, unsafe

GOLDEN = Path(__file__).resolve().parents[3].parent / "shared" / "golden" / "survey" / "golden_suppression.json"
Counts = npt.NDArray[np.int64]


def golden() -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(GOLDEN.read_text(encoding="utf-8")) if GOLDEN.is_file() else []
    return found


def totals_of(cells: Cells, table: Counts) -> range:
    return range(table.size, cells.counts.size)


@pytest.mark.skipif(not GOLDEN.is_file(), reason="the golden vectors lie beside the project, not in it")
def test_golden_file_has_its_tables() -> None:
    assert len(golden()) == 17


@pytest.mark.parametrize("block", golden())
def test_pattern_and_attackers_intervals_equal_brute_force(block: dict[str, Any]) -> None:
    table = np.array(block["table"])
    cells = cross(table)
    small = np.argwhere(cells.small(block["threshold"])[: table.size].reshape(table.shape)).tolist()
    assert small == block["primary"]
    hidden = suppress(cells, threshold=block["threshold"], published=totals_of(cells, table))
    if block["optimal_suppressed"] is None:
        assert hidden is None
        return
    assert hidden is not None
    assert np.argwhere(hidden[: table.size].reshape(table.shape)).tolist() == block["optimal_suppressed"]
    expected = block["feasible"] or {}
    places = np.flatnonzero(hidden)
    assert {f"{row},{column}" for row, column in block["optimal_suppressed"]} == set(expected)
    for place, (low, high) in zip(places, attack(cells, hidden, places.tolist()), strict=True):
        row, column = divmod(int(place), table.shape[1])
        assert [low, high] == pytest.approx(expected[f"{row},{column}"], abs=1e-6)
    assert unsafe(cells, hidden, threshold=block["threshold"]) == []


def brute_force(table: Counts, threshold: int) -> tuple[int, int] | None:
    """Number and sum of the hidden cells of the best safe pattern, by trying all."""
    cells = cross(table)
    primary = set(np.flatnonzero(cells.small(threshold)[: table.size]).tolist())
    others = [place for place in range(table.size) if place not in primary and cells.counts[place] > 0]
    for more in range(len(others) + 1):
        sums = []
        for added in combinations(others, more):
            hidden = np.zeros(cells.counts.size, dtype=np.bool_)
            hidden[[*primary, *added]] = True
            if not primary or all(
                protected(int(cells.counts[place]), attack(cells, hidden, [place])[0], threshold=threshold)
                for place in primary
            ):
                sums.append(int(cells.counts[hidden].sum()))
        if sums:
            return len(primary) + more, min(sums)
    return None


@pytest.mark.parametrize("seed", range(12))
def test_nothing_better_exists(seed: int) -> None:
    generator = np.random.default_rng(seed)
    table = generator.choice([0, 3, 6, 9, 11, 14, 25], size=(3, 3))
    cells = cross(table)
    if cells.small(10)[table.size :].any():
        table = table + 12 * np.eye(3, dtype=np.int64)
        cells = cross(table)
    hidden = suppress(cells, published=totals_of(cells, table))
    best = brute_force(table, 10)
    assert (None if hidden is None else (int(hidden.sum()), int(cells.counts[hidden].sum()))) == best


def test_totals_are_hidden_where_inner_cells_do_not_suffice() -> None:
    table = np.array([[9, 6], [66, 69]])
    cells = cross(table)
    assert suppress(cells, published=totals_of(cells, table)) is None
    hidden = suppress(cells, costly=totals_of(cells, table), published=[cells.counts.size - 1])
    assert hidden is not None
    assert hidden[table.size :].any()
    assert unsafe(cells, hidden) == []


def test_small_total_is_itself_protected() -> None:
    table = np.array([[2, 1, 3], [40, 30, 20], [25, 35, 45]])
    cells = cross(table)
    hidden = suppress(cells, costly=totals_of(cells, table), published=[cells.counts.size - 1])
    assert hidden is not None
    assert hidden[table.size]  # the first row's total is 6
    assert unsafe(cells, hidden) == []


def test_published_small_count_cannot_be_protected() -> None:
    cells = cross([[4, 30], [20, 40]])
    assert suppress(cells, published=[0]) is None
    shown = np.zeros(cells.counts.size, dtype=np.bool_)
    assert unsafe(cells, shown) == [0]


def test_subtraction_gives_a_single_hidden_cell_back() -> None:
    cells = cross([[4, 30], [20, 40]])
    alone = np.zeros(cells.counts.size, dtype=np.bool_)
    alone[0] = True
    assert attack(cells, alone, [0]) == [(4.0, 4.0)]
    assert unsafe(cells, alone) == [0]


def test_totals_must_add_up() -> None:
    with pytest.raises(ValueError, match="sum of its parts"):
        Cells(np.array([1, 2, 4]), (Relation(2, (0, 1)),))


@settings(max_examples=25)
@given(
    arrays(
        np.int64,
        st.tuples(st.integers(1, 4), st.integers(2, 5)),
        elements=st.one_of(st.integers(0, 14), st.integers(0, 80)),
    )
)
def test_whatever_is_shown_tells_nothing(table: Counts) -> None:
    cells = cross(table)
    hidden = suppress(cells, costly=totals_of(cells, table), published=[cells.counts.size - 1])
    if hidden is None:
        return
    assert not (hidden & (cells.counts == 0)).any()
    assert (hidden >= cells.small(10)).all()
    assert unsafe(cells, hidden) == []
    for relation in cells.relations:
        assert int(hidden[[relation.total, *relation.parts]].sum()) != 1


def respondents(n: int, seed: int) -> tuple[dict[str, Counts], dict[str, int]]:
    generator = np.random.default_rng(seed)
    shares = {"age": [0.5, 0.3, 0.14, 0.06], "sex": [0.5, 0.5], "town": [0.3, 0.3, 0.2, 0.1, 0.1]}
    codes = {name: generator.choice(len(share), n, p=share) for name, share in shares.items()}
    return codes, {name: len(share) for name, share in shares.items()}


@pytest.mark.parametrize(("n", "seed"), [(60, 1), (150, 2), (400, 3), (2000, 4)])
def test_release_as_a_whole_tells_nothing(n: int, seed: int) -> None:
    tables = count_tables(*respondents(n, seed))
    assert len(tables) == 6
    released = protect(tables)
    for table, found in released.items():
        assert found.counts.sum() == n
        shown = found.counts[~found.hidden]
        assert not ((shown > 0) & (shown < 10)).any()
        assert (found.counts[found.hidden] > 0).all() or found.withheld
        if found.withheld or len(table) == 1:
            continue
        # Every table of two variables, together with the totals that the tables of one show.
        cells = cross(found.counts)
        margins = [released[name,].hidden for name in table]
        hidden = np.concatenate([found.hidden.ravel(), *margins, [False]])
        assert unsafe(cells, hidden) == []
    assert (n < 2000) == any(found.withheld or found.hidden.any() for found in released.values())


def test_tables_hide_the_same_totals() -> None:
    codes, sizes = respondents(150, 2)
    tables = count_tables(codes, sizes)
    alone = dict(list(tables.items())[:3])
    assert protect(alone)["age",].shown() == protect(tables)["age",].shown()


def test_too_large_a_table_is_withheld() -> None:
    codes = {"street": np.arange(900) % (MAX_CELLS + 1), "sex": np.arange(900) % 2}
    released = protect(count_tables(codes, {"street": MAX_CELLS + 1, "sex": 2}))
    assert released["street",].withheld
    assert released["street", "sex"].withheld
    assert not released["sex",].withheld
    assert released["sex",].shown() == [450, 450]
    assert released["street", "sex"].shown() == [[None, None]] * (MAX_CELLS + 1)


def test_releases_that_differ_by_a_few_persons_are_refused() -> None:
    people = [bytes([number]) for number in range(40)]
    first = frozenset(people[:12])
    assert differencing_conflict(first, []) is None
    assert differencing_conflict(first, [first]) is None
    assert differencing_conflict(frozenset(), [first]) is None  # 12 persons
    assert differencing_conflict(frozenset(people[:13]), [frozenset(), first]) == Conflict(1, 1)
    assert differencing_conflict(frozenset(people[1:13]), [first]) == Conflict(0, 2)
    assert differencing_conflict(frozenset(people[:21]), [first]) == Conflict(0, 9)
    assert differencing_conflict(frozenset(people[:22]), [first]) is None
    assert differencing_conflict(frozenset(people[:22]), [first], threshold=20) == Conflict(0, 10)
