"""Weights from judgements against the golden numbers, publications and their own optimality conditions."""

import json
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scoring.kernel import weighting

GOLDEN = Path(__file__).parents[4] / "shared/golden/scoring/mcdm_weights"
beside = pytest.mark.skipif(not GOLDEN.is_dir(), reason="the golden numbers lie beside the project, not in it")


def golden(name: str) -> Any:
    return json.loads((GOLDEN / name).read_text(encoding="utf-8"))


@beside
def test_ahp_of_the_house_example() -> None:
    """Saaty 1990, EJOR 48: lambda_max 9.669, CR .169 with the table of 1980."""
    stored = golden("numpy.json")["results"]["ahp_house"]
    found = weighting.ahp(np.array(stored["A"]))
    np.testing.assert_allclose(found.weights, stored["w_eigen"], rtol=1e-8)
    np.testing.assert_allclose(found.geometric, stored["w_rowgeomean"], rtol=1e-9)
    assert found.lambda_max == pytest.approx(stored["lambda_max"], rel=1e-8)
    assert found.index == pytest.approx(stored["CI"], rel=1e-8)
    assert found.ratio == pytest.approx(stored["CR"], rel=1e-8)
    assert found.geometric_index == pytest.approx(stored["GCI"], rel=1e-8)
    assert not found.consistent
    assert found.triad is not None
    i, j, k = found.triad
    matrix = np.array(stored["A"])
    assert found.triad_product == pytest.approx(matrix[i, j] * matrix[j, k] * matrix[k, i])
    every = [abs(np.log(matrix[a, b] * matrix[b, c] * matrix[c, a])) for a, b, c in combinations(range(8), 3)]
    assert abs(np.log(found.triad_product)) == pytest.approx(max(every))


@beside
def test_entropy_and_critic_equal_the_libraries_that_orient() -> None:
    stored = golden("skcriteria.json")
    values, higher = np.array(stored["X"]), np.array(stored["types"]) > 0
    np.testing.assert_allclose(weighting.entropy(values), stored["results"]["EntropyWeighter"], atol=1e-12)
    np.testing.assert_allclose(weighting.critic(values, higher=higher), stored["results"]["CRITIC"], atol=1e-12)
    also = golden("pymcdm.json")["results"]["entropy_weights"]
    np.testing.assert_allclose(weighting.entropy(values), also, atol=1e-12)
    third = golden("pydecision.json")["results"]
    np.testing.assert_allclose(weighting.critic(values, higher=higher), third["critic"], rtol=1e-9)
    house = weighting.ahp(np.array(golden("numpy.json")["results"]["ahp_house"]["A"]))
    np.testing.assert_allclose(house.weights, third["ahp_house_max_eigen_w_then_cr"][:-1], rtol=1e-8)
    np.testing.assert_allclose(house.geometric, third["ahp_house_geometric_w_then_cr"][:-1], rtol=1e-9)


def test_a_constant_column_gets_no_critic_weight() -> None:
    values = np.array([[1.0, 5.0, 3.0], [2.0, 5.0, 1.0], [4.0, 5.0, 2.0]])
    weights = weighting.critic(values, higher=np.array([True, True, False]))
    assert weights[1] == 0.0
    assert weights.sum() == pytest.approx(1.0)
    assert weighting.entropy(values)[1] == pytest.approx(0.0, abs=1e-14)


def test_columns_that_say_the_same_get_no_critic_weight() -> None:
    values = np.array([[1.0, 2.0], [2.0, 4.0], [3.0, 6.0]])
    assert weighting.critic(values, higher=np.array([True, True])).tolist() == [0.0, 0.0]


@given(st.lists(st.floats(0.05, 1.0), min_size=2, max_size=9))
def test_consistent_judgements_give_their_weights_back(raw: list[float]) -> None:
    weights = np.array(raw) / sum(raw)
    found = weighting.ahp(weights[:, None] / weights[None, :])
    np.testing.assert_allclose(found.weights, weights, rtol=1e-7)
    np.testing.assert_allclose(found.geometric, weights, rtol=1e-9)
    assert found.ratio == pytest.approx(0.0, abs=1e-7)
    assert found.consistent
    assert found.triad_product == pytest.approx(1.0)


@pytest.mark.parametrize(("order", "limit"), [(2, 0.10), (3, 0.05), (4, 0.08), (5, 0.10), (9, 0.10)])
def test_limits_of_the_ratio(order: int, limit: float) -> None:
    assert weighting.ahp_limit(order) == limit


