"""What the kernel promises beyond the golden vectors: identities, edges and refusals."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from surveys.kernel import bounds, intervals, measures, rates, reliability, variance, weights

answers = st.lists(st.integers(1, 5), min_size=2, max_size=60)


def simple(n: int) -> variance.Design:
    return variance.Design(weights=np.ones(n), strata=np.zeros(n, dtype=np.int64))


@given(answers)
def test_unweighted_mean_and_error_are_the_textbook_ones(values: list[int]) -> None:
    y = np.array(values, dtype=np.float64)
    found = variance.mean(y, simple(y.size))
    assert found.estimate == pytest.approx(y.mean())
    assert found.variance == pytest.approx(y.var(ddof=1) / y.size, abs=1e-15)
    assert found.df == y.size - 1


@given(answers, st.integers(2, 9))
def test_strata_of_constant_answers_have_no_error(values: list[int], scale: int) -> None:
    strata = np.array(values, dtype=np.int64)
    y = strata.astype(np.float64)
    doubled = variance.Design(weights=np.full(y.size * 2, float(scale)), strata=np.concatenate([strata, strata]))
    assert variance.mean(np.concatenate([y, y]), doubled).variance == pytest.approx(0.0, abs=1e-20)


@given(answers)
def test_missing_answers_are_a_domain(values: list[int]) -> None:
    y = np.array([*values, np.nan, np.nan])
    with_missing = variance.mean(y, simple(y.size))
    assert with_missing.n == len(values)
    assert with_missing.estimate == pytest.approx(np.mean(values))
    # A domain of random size has a larger error than a fixed sample of the same answers, by (n/(n-1)) / (m/(m-1)).
    fixed = variance.mean(np.array(values, dtype=np.float64), simple(len(values)))
    n, m = y.size, len(values)
    assert with_missing.variance == pytest.approx(fixed.variance * (n / (n - 1)) / (m / (m - 1)), abs=1e-15)


def test_full_population_has_no_sampling_error() -> None:
    y = np.array([1.0, 3.0, 5.0, 5.0])
    design = variance.Design(weights=np.ones(4), strata=np.zeros(4, dtype=np.int64), population=np.array([4.0]))
    assert variance.mean(y, design).variance == 0.0


def test_single_unit_in_a_stratum_is_refused_until_collapsed() -> None:
    y = np.array([1.0, 2.0, 4.0, 5.0])
    design = variance.Design(
        weights=np.array([10.0, 10.0, 20.0, 5.0]),
        strata=np.array([0, 0, 1, 2]),
        population=np.array([20.0, 20.0, 5.0]),
    )
    with pytest.raises(variance.LonelyClusterError) as refused:
        variance.mean(y, design)
    assert refused.value.stratum == 1
    collapsed, merged = variance.collapse_lonely_strata(design)
    assert merged == (1, 2)
    found = variance.mean(y, collapsed)
    assert found.estimate == pytest.approx(variance.mean(y, simple_like(design)).estimate)
    assert found.df == 3
    assert np.array_equal(collapsed.weights, design.weights)


def simple_like(design: variance.Design) -> variance.Design:
    return variance.Design(weights=design.weights, strata=np.zeros_like(design.strata))


def test_nothing_to_collapse_returns_the_same_design() -> None:
    design = simple(4)
    assert variance.collapse_lonely_strata(design) == (design, ())


def test_empty_domain_is_refused() -> None:
    with pytest.raises(ValueError, match="no answers"):
        variance.mean(np.array([np.nan, np.nan]), simple(2))


@pytest.mark.parametrize(
    ("strata", "clusters", "population"),
    [
        (np.zeros(2, dtype=np.int64), None, None),
        (np.zeros(3, dtype=np.int64), np.zeros(2, dtype=np.int64), None),
        (np.ones(3, dtype=np.int64), None, np.array([5.0])),
    ],
)
def test_designs_that_do_not_fit_are_refused(
    strata: np.ndarray, clusters: np.ndarray | None, population: np.ndarray | None
) -> None:
    with pytest.raises(ValueError, match="must"):
        variance.Design(weights=np.ones(3), strata=strata, clusters=clusters, population=population)


@given(st.integers(1, 400), st.floats(0, 1), st.floats(0.8, 0.999))
def test_intervals_contain_the_estimate_and_stay_in_the_scale(n: int, share: float, level: float) -> None:
    k = round(share * n)
    for found in (intervals.wilson(k / n, n, level=level), intervals.clopper_pearson(k, n, level=level)):
        assert 0.0 <= found.low <= k / n + 1e-12
        assert k / n - 1e-12 <= found.high <= 1.0


@given(st.integers(10, 400), st.integers(0, 400), st.floats(0.2, 5.0))
def test_korn_graubard_mirrors_and_the_cap_only_widens(n: int, successes: int, deff: float) -> None:
    p = min(successes, n) / n
    v = p * (1 - p) / n * deff
    one = intervals.korn_graubard(p, v, n=n, df=n - 1)
    other = intervals.korn_graubard(1 - p, v, n=n, df=n - 1)
    assert one.low == pytest.approx(1 - other.high, abs=1e-9)
    assert one.width >= intervals.korn_graubard(p, v, n=n, df=n - 1, cap=False).width - 1e-12


def test_all_the_same_answers_still_have_an_interval() -> None:
    found = intervals.korn_graubard(1.0, 0.0, n=30, df=29)
    assert found.high == 1.0
    assert found.low == pytest.approx(0.025 ** (1 / 30))


def test_t_interval_needs_a_degree_of_freedom() -> None:
    with pytest.raises(ValueError, match="degree of freedom"):
        intervals.t_interval(3.0, 0.1, df=0)


def test_wilson_of_everybody_is_the_point() -> None:
    assert intervals.wilson(0.4, float("inf")) == intervals.Interval(0.4, 0.4)


@given(answers)
def test_measures_of_the_five_point_scale(values: list[int]) -> None:
    y = np.array(values, dtype=np.float64)
    assert measures.top2(y).mean() == pytest.approx(sum(v >= 4 for v in values) / len(values))
    assert measures.bottom2(y).mean() == pytest.approx(sum(v <= 2 for v in values) / len(values))
    assert measures.index100(y).mean() == pytest.approx((y.mean() - 1) / 4 * 100)
    # Turning the scale round exchanges top and bottom.
    assert np.array_equal(measures.top2(6 - y), measures.bottom2(y))


def test_missing_answers_stay_missing_in_every_measure() -> None:
    y = np.array([np.nan, 5.0])
    for measure in (measures.top2, measures.bottom2, measures.index100, measures.nps):
        assert np.isnan(measure(y)[0])
        assert not np.isnan(measure(y)[1])


def test_alpha_needs_two_items_that_vary() -> None:
    with pytest.raises(ValueError, match="two items"):
        reliability.cronbach_alpha(np.ones((5, 1)))
    with pytest.raises(ValueError, match="does not vary"):
        reliability.cronbach_alpha(np.ones((5, 3)))


@given(st.floats(0, 1), st.floats(0.01, 0.99), st.floats(0, 1))
def test_tipping_point_and_bounds_agree(p: float, rate: float, target: float) -> None:
    limits = bounds.manski(p, response_rate=rate, low=0.0, high=1.0)
    assert limits.width == pytest.approx(1 - rate)
    point = bounds.tipping_point(p, response_rate=rate, target=target)
    assert point is not None
    assert rate * p + (1 - rate) * point == pytest.approx(target)


def test_housing_bounds_of_the_reference() -> None:
    limits = bounds.manski(0.447, response_rate=0.453, low=0.0, high=1.0)
    assert [limits.low, limits.high] == pytest.approx([0.202, 0.750], abs=1e-3)
    assert bounds.tipping_point(0.447, response_rate=1.0, target=0.5) is None


@pytest.mark.parametrize(
    ("answered", "applicable", "expected"),
    [(8, 10, "complete"), (7, 10, "partial"), (5, 10, "partial"), (4, 10, "break_off"), (0, 0, "complete")],
)
def test_disposition_by_share_of_applicable_items(answered: int, applicable: int, expected: str) -> None:
    assert rates.disposition(answered=answered, applicable=applicable) == expected


def test_casro_share_comes_from_resolved_cases() -> None:
    assert rates.casro_eligibility(rates.Dispositions(complete=60, non_contact=20, not_eligible=20)) == 0.8
    assert rates.casro_eligibility(rates.Dispositions()) is None


def test_stratum_weights_sum_to_the_population() -> None:
    found = weights.stratum_weights(np.array([0, 0, 1, 1, 1]), np.array([10.0, 30.0]))
    assert found.tolist() == [5.0, 5.0, 10.0, 10.0, 10.0]
    assert weights.kish(found).total == 40.0
    with pytest.raises(ValueError, match="no weights"):
        weights.kish(np.array([]))


def test_measures_of_other_questions() -> None:
    y = np.array([4.0, 3.0, 2.0, 1.0, np.nan, 7.0])
    linear = measures.mapped(y, {4: 100.0, 3: 80.0, 2: 60.0, 1: 30.0})
    assert linear[:4].tolist() == [100.0, 80.0, 60.0, 30.0]
    assert np.isnan(linear[4:]).all()
    assert measures.option(y, 4.0)[:4].tolist() == [1.0, 0.0, 0.0, 0.0]
    assert np.isnan(measures.option(y, 4.0)[4])
    assert measures.ces(y)[5] == 7.0
    assert [each.name for each in measures.rating_measures(7)] == ["top2", "index100"]
    assert measures.rating_measures(7)[0].scores(y)[5] == 1.0
    (effort,), (promoters,) = measures.effort_measures(), measures.nps_measures()
    assert (effort.span, promoters.span) == (6.0, 200.0)


def test_alpha_if_dropped_needs_three_items() -> None:
    found = reliability.reliability(np.array([[1.0, 2.0], [2.0, 3.0], [4.0, 4.0], [5.0, 5.0]]))
    assert (found.item_rest, found.if_dropped) == (None, None)
    assert found.alpha > reliability.ALPHA_FOR_INDEX
    # An item that nobody answers differently adds nothing and breaks nothing.
    flat = reliability.reliability(np.array([[1.0, 2.0, 3.0], [2.0, 3.0, 3.0], [4.0, 4.0, 3.0]]))
    assert flat.item_rest is not None
    assert np.isnan(flat.item_rest[2])


@given(st.integers(2, 60), st.floats(0.05, 0.95), st.floats(0.5, 4.0))
def test_transformed_intervals_hold_the_estimate_and_mirror(n: int, p: float, deff: float) -> None:
    v = p * (1 - p) / n * deff
    for limits, mirrored in (
        (intervals.logit_interval(p, v, df=n), intervals.logit_interval(1 - p, v, df=n)),
        (intervals.arcsine_interval(p, v, df=n), intervals.arcsine_interval(1 - p, v, df=n)),
        (intervals.likelihood_interval(p, v, n=n, df=n), intervals.likelihood_interval(1 - p, v, n=n, df=n)),
    ):
        assert 0.0 <= limits.low < p < limits.high <= 1.0
        assert limits.low == pytest.approx(1 - mirrored.high, abs=1e-9)


@pytest.mark.parametrize("p", [0.0, 1.0])
def test_transformed_intervals_have_no_edges(p: float) -> None:
    with pytest.raises(ValueError, match="infinite"):
        intervals.logit_interval(p, 0.01, df=9)
    with pytest.raises(ValueError, match="infinite"):
        intervals.arcsine_interval(p, 0.01, df=9)
    with pytest.raises(ValueError, match="between 0 and 1"):
        intervals.likelihood_interval(p, 0.01, n=9, df=9)


def test_a_total_of_everybody_has_no_error_and_a_domain_no_design_effect() -> None:
    y = np.array([1.0, 3.0, 5.0, 5.0])
    design = variance.Design(weights=np.ones(4), strata=np.zeros(4, dtype=np.int64), population=np.array([4.0]))
    assert variance.total(y, design).estimate == 14.0
    assert variance.total(y, design).variance == 0.0
    assert variance.total(y, simple(4), domain=y > 2).deff is None


def test_difference_of_domains_in_one_cluster_sample_keeps_their_covariance() -> None:
    """Within clusters both domains rise and fall together, so that their difference is surer than the parts."""
    chance = np.random.default_rng(21)
    clusters = np.repeat(np.arange(30), 20)
    domain = np.tile(np.arange(2), 300) == 0
    y = chance.normal(size=30)[clusters] + 0.2 * chance.normal(size=600) + domain
    design = variance.Design(weights=np.ones(600), strata=np.zeros(600, dtype=np.int64), clusters=clusters)
    found = variance.difference(y, design, one=domain, other=~domain)
    apart = [variance.mean(y, design, domain=each) for each in (domain, ~domain)]
    assert found.estimate == pytest.approx(apart[0].estimate - apart[1].estimate)
    assert found.estimate == pytest.approx(1.0, abs=4 * found.se)
    assert found.variance < 0.2 * (apart[0].variance + apart[1].variance)
    assert found.df == 28
