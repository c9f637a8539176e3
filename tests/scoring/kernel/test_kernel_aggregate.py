"""Means up a tree: published numbers, what missing evidence means, and one contract against a batch, bit for bit."""

import csv
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from numpy.typing import NDArray

from scoring.kernel import ABSENT, EVIDENCE, HOLD, REWEIGHT, ZERO, Tree, aggregate

GOLDEN = Path(__file__).parents[4] / "shared/golden/scoring/coinr_asem"
FLAT = Tree(3, ((0, 1, 2),))
TWO_LEVELS = Tree(5, ((0, 1), (2, 3, 4), (5, 6)))


def table(name: str) -> tuple[list[str], dict[str, NDArray[np.float64]]]:
    with (GOLDEN / name).open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    columns = {key: np.array([float(row[key]) for row in rows]) for key in rows[0] if key != "uCode"}
    return [row["uCode"] for row in rows], columns


def meta() -> list[dict[str, str]]:
    with (GOLDEN / "iMeta.csv").open(encoding="utf-8") as file:
        return [row for row in csv.DictReader(file) if row["Type"] in {"Indicator", "Aggregate"}]


@pytest.mark.skipif(not GOLDEN.is_dir(), reason="the golden numbers lie beside the project, not in it")
@pytest.mark.parametrize(
    ("values", "expected", "weights"),
    [
        ("B_norm_minmax_1_100.csv", "C_agg_a_amean.csv", None),
        ("A_Normalised.csv", "C_agg_amean_unequal_weights.csv", "C_weights_unequal.csv"),
        ("A_Normalised.csv", "A_Aggregated.csv", None),
    ],
)
def test_four_levels_equal_the_published_index(values: str, expected: str, weights: str | None) -> None:
    """COINr 1.1.14, the ASEM example: 51 countries, 49 indicators, arithmetic means (JOSS 10.21105/joss.04567)."""
    nodes = meta()
    leaves = [row["iCode"] for row in nodes if row["Type"] == "Indicator"]
    inner = [row["iCode"] for row in sorted(nodes, key=lambda row: int(row["Level"])) if row["Type"] == "Aggregate"]
    number = {code: position for position, code in enumerate([*leaves, *inner])}
    children: dict[str, list[int]] = {code: [] for code in inner}
    for row in nodes:
        if row["Parent"] in children:
            children[row["Parent"]].append(number[row["iCode"]])
    weight = {row["iCode"]: float(row["Weight"]) for row in nodes}
    if weights is not None:
        with (GOLDEN / weights).open(encoding="utf-8") as file:
            weight = {row["iCode"]: float(row["Weight"]) for row in csv.DictReader(file)}
    units, given_values = table(values)
    order, want = table(expected)
    assert order == units
    matrix = np.array([given_values[code] for code in leaves])
    result = aggregate(
        Tree(len(leaves), tuple(tuple(children[code]) for code in inner)),
        matrix,
        np.zeros(matrix.shape, dtype=np.int8),
        np.array([np.full(len(units), weight.get(code, 1.0)) for code in [*leaves, *inner][:-1]]),
    )
    for code in inner:
        np.testing.assert_allclose(result.nodes[number[code]], want[code], rtol=1e-9)
    if "Rank_Index" in want:
        ranks = 1 + (result.score[None, :] > result.score[:, None]).sum(axis=1)
        assert ranks.tolist() == want["Rank_Index"].astype(int).tolist()
    np.testing.assert_allclose(result.points.sum(axis=0), 100, rtol=1e-12)
    assert (result.coverage == 1).all()


def flat(values: list[float], state: list[int], weight: list[float]) -> tuple[float, float, float, list[float]]:
    result = aggregate(
        FLAT, np.array(values)[:, None], np.array(state, dtype=np.int8)[:, None], np.array(weight)[:, None]
    )
    return (
        float(result.score[0]),
        float(result.upper[0]),
        float(result.coverage[0]),
        result.points[:, 0].tolist(),
    )