def test_the_worst_triad_is_named() -> None:
    matrix = np.array([[1.0, 2.0, 4.0, 1.0], [0.5, 1.0, 2.0, 5.0], [0.25, 0.5, 1.0, 0.25], [1.0, 0.2, 4.0, 1.0]])
    found = weighting.ahp(matrix)
    assert not found.consistent
    assert found.triad == (0, 1, 3)
    assert found.triad_product == pytest.approx(10.0)


def test_group_judgements_stay_reciprocal_and_a_group_of_one_is_itself() -> None:
    first = np.array([[1.0, 3.0], [1 / 3, 1.0]])
    second = np.array([[1.0, 1 / 3], [3.0, 1.0]])
    np.testing.assert_allclose(weighting.aggregate_judgements([first, second]), np.ones((2, 2)))
    np.testing.assert_allclose(weighting.aggregate_judgements([first]), first)


@st.composite
def judgements(draw: st.DrawFn) -> tuple[int, int, np.ndarray, np.ndarray]:
    count = draw(st.integers(2, 7))
    best, worst = draw(st.permutations(range(count)))[:2]
    span = draw(st.integers(2, 9))
    to_others = np.array([draw(st.integers(1, span)) for _ in range(count)], dtype=float)
    to_worst = np.array([draw(st.integers(1, span)) for _ in range(count)], dtype=float)
    to_others[best] = to_worst[worst] = 1.0
    to_others[worst] = to_worst[best] = span
    return best, worst, to_others, to_worst


def deviation(weights: np.ndarray, best: int, worst: int, to_others: np.ndarray, to_worst: np.ndarray) -> float:
    return float(
        max(np.abs(weights[best] - to_others * weights).max(), np.abs(weights - to_worst * weights[worst]).max())
    )


@settings(max_examples=40, deadline=None)
@given(judgements(), st.integers(0, 2**32 - 1))
def test_no_other_weights_deviate_less(case: tuple[int, int, np.ndarray, np.ndarray], seed: int) -> None:
    """The programme is convex: if no small step helps, the weights are the best ones."""
    best, worst, to_others, to_worst = case
    found = weighting.bwm(best, worst, to_others, to_worst)
    assert found.weights.sum() == pytest.approx(1.0, abs=1e-8)
    assert found.weights.min() >= -1e-12
    assert deviation(found.weights, best, worst, to_others, to_worst) == pytest.approx(found.deviation, abs=1e-8)
    steps = np.random.default_rng(seed).normal(size=(200, len(to_others)))
    for size in (1e-1, 1e-3, 1e-5):
        moved = np.clip(found.weights + size * (steps - steps.mean(axis=1, keepdims=True)), 0.0, None)
        moved /= moved.sum(axis=1, keepdims=True)
        least = min(deviation(one, best, worst, to_others, to_worst) for one in moved)
        assert least >= found.deviation - 1e-8


def test_bwm_of_consistent_judgements_is_exact() -> None:
    weights = np.array([0.6, 0.3, 0.1])
    found = weighting.bwm(0, 2, weights[0] / weights, weights / weights[2])
    np.testing.assert_allclose(found.weights, weights, atol=1e-8)
    assert found.deviation == pytest.approx(0.0, abs=1e-8)
    assert found.ratio == pytest.approx(0.0, abs=1e-12)
    assert found.consistent


def test_bwm_over_the_limit_names_the_item() -> None:
    found = weighting.bwm(0, 2, np.array([1.0, 8.0, 8.0]), np.array([8.0, 6.0, 1.0]))
    assert found.ratio == pytest.approx(40 / 56)
    assert not found.consistent
    assert found.worst_item == 1


def test_budget_allocation_recovers_the_dispersion_of_a_dirichlet() -> None:
    weights = np.array([0.5, 0.3, 0.2])
    panel = np.random.default_rng(7).dirichlet(40 * weights, size=4000)
    found = weighting.budget_allocation(100 * panel)
    np.testing.assert_allclose(found.weights, weights, atol=0.01)
    assert found.concentration == pytest.approx(40, rel=0.1)
    alike = weighting.budget_allocation(np.array([[50.0, 50.0], [50.0, 50.0]]))
    assert alike.concentration is None
    assert weighting.budget_allocation(np.array([[10.0, 30.0]])).weights.tolist() == [0.25, 0.75]
