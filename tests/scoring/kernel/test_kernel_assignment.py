"""Balanced designs, the greedy assignment and connectedness."""

import json
from itertools import combinations, pairwise
from math import comb
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scoring.kernel import assignment as kernel

GOLDEN = Path(__file__).parents[4] / "shared/golden/scoring/designs/bibd.json"
beside = pytest.mark.skipif(not GOLDEN.is_file(), reason="the golden numbers lie beside the project, not in it")


def none_excluded(cases: int, v: int) -> kernel.Bools:
    return np.zeros((cases, v), dtype=np.bool_)


def rng(seed: int = 20261123) -> np.random.Generator:
    return np.random.default_rng(seed)


@beside
def test_golden_designs() -> None:
    designs: list[dict[str, Any]] = json.loads(GOLDEN.read_text(encoding="utf-8"))
    assert len(designs) == 5
    for design in designs:
        blocks, v = design["blocks"], design["raters_v"]
        found = kernel.design_parameters(blocks, v)
        if design["name"] == "disconnected":
            assert found is None
            assert len(kernel.components(blocks, v)) == design["components"]
            assert kernel.fiedler_value(blocks, v) == design["fiedler"] == 0.0
            continue
        assert found is not None
        assert (found.b, found.k, found.r, found.lambda_) == (
            design["contracts_b"],
            design["raters_per_contract_k"],
            design["contracts_per_rater_r"],
            design["lambda_"],
        )
        assert found.efficiency == pytest.approx(design["efficiency"], rel=1e-9)
        assert found.fiedler == pytest.approx(design["nonzero_eig"], rel=1e-9)
        assert kernel.fiedler_value(blocks, v) == pytest.approx(design["nonzero_eig"], rel=1e-9)
        assert kernel.components(blocks, v) == (tuple(range(v)),)
        ours = kernel.balanced_design(v, found.k, found.b)
        assert ours is not None
        assert kernel.design_parameters(ours, v) == found


@pytest.mark.parametrize(("v", "k", "lambda_"), sorted(kernel._DIFFERENCE_FAMILIES))
def test_every_difference_family_is_a_balanced_design(v: int, k: int, lambda_: int) -> None:
    blocks = kernel._develop(v, kernel._DIFFERENCE_FAMILIES[v, k, lambda_])
    found = kernel.design_parameters(blocks, v)
    assert found is not None
    assert (found.v, found.k, found.lambda_) == (v, k, lambda_)
    assert found.b * k == v * found.r
    assert lambda_ * (v - 1) == found.r * (k - 1)


@pytest.mark.parametrize("q", [2, 3, 5, 7])
def test_affine_planes(q: int) -> None:
    found = kernel.design_parameters(kernel._affine_plane(q), q * q)
    assert found is not None
    assert (found.b, found.r, found.k, found.lambda_) == (q * q + q, q + 1, q, 1)


def test_what_is_no_balanced_design() -> None:
    assert kernel.design_parameters([(0, 1), (0, 1, 2)], 3) is None
    assert kernel.design_parameters([(0, 1), (1, 2), (2, 3), (0, 3)], 4) is None
    assert kernel.design_parameters([(0,), (1,)], 2) is None
    assert kernel.balanced_design(24, 2, 400) is None
    assert kernel.balanced_design(7, 3, 10) is None
    assert kernel.balanced_design(7, 3, 21) is not None


def test_a_balanced_design_is_used_where_one_fits() -> None:
    made = kernel.assign(v=7, k=3, excluded=none_excluded(14, 7), rng=rng())
    assert made.balanced
    assert made.strong
    assert kernel.design_parameters(made.blocks, 7) is not None
    assert made.fiedler == pytest.approx(made.reference, rel=1e-9)
    other = kernel.assign(v=7, k=3, excluded=none_excluded(14, 7), rng=rng(1))
    assert other.blocks != made.blocks
    assert kernel.assign(v=7, k=3, excluded=none_excluded(14, 7), rng=rng()).blocks == made.blocks