def test_held_evidence_counts_0_and_is_100_in_the_upper_bound() -> None:
    assert flat([80, 90, np.nan], [EVIDENCE, EVIDENCE, HOLD], [50, 30, 20]) == (67, 87, 0.8, [50, 30, 20])


def test_evidence_that_was_not_supplied_counts_0_everywhere() -> None:
    assert flat([80, 90, np.nan], [EVIDENCE, EVIDENCE, ZERO], [50, 30, 20]) == (67, 67, 0.8, [50, 30, 20])


def test_reweighted_evidence_gives_its_weight_to_its_siblings() -> None:
    score, upper, coverage, points = flat([80, 90, np.nan], [EVIDENCE, EVIDENCE, REWEIGHT], [50, 30, 20])
    assert score == upper == pytest.approx(83.75)
    assert coverage == 0.8
    assert points == pytest.approx([62.5, 37.5, 0])


def test_a_dimension_without_a_leaf_gives_its_weight_away() -> None:
    state = np.array([REWEIGHT, REWEIGHT, EVIDENCE, HOLD, EVIDENCE], dtype=np.int8)[:, None]
    values = np.array([np.nan, np.nan, 60, np.nan, 90])[:, None]
    result = aggregate(TWO_LEVELS, values, state, np.array([1, 1, 1, 1, 1, 40, 60], dtype=float)[:, None])
    assert result.score[0] == pytest.approx(50)
    assert result.upper[0] == pytest.approx(250 / 3)
    assert result.coverage[0] == pytest.approx(0.4)
    assert result.points[:, 0] == pytest.approx([0, 0, 100 / 3, 100 / 3, 100 / 3])
    assert result.nominal[:, 0] == pytest.approx([20, 20, 20, 20, 20])


def test_nothing_that_counts_gives_no_number() -> None:
    score, upper, coverage, points = flat([1, 2, 3], [REWEIGHT, REWEIGHT, ABSENT], [1, 1, 1])
    assert np.isnan(score)
    assert np.isnan(upper)
    assert coverage == 0
    assert points == [0, 0, 0]


def test_a_weight_of_0_is_not_assessed() -> None:
    assert flat([80, np.nan, np.nan], [EVIDENCE, HOLD, REWEIGHT], [100, 0, 0]) == (80, 80, 1, [100, 0, 0])


BATCH = 7
CELLS = arrays.arrays(np.float64, (5, BATCH), elements=st.floats(0, 100))
STATES = arrays.arrays(np.int8, (5, BATCH), elements=st.integers(EVIDENCE, ABSENT))
WEIGHTS = arrays.arrays(np.float64, (7, BATCH), elements=st.floats(0, 100))


@given(CELLS, STATES, WEIGHTS)
def test_one_contract_and_a_batch_give_the_same_bits(
    values: NDArray[np.float64], state: NDArray[np.int8], weight: NDArray[np.float64]
) -> None:
    batch = aggregate(TWO_LEVELS, values, state, weight)
    for n in range(BATCH):
        one = slice(n, n + 1)
        single = aggregate(TWO_LEVELS, values[:, one].copy(), state[:, one].copy(), weight[:, one].copy())
        for whole, alone in (
            (batch.nodes[:, one], single.nodes),
            (batch.upper[one], single.upper),
            (batch.coverage[one], single.coverage),
            (batch.points[:, one], single.points),
            (batch.nominal[:, one], single.nominal),
        ):
            assert whole.tobytes() == alone.tobytes()


