"""Weights beyond the golden vectors: identities, refusals that name the place, and a million rows."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from surveys.kernel import calibration, margins, variance, weighting, weights
from surveys.kernel.weights import Margin


def margin(name: str, codes: list[int], targets: list[float]) -> Margin:
    return Margin(name, np.array(codes, dtype=np.int64), np.array(targets, dtype=np.float64))


SEX = margin("sex", [0, 0, 0, 1, 1, 1], [60.0, 40.0])
AGE = margin("age", [0, 1, 1, 0, 0, 1], [30.0, 70.0])
ONES = np.ones(6)


@given(
    st.lists(st.tuples(st.integers(0, 2), st.integers(0, 1), st.floats(0.5, 4.0)), min_size=30, max_size=80),
    st.lists(st.floats(0.5, 3.0), min_size=2, max_size=2),
)
def test_raking_meets_margins_that_exist_and_keeps_the_order_of_a_cell(
    rows: list[tuple[int, int, float]], pull: list[float]
) -> None:
    base = np.array([row[2] for row in rows])
    first, second = np.array([row[0] for row in rows]), np.array([row[1] for row in rows])
    # Targets from weights that exist, so that raking has a solution.
    wanted = base * np.where(first == 0, pull[0], 1.0) * np.where(second == 0, pull[1], 1.0)
    wanted_margins = [
        Margin("first", first, np.bincount(first, weights=wanted, minlength=3).astype(np.float64)),
        Margin("second", second, np.bincount(second, weights=wanted, minlength=2).astype(np.float64)),
    ]
    found = weights.rake(base, wanted_margins)
    for each in wanted_margins:
        sums = np.bincount(each.codes, weights=found.weights, minlength=each.size)
        assert sums == pytest.approx(each.targets, rel=1e-7)
    factors = found.weights / base
    for cell in {(row[0], row[1]) for row in rows}:
        inside = factors[(first == cell[0]) & (second == cell[1])]
        assert inside.max() == pytest.approx(inside.min())


def test_raking_equals_calibration_with_the_raking_distance() -> None:
    raked = weights.rake(ONES, [SEX, AGE]).weights
    columns, totals = calibration.dummies([SEX, AGE])
    found = weights.calibrate(ONES, columns, totals, distance="raking")
    assert found.weights == pytest.approx(raked, rel=1e-7)


def test_a_single_margin_is_poststratification_in_one_sweep() -> None:
    raked = weights.rake(ONES, [SEX])
    assert raked.weights == pytest.approx(weights.poststratify(ONES, SEX))
    assert raked.sweeps == 2


def test_empty_category_names_margin_and_category() -> None:
    with pytest.raises(weights.EmptyCategory, match=r"margin sex\[2\]: 5 people") as refused:
        weights.rake(ONES, [margin("sex", [0, 0, 0, 1, 1, 1], [60.0, 35.0, 5.0])])
    assert (refused.value.margin, refused.value.category) == ("sex", 2)


def test_category_whose_answers_weigh_nothing_is_empty() -> None:
    with pytest.raises(weights.EmptyCategory, match=r"sex\[1\]"):
        weights.rake(np.array([1.0, 1.0, 1.0, 0.0, 0.0, 0.0]), [SEX])


def test_margins_with_different_totals_disagree() -> None:
    with pytest.raises(weights.MarginsDisagree, match=r"101.*100") as refused:
        weights.rake(ONES, [SEX, margin("age", [0, 1, 1, 0, 0, 1], [31.0, 70.0])])
    assert refused.value.margin == "age"


def test_answers_outside_the_population_disagree() -> None:
    with pytest.raises(weights.MarginsDisagree, match="3 answers and nobody") as refused:
        weights.rake(ONES, [margin("sex", [0, 0, 0, 1, 1, 1], [100.0, 0.0])])
    assert refused.value.category == 1


def test_unknown_code_is_refused() -> None:
    with pytest.raises(weights.UnknownCategory, match="0 to 1") as refused:
        weights.rake(ONES, [margin("sex", [0, 0, 0, 1, 1, 2], [60.0, 40.0])])
    assert refused.value.category == 2


def test_contradicting_margins_do_not_converge() -> None:
    """Two identical variables with different targets: no weights meet both."""
    twin = margin("twin", SEX.codes.tolist(), [50.0, 50.0])
    with pytest.raises(weights.NotConverged, match="500 sweeps") as refused:
        weights.rake(ONES, [SEX, twin])
    assert refused.value.margin in {"sex", "twin"}
    assert isinstance(refused.value, weights.WeightingError)


def test_calibration_without_a_solution_is_refused() -> None:
    columns, totals = calibration.dummies([SEX])
    with pytest.raises(weights.NotConverged, match=r"0\.9 to 1\.1"):
        weights.calibrate(np.full(6, 100 / 6), columns, totals, distance="logit", bounds=(0.9, 1.1))
    with pytest.raises(ValueError, match="either side of 1"):
        weights.calibrate(ONES, columns, totals, distance="logit", bounds=(1.1, 2.0))


@pytest.mark.parametrize(
    ("base", "wanted"),
    [
        (np.array([]), [SEX]),
        (ONES, []),
        (np.array([1.0, 1.0, 1.0, 1.0, 1.0, np.nan]), [SEX]),
        (-ONES, [SEX]),
        (np.ones(5), [SEX]),
        (ONES, [margin("sex", [0, 0, 0, 1, 1, 1], [-60.0, 40.0])]),
    ],
)
def test_unusable_numbers_are_refused(base: np.ndarray, wanted: list[Margin]) -> None:
    with pytest.raises(ValueError, match=r"weight|margin"):
        weights.rake(base, wanted)


@given(st.lists(st.floats(0.01, 100.0), min_size=3, max_size=60))
def test_trimming_keeps_the_sum_within_the_limits(values: list[float]) -> None:
    given_weights = np.array(values)
    try:
        found = weights.trim(given_weights)
    except weights.WeightingError:
        return
    assert found.weights.sum() == pytest.approx(given_weights.sum())
    assert found.weights.min() >= found.lower * (1 - 1e-9)
    assert found.weights.max() <= found.upper * (1 + 1e-9)


def test_trimming_without_room_is_refused() -> None:
    with pytest.raises(weights.WeightingError, match="keep their sum"):
        weights.trim(np.array([1.0, 1.0, 100.0]), high=2.0)


def test_weights_within_the_limits_stay() -> None:
    found = weights.trim(np.array([1.0, 2.0, 3.0]))
    assert found.share == 0.0
    assert found.weights.tolist() == [1.0, 2.0, 3.0]


def test_sparse_categories_join_the_smaller_neighbour() -> None:
    codes = [0] * 30 + [1] * 3 + [2] * 25 + [3] * 40
    found, merged = margins.merge_sparse(margin("age", codes, [10.0, 20.0, 30.0, 40.0]))
    assert merged == ((1, 2),)
    assert found.targets.tolist() == [10.0, 50.0, 40.0]
    assert np.bincount(found.codes).tolist() == [30, 28, 40]
    untouched, none = margins.merge_sparse(found)
    assert untouched is found
    assert none == ()


def test_empty_categories_are_not_merged_away() -> None:
    found, merged = margins.merge_sparse(margin("age", [0] * 30 + [2] * 30, [10.0, 20.0, 30.0]))
    assert merged == ()
    with pytest.raises(weights.EmptyCategory):
        weights.rake(np.ones(60), [found])


def test_unknown_categories_keep_their_weight() -> None:
    known = margin("sex", [0, 0, 1, 1, -1, -1], [60.0, 40.0])
    found = margins.with_unknown(known, ONES)
    assert found.targets.tolist() == pytest.approx([40.0, 80.0 / 3.0, 100.0 / 3.0])
    raked = weights.rake(ONES, [found]).weights
    assert raked[4:] == pytest.approx([100.0 / 6.0] * 2)
    assert margins.with_unknown(SEX, ONES) is SEX


def test_weighing_tells_what_it_did() -> None:
    chance = np.random.default_rng(4)
    codes = np.array([0] * 400 + [1] * 90 + [2] * 10)
    other = chance.integers(0, 2, 500)
    other[:5] = -1
    found = weighting.weigh(
        np.full(500, 4.0),
        [
            Margin("district", codes, np.array([600.0, 1300.0, 100.0])),
            Margin("sex", other, np.array([1000.0, 1000.0])),
        ],
    )
    assert found.merged == {"district": ((2, 1),)}
    assert found.trimmed_share > 0.0
    assert found.design.weights.sum() == pytest.approx(2000.0)
    # Raked once more after the trimming: the margins are met.
    assert found.design.weights[codes == 0].sum() == pytest.approx(600.0)
    assert found.kish.deff > 1.0


def test_without_margins_the_base_weights_stay() -> None:
    base = np.array([1.0, 2.0, 3.0, 4.0])
    found = weighting.weigh(base, strata=np.array([0, 0, 1, 2]))
    assert found.design.weights is base
    assert (found.sweeps, found.trimmed_share) == (0, 0.0)
    assert found.collapsed == (1, 2)
    assert found.design.calibration is None


def test_cells_of_wide_margins_are_found_by_sorting() -> None:
    chance = np.random.default_rng(2)
    wide = [Margin(f"m{each}", chance.integers(0, 300, 500), np.ones(300)) for each in range(3)]
    place, codes = margins.crossed(wide)
    for axis, each in enumerate(wide):
        assert np.array_equal(codes[place, axis], each.codes)


def test_a_million_answers_are_raked_as_cells() -> None:
    """Five margins over a million rows give the weights of raking row by row."""
    chance = np.random.default_rng(1)
    n = 1_000_000
    wanted = []
    for size in (2, 3, 4, 5, 6):
        shares = chance.dirichlet(np.full(size, 20.0))
        codes = chance.choice(size, n, p=shares)
        wanted.append(Margin(f"m{size}", codes, n * (0.5 * shares + 0.5 * chance.dirichlet(np.full(size, 20.0)))))
    found = weights.rake(np.ones(n), wanted)
    rows = np.ones(n)
    for _ in range(found.sweeps):
        for each in wanted:
            rows *= (each.targets / np.bincount(each.codes, weights=rows))[each.codes]
    assert float(np.abs(found.weights / rows - 1.0).max()) < 1e-9


def test_calibrated_residuals_of_cells_are_those_of_rows() -> None:
    base = np.array([1.0, 2.0, 1.0, 3.0, 1.0, 2.0])
    linear = np.array([0.3, -0.2, 0.5, 0.1, -0.7, 0.4])
    cells = calibration.calibration_of(base, [SEX, AGE]).residuals(linear)
    rows = calibration.Calibration.of_rows(base, calibration.dummies([SEX, AGE])[0]).residuals(linear)
    assert cells == pytest.approx(rows)
    for each in (SEX, AGE):
        # Nothing is left that the margins explain.
        assert np.bincount(each.codes, weights=base * cells) == pytest.approx([0.0, 0.0], abs=1e-12)


def test_a_variable_that_is_its_own_margin_has_no_error() -> None:
    chance = np.random.default_rng(3)
    codes = chance.integers(0, 2, 200)
    found = weighting.weigh(np.full(200, 5.0), [Margin("sex", codes, np.array([480.0, 520.0]))])
    share = variance.mean((codes == 1).astype(np.float64), found.design)
    assert share.estimate == pytest.approx(0.52)
    assert share.se == pytest.approx(0.0, abs=1e-12)