def test_four_hundred_cases_by_twenty_four_evaluators() -> None:
    """The size of the reference's simulation: loads differ by one, pairs of evaluators by little."""
    made = kernel.assign(v=24, k=2, excluded=none_excluded(400, 24), rng=rng())
    loads = np.bincount([member for block in made.blocks for member in block], minlength=24)
    assert loads.max() - loads.min() <= 1
    assert made.strong
    assert not made.balanced
    meetings = [sum(set(pair) <= set(block) for block in made.blocks) for pair in combinations(range(24), 2)]
    at_random = np.random.default_rng(1)
    drawn = [tuple(at_random.choice(24, 2, replace=False)) for _ in range(400)]
    of_chance = [sum(set(pair) <= set(block) for block in drawn) for pair in combinations(range(24), 2)]
    assert np.var(meetings) < np.var(of_chance) / 2


def test_a_weak_assignment_is_recognised_and_anchors_mend_it() -> None:
    """100 cases for 40 evaluators are a sparse graph: no assignment of two each can determine 40 severities well."""
    weak = kernel.assign(v=40, k=2, excluded=none_excluded(100, 40), rng=rng())
    assert len(weak.components) == 1
    assert not weak.strong
    mended = kernel.assign(v=40, k=2, excluded=none_excluded(100, 40), anchors=range(5), rng=rng())
    assert mended.strong
    assert all(mended.blocks[case] == tuple(range(40)) for case in range(5))


def test_one_evaluator_per_case_is_linked_by_anchors_alone() -> None:
    alone = kernel.assign(v=6, k=1, excluded=none_excluded(12, 6), rng=rng())
    assert len(alone.components) == 6
    assert kernel.fiedler_value(alone.blocks, 6) == 0.0
    anchored = kernel.assign(v=6, k=1, excluded=none_excluded(12, 6), anchors=[2, 3, 5, 7, 11], rng=rng())
    assert anchored.components == (tuple(range(6)),)


def test_exclusions_that_part_the_pool_leave_two_components() -> None:
    excluded = none_excluded(20, 8)
    excluded[:10, 4:] = True
    excluded[10:, :4] = True
    made = kernel.assign(v=8, k=2, excluded=excluded, rng=rng())
    assert made.components == ((0, 1, 2, 3), (4, 5, 6, 7))
    assert not made.strong


def test_too_few_evaluators_are_named_by_case() -> None:
    excluded = none_excluded(6, 4)
    excluded[1, :3] = True
    excluded[4] = True
    with pytest.raises(kernel.TooFewEvaluatorsError) as caught:
        kernel.assign(v=4, k=2, excluded=excluded, rng=rng())
    assert caught.value.cases == (1, 4)


@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_no_exclusion_is_ever_broken(data: st.DataObject) -> None:
    v, cases = data.draw(st.integers(3, 9)), data.draw(st.integers(1, 25))
    k = data.draw(st.integers(1, 3))
    excluded = np.array(data.draw(st.lists(st.booleans(), min_size=cases * v, max_size=cases * v)))
    excluded = excluded.reshape(cases, v) & (np.arange(v) >= 3)
    anchors = data.draw(st.sets(st.integers(0, cases - 1), max_size=3))
    made = kernel.assign(v=v, k=k, excluded=excluded, anchors=anchors, rng=rng(data.draw(st.integers(0, 99))))
    for case, block in enumerate(made.blocks):
        assert len(set(block)) == len(block)
        assert not excluded[case, list(block)].any()
        assert len(block) == (v - excluded[case].sum() if case in anchors else k)
        assert all(one < other for one, other in pairwise(block))
    raters = {member for block in made.blocks for member in block}
    assert {member for part in made.components for member in part} == raters
    assert (made.fiedler > 0) == (len(made.components) == 1 < len(raters))


def test_one_more_evaluator_comes_from_the_least_loaded() -> None:
    picks = {kernel.pick_another(load=[3, 1, 1, 0], barred=[False, False, False, True], rng=rng(n)) for n in range(30)}
    assert picks == {1, 2}
    assert kernel.pick_another(load=[1, 1], barred=[True, True], rng=rng()) is None


def test_the_unreduced_design_serves_small_pools() -> None:
    blocks = kernel.balanced_design(5, 2, 20)
    assert blocks is not None
    assert len(blocks) == 2 * comb(5, 2)
    found = kernel.design_parameters(blocks, 5)
    assert found is not None
    assert found.lambda_ == 2