@given(CELLS, STATES, WEIGHTS)
def test_padding_changes_no_bit(
    values: NDArray[np.float64], state: NDArray[np.int8], weight: NDArray[np.float64]
) -> None:
    padded = Tree(7, ((0, 1), (2, 3, 4, 5, 6), (7, 8)))
    blank = np.full((2, BATCH), np.nan)
    more = aggregate(
        padded,
        np.vstack([values, blank]),
        np.vstack([state, np.full((2, BATCH), ABSENT, dtype=np.int8)]),
        np.vstack([weight[:5], np.zeros((2, BATCH)), weight[5:]]),
    )
    less = aggregate(TWO_LEVELS, values, state, weight)
    assert more.score.tobytes() == less.score.tobytes()
    assert more.upper.tobytes() == less.upper.tobytes()
    assert more.coverage.tobytes() == less.coverage.tobytes()


@given(CELLS, STATES, WEIGHTS, st.integers(0, 4), st.floats(0, 100))
def test_more_never_scores_less(
    values: NDArray[np.float64], state: NDArray[np.int8], weight: NDArray[np.float64], leaf: int, gain: float
) -> None:
    better = values.copy()
    better[leaf] = np.minimum(100, better[leaf] + gain)
    before = aggregate(TWO_LEVELS, values, state, weight)
    after = aggregate(TWO_LEVELS, better, state, weight)
    counted = ~np.isnan(before.score)
    assert (after.score[counted] >= before.score[counted] - 1e-9).all()
    assert (before.upper[counted] >= before.score[counted] - 1e-9).all()
    assert (before.coverage >= 0).all()
    assert (before.coverage <= 1 + 1e-12).all()


@pytest.mark.parametrize("exponents", [(), (1.0, 0.0, -1.0), (0.5, 3.0, 1.0)])
def test_blocks_and_the_path_for_complete_data_change_no_bit(exponents: tuple[float, ...]) -> None:
    """Two dimensions of three leaves; one column alone, a batch, several blocks, with common and with own weights."""
    tree = Tree(6, ((0, 1, 2), (3, 4, 5), (6, 7)), exponents)
    random = np.random.default_rng(1)
    leaves, weight = random.uniform(0, 100, (6, 4500)), random.uniform(1, 9, (8, 1))
    complete = np.zeros((6, 4500), dtype=np.int8)
    gaps = np.where(random.uniform(size=(6, 4500)) < 0.2, random.integers(1, 5, (6, 4500)), 0).astype(np.int8)
    for state in (complete, gaps):
        whole = aggregate(tree, leaves, state, weight)
        own = aggregate(tree, leaves, state, np.repeat(weight, 4500, axis=1))
        few = aggregate(tree, leaves[:, 4000:4010], state[:, 4000:4010], np.repeat(weight, 10, axis=1))
        for name in ("nodes", "uppers", "covers", "points", "nominal", "earned", "lost"):
            one, two, three = (getattr(each, name) for each in (whole, own, few))
            assert (one is None) == (two is None) == (three is None)
            if one is not None:
                np.testing.assert_array_equal(one, two)
                np.testing.assert_array_equal(one[:, 4000:4010], three)
        for column in (0, 2047, 2048, 4499):
            alone = aggregate(tree, leaves[:, [column]], state[:, [column]], weight)
            np.testing.assert_array_equal(alone.nodes[:, 0], whole.nodes[:, column])


@pytest.mark.parametrize("exponent", [-2.0, -1.0, 0.0, 0.5, 2.0])
def test_a_node_in_which_nothing_counts_divides_nothing(exponent: float) -> None:
    """Both of its indicators are impossible to evidence: no number of it is used, and none is made."""
    tree = Tree(3, ((0, 1), (2, 3)), (exponent, 1.0))
    state = np.array([[REWEIGHT], [REWEIGHT], [EVIDENCE]], np.int8)
    found = aggregate(tree, np.array([[0.0], [0.0], [70.0]]), state, np.array([[50.0], [50.0], [40.0], [60.0]]))
    assert found.score.tolist() == [70.0]
    assert found.earned is not None
    assert found.lost is not None
    assert found.earned.tolist() == [[0.0], [0.0], [70.0]]
    assert found.lost.tolist() == [[0.0], [0.0], [30.0]]
