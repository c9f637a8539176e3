"""The comparisons' kernels against the golden vectors of established software, and against their own definitions."""

import csv
import json
import os
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any, get_args

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from tests.bench.comparisons_quality import simulate

from scoring.kernel import charts, dea, equity, funnel, ranks, shrinkage
from scoring.kernel.unit_cost import Purchase, change, indexed, not_comparable

SHARED = Path(os.environ.get("GONGPING_SHARED", Path(__file__).resolve().parents[3].parent / "shared"))
GOLDEN = SHARED / "golden" / "scoring"
CLOSED_FORM = 1e-9
PROGRAMME = 1e-8
beside = pytest.mark.skipif(not GOLDEN.is_dir(), reason="the golden vectors lie beside the project, not in it")
Floats = npt.NDArray[np.float64]
Json = Any  # a golden file, whose shape the test knows


def table(name: str) -> dict[str, Floats]:
    with (GOLDEN / "dea_funnel_spc" / name).open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    return {key: np.array([number(row[key]) for row in rows]) for key in rows[0]}


def number(cell: str) -> float:
    known = {"TRUE": 1.0, "FALSE": 0.0, "": np.nan, "NA": np.nan}
    try:
        return known[cell] if cell in known else float(cell)
    except ValueError:
        return np.nan


def golden(name: str) -> Json:
    return json.loads((GOLDEN / name).read_text(encoding="utf-8"))


Numbers = Floats | Sequence[float] | Sequence[Sequence[float]] | float


def close(found: Numbers, expected: Numbers, *, rel: float = CLOSED_FORM) -> None:
    np.testing.assert_allclose(np.asarray(found, dtype=float), np.asarray(expected, dtype=float), rtol=rel, atol=1e-12)


# Shrinkage


@beside
def test_baseball_shrinks_as_efron_and_morris_published() -> None:
    vector = golden("shrinkage/efron_morris_baseball.json")
    y = np.array(vector["hits"]) / vector["n"]
    found = shrinkage.james_stein(y, vector["common_var"])
    close(found.mean, vector["grand_mean"])
    close(found.factor, vector["shrink_c"])
    close(found.estimate, vector["js"])
    season = np.array(vector["season"])
    close(np.sum((found.estimate - season) ** 2), vector["sse_js"])
    close(np.sum((y - season) ** 2), vector["sse_mle"])
    assert found.factor == pytest.approx(vector["published"]["c"], abs=5e-4)


Y = np.array([91.0, 84.5, 72.0, 88.2, 65.4, 79.9, 81.3])
V = np.array([4.0, 9.0, 25.0, 2.0, 16.0, 6.0, 1.0])


def test_paule_mandel_meets_its_own_equation() -> None:
    tau2 = shrinkage.between_variance(Y, V)
    weight = 1 / (V + tau2)
    mean = np.sum(weight * Y) / np.sum(weight)
    close(np.sum(weight * (Y - mean) ** 2), len(Y) - 1)


def test_reml_is_the_top_of_the_restricted_likelihood() -> None:
    tau2 = shrinkage.between_variance(Y, V, method="reml")

    def likelihood(value: float) -> float:
        weight = 1 / (V + value)
        mean = np.sum(weight * Y) / np.sum(weight)
        return float(-np.sum(weight * (Y - mean) ** 2) + np.sum(np.log(weight)) - np.log(np.sum(weight)))

    grid = np.linspace(0, 400, 4001)
    assert likelihood(tau2) >= max(likelihood(float(each)) for each in grid) - 1e-12


def test_equal_errors_make_both_estimates_the_excess_variance() -> None:
    v = np.full(len(Y), 7.0)
    expected = np.var(Y, ddof=1) - 7.0
    close(shrinkage.between_variance(Y, v), expected)
    close(shrinkage.between_variance(Y, v, method="reml"), expected, rel=1e-7)


def test_chance_alone_leaves_no_difference_between_units() -> None:
    v = np.full(len(Y), 1e4)
    for method in get_args(shrinkage.Method):
        found = shrinkage.shrink(Y, v, method=method)
        assert found.between == 0
        close(found.estimate, np.full(len(Y), found.mean))
        close(found.variance, np.full(len(Y), found.mean_variance))


def test_shrinking_refuses_what_says_nothing() -> None:
    with pytest.raises(shrinkage.NotShrinkable, match="at least 5"):
        shrinkage.shrink(Y[:4], V[:4])
    with pytest.raises(shrinkage.NotShrinkable, match="no error variance"):
        shrinkage.shrink(Y, V * 0)
    with pytest.raises(shrinkage.NotShrinkable, match="four are the least"):
        shrinkage.james_stein(Y[:3], 1.0)
    with pytest.raises(shrinkage.NotShrinkable, match="nothing says what chance is"):
        shrinkage.means_of(Y, np.zeros(7), np.arange(7), np.zeros(7))


@given(
    arrays(np.float64, 8, elements=st.floats(0, 100)),
    arrays(np.float64, 8, elements=st.floats(0.1, 50)),
)
@settings(max_examples=60, deadline=None)
def test_shrunken_estimates_lie_between_the_own_result_and_the_mean(y: Floats, v: Floats) -> None:
    found = shrinkage.shrink(y, v)
    low, high = np.minimum(y, found.mean), np.maximum(y, found.mean)
    assert np.all(found.estimate >= low - 1e-9)
    assert np.all(found.estimate <= high + 1e-9)
    assert np.all((found.weight >= 0) & (found.weight <= 1))


def test_old_contracts_count_less_and_few_contracts_are_drawn_further() -> None:
    scores = np.array([90.0, 70.0, 80.0, 82.0, 60.0, 61.0])
    units = np.array([0, 0, 1, 1, 2, 2])
    now = shrinkage.means_of(scores, np.ones(6), units, np.zeros(6))
    close(now.mean, [80, 81, 60.5])
    aged = shrinkage.means_of(scores, np.ones(6), units, np.array([0.0, 3, 0, 0, 0, 0]))
    close(aged.mean[0], (90 + 70 * 0.8**3) / (1 + 0.8**3))
    assert aged.variance[0] > now.variance[0]
    assert list(now.count) == [2, 2, 2]
    close(now.within, (200 + 2 + 0.5) / 3 - 1)


def test_empirical_bayes_predicts_better_than_the_own_mean() -> None:
    # Simulated: 40 providers, true spread 6, two contracts each that differ by 8.
    generator = np.random.default_rng(5)
    truth = generator.normal(75, 6, 40)
    units = np.repeat(np.arange(40), 2)
    scores = truth[units] + generator.normal(0, 8, 80)
    means = shrinkage.means_of(scores, np.zeros(80), units, np.zeros(80))
    found = shrinkage.shrink(means.mean, means.variance)
    raw, better = np.mean((means.mean - truth) ** 2), np.mean((found.estimate - truth) ** 2)
    assert better < 0.85 * raw
    low, high = ranks.interval(found.estimate, np.sqrt(found.variance))
    assert np.mean((truth >= low) & (truth <= high)) > 0.85


# Funnel


@beside
def test_binomial_limits() -> None:
    expected = table("funnel_limits_binomial_p082.csv")
    for name, level in (("95", 0.95), ("998", 0.998)):
        for kind, limits in (("approx", funnel.normal_limits), ("exact", funnel.binomial_limits)):
            low, high = limits(0.82, expected["n"], level=level)
            close(low, expected[f"{kind}_lo{name}"])
            close(high, expected[f"{kind}_hi{name}"])


@beside
def test_poisson_limits() -> None:
    expected = table("funnel_limits_smr_poisson.csv")
    for name, level in (("95", 0.95), ("998", 0.998)):
        low, high = funnel.poisson_ratio_limits(expected["E"], level=level)
        close(low, expected[f"lo{name}"])
        close(high, expected[f"hi{name}"])


def test_a_funnel_widens_by_what_is_usual_among_peers_but_not_by_the_outlier() -> None:
    # Simulated: 30 peers that differ by 4 points beyond an error of 2, and one far below.
    generator = np.random.default_rng(11)
    error = np.full(31, 2.0)
    y = generator.normal(80, np.hypot(4, 2), 31)
    y[30] = 50
    found = funnel.mean_funnel(y, error)
    assert found.overdispersion.between == pytest.approx(16, rel=0.6)
    verdicts = found.verdicts()
    assert verdicts[30] == "alarm"
    assert verdicts[:30].count("inside") >= 26
    plain = funnel.mean_funnel(generator.normal(80, 2, 31), error)
    assert plain.overdispersion.between < 2
    assert (plain.alarm_low < plain.alert_low).all()


def test_overdispersion_is_none_where_chance_explains_all() -> None:
    calm = funnel.overdispersion(np.linspace(-0.5, 0.5, 12), np.full(12, 3.0))
    assert calm.between == 0
    assert calm.phi < 1


def test_shares_keep_inside_their_range_and_no_funnel_without_peers() -> None:
    numerator, denominator = np.array([14.0, 15, 16, 15, 13, 17, 40, 15, 16, 14]), np.full(10, 60.0)
    found = funnel.proportion_funnel(numerator, denominator)
    assert found.target == pytest.approx(175 / 600)
    assert (found.alarm_low >= 0).all()
    assert (found.alarm_high <= 1).all()
    assert found.verdicts() == ["inside"] * 6 + ["alarm"] + ["inside"] * 3
    with pytest.raises(funnel.PeerGroupTooSmall, match="9 peers"):
        funnel.proportion_funnel(numerator[:9], denominator[:9])


# Control charts


@beside
def test_charts_equal_qcc() -> None:
    expected = golden("dea_funnel_spc/spc_qcc.json")
    groups = table("spc_pistonrings.csv")["diameter"].reshape(-1, 5)
    xbar = charts.xbar_chart(groups, baseline=25)
    close([xbar.centre, xbar.sigma], [expected["xbar"]["center"], expected["xbar"]["std"]])
    close([xbar.low[0], xbar.high[0]], expected["xbar"]["limits"][0])
    s = charts.s_chart(groups, baseline=25)
    close(s.centre, expected["S"]["center"])
    close([s.low[0], s.high[0]], expected["S"]["limits"][0])
    single = charts.individuals(xbar.values, baseline=25)
    close([single.centre, single.sigma], [expected["individuals"]["center"], expected["individuals"]["std"]])
    close([single.low[0], single.high[0]], expected["individuals"]["limits"][0])
    error = xbar.sigma / np.sqrt(5)
    moving = charts.ewma(xbar.values, centre=xbar.centre, error=error)
    close(moving.values, expected["ewma"]["y"])
    close(np.column_stack([moving.low, moving.high]), expected["ewma"]["limits"])
    sums = charts.cusum(xbar.values, centre=xbar.centre, error=error)
    np.testing.assert_allclose(sums.above, expected["cusum"]["pos"], rtol=CLOSED_FORM, atol=1e-9)
    np.testing.assert_allclose(sums.below, expected["cusum"]["neg"], rtol=CLOSED_FORM, atol=1e-9)
    assert sums.out == (34, 35, 36, 37, 38, 39)


@beside
def test_attribute_charts_equal_qcc() -> None:
    expected = golden("dea_funnel_spc/spc_qcc.json")
    juice = table("spc_orangejuice.csv")
    trial = juice["trial"] == 1
    p = charts.p_chart(juice["D"][trial], juice["size"][trial])
    close(p.centre, expected["p"]["center"])
    close(np.column_stack([p.low, p.high]), expected["p"]["limits"])
    assert [place + 1 for place in p.beyond] == expected["p"]["violations"]
    boards = table("spc_pcmanufact.csv")
    u = charts.u_chart(boards["x"], boards["size"])
    close(u.centre, expected["u"]["center"])
    close([u.low[0], u.high[0]], expected["u"]["limits"][0])


def test_run_rules_name_their_points() -> None:
    calm = np.array([50.0, 52, 49, 51, 50, 48, 52, 50])
    shifted = charts.individuals(np.concatenate([calm, np.full(9, 53.0)]), baseline=8)
    assert shifted.runs == (15, 16)
    assert shifted.beyond == ()
    pair = charts.individuals(np.concatenate([calm, [54.8, 50.0, 54.9]]), baseline=8)
    assert pair.two_of_three == (10,)
    assert charts.individuals(np.concatenate([calm, [30.0]]), baseline=8).beyond == (8,)
    with pytest.raises(charts.SeriesTooShort, match="7 points"):
        charts.individuals(calm[:7])


# Ranks


def test_ranks_of_units_that_hardly_differ_make_no_league_table() -> None:
    alike = ranks.rank_intervals(np.linspace(79, 81, 12), np.full(12, 4.0), seed=3)
    assert not alike.separable
    assert np.all(alike.high - alike.low >= 8)
    apart = ranks.rank_intervals(np.linspace(0, 110, 12), np.full(12, 0.5), seed=3)
    assert apart.separable
    assert list(apart.median) == list(range(12, 0, -1))
    assert list(apart.low) == list(apart.high)
    close(apart.top_quartile, [0.0] * 9 + [1.0] * 3)
    again = ranks.rank_intervals(np.linspace(79, 81, 12), np.full(12, 4.0), seed=3)
    close(again.top_quartile, alike.top_quartile)


def test_chance_of_the_top_quarter_is_the_normal_integral() -> None:
    # Four units, one quarter = the best one; two units at 10 and 0 with errors 1 and 1 leave two at -100.
    found = ranks.rank_intervals(np.array([1.0, 0.0, -100.0, -100.0]), np.ones(4), seed=9)
    expected = 0.7602499389065233  # P(N(1, 2) > 0)
    assert found.top_quartile[0] == pytest.approx(expected, abs=3 * np.sqrt(expected * (1 - expected) / ranks.DRAWS))
    assert found.top_quartile.sum() == pytest.approx(1)


def test_overlap_of_pairs() -> None:
    assert ranks.median_overlap(np.array([0.0, 1.39]), np.ones(2)) == pytest.approx(0.5)
    assert ranks.median_overlap(np.array([0.0, 10.0]), np.ones(2)) == 0
    assert ranks.median_overlap(np.array([0.0, 0.5]), np.array([10.0, 0.1])) == pytest.approx(1)
    assert ranks.median_overlap(np.array([3.0]), np.ones(1)) == 0
    assert ranks.median_overlap(np.array([3.0, 3.0]), np.zeros(2)) == 1


# Equity


@beside
def test_inequality_equals_ineq() -> None:
    expected = golden("dea_funnel_spc/ineq.json")
    x = table("ineq_input.csv")["score"]
    found = {
        "Gini": equity.gini(x),
        "Gini_unbiased": equity.gini(x, unbiased=True),
        "Theil_T": equity.theil(x),
        "Theil_L": equity.theil_l(x),
        "CV_ineq": equity.coefficient_of_variation(x),
        "Atkinson_.5": equity.atkinson(x, aversion=0.5),
        "Atkinson_1": equity.atkinson(x, aversion=1),
        "RS": equity.ricci_schutz(x),
        "Kolm_1": equity.kolm(x),
        "entropy_.5": equity.generalised_entropy(x, alpha=0.5),
        "sd_n1": float(np.std(x, ddof=1)),
        "mean": float(np.mean(x)),
    }
    for name, value in found.items():
        assert value == pytest.approx(expected[name], rel=CLOSED_FORM), name
    assert set(expected) - set(found) == {"source", "ex_help"}
    grouped = expected["ex_help"]
    amounts, people = np.array(grouped["x"], dtype=float), np.array(grouped["n"])
    spread = np.repeat(amounts, people)
    close(equity.gini(amounts, people.astype(float)), equity.gini(spread))
    close(equity.theil(amounts, people.astype(float)), equity.theil(spread))


amounts = arrays(np.float64, 9, elements=st.floats(0.01, 1e4))


@given(amounts, arrays(np.float64, 9, elements=st.floats(0.1, 1e5)))
@settings(max_examples=60, deadline=None)
def test_theil_splits_into_within_and_between(values: Floats, people: Floats) -> None:
    groups = np.array([0, 0, 0, 1, 1, 2, 2, 2, 2])
    parts = equity.decompose(values, groups, people)
    assert parts.total == pytest.approx(equity.theil(values, people), rel=1e-7, abs=1e-9)
    assert parts.between >= -1e-12
    assert 0 <= equity.gini(values, people) < 1


def test_equal_amounts_are_equal_and_nothing_at_all_is_no_inequality() -> None:
    same = np.full(5, 120.0)
    assert equity.gini(same) == pytest.approx(0, abs=1e-12)
    assert equity.theil(same) == pytest.approx(0, abs=1e-12)
    assert equity.gini(np.zeros(3)) == 0
    assert equity.theil(np.array([0.0, 0.0, 3.0])) == pytest.approx(np.log(3))
    assert equity.decompose(np.array([0.0, 0.0, 3.0]), np.array([0, 0, 1])).between == pytest.approx(np.log(3))


def test_small_regions_do_not_fake_inequality() -> None:
    # Simulated: twelve regions of one true mean, seen through errors of 5 points.
    means = np.random.default_rng(2).normal(75, 5, 12)
    found = equity.score_gaps(means, np.full(12, 5.0))
    assert found.raw_variance > 10
    assert found.adjusted_variance < 0.6 * found.raw_variance
    assert found.widest < 0.6 * np.ptp(means)
    apart = equity.score_gaps(means + np.array([0.0] * 11 + [40.0]), np.full(12, 5.0))
    assert apart.highest == 11
    assert apart.widest > 20
    assert apart.widest_error > 5


# Efficiency


@pytest.fixture(scope="module")
def follow_through() -> tuple[Floats, Floats, dict[str, Floats]]:
    data, expected = table("charnes1981.csv"), table("charnes1981_eff.csv")
    inputs = np.column_stack([data[f"x{n}"] for n in range(1, 6)])
    return inputs, np.column_stack([data[f"y{n}"] for n in range(1, 4)]), expected


@beside
@pytest.mark.parametrize("orientation", get_args(dea.Orientation))
@pytest.mark.parametrize("returns", get_args(dea.Returns))
def test_efficiency_equals_benchmarking(
    follow_through: tuple[Floats, Floats, dict[str, Floats]], returns: dea.Returns, orientation: dea.Orientation
) -> None:
    inputs, outputs, expected = follow_through
    slacks = (returns, orientation) == ("vrs", "in")
    found = dea.efficiency(inputs, outputs, returns=returns, orientation=orientation, slacks=slacks)
    close(found.score, expected[f"{returns}_{orientation}"], rel=PROGRAMME)
    if slacks:
        np.testing.assert_allclose(found.slack, expected["vrs_in_slack_sum"], rtol=PROGRAMME, atol=1e-6)
        close(expected["crs_in"] / found.score, expected["scale_eff_in"], rel=PROGRAMME)


@beside
def test_peers_equal_benchmarking(follow_through: tuple[Floats, Floats, dict[str, Floats]]) -> None:
    inputs, outputs, _ = follow_through
    found = dea.efficiency(inputs, outputs)
    peers, weights = table("charnes1981_vrs_in_peers.csv"), table("charnes1981_vrs_in_lambda.csv")
    for unit in range(len(inputs)):
        named = [peers[f"peer{n}"][unit] for n in range(1, 6)]
        assert [place + 1 for place in found.peers(unit)] == [int(each) for each in named if np.isfinite(each)]
    for name, column in weights.items():
        np.testing.assert_allclose(found.weights[:, int(name[1:]) - 1], column, rtol=PROGRAMME, atol=1e-8)


@beside
def test_super_efficiency_equals_benchmarking(follow_through: tuple[Floats, Floats, dict[str, Floats]]) -> None:
    inputs, outputs, expected = follow_through
    cases: tuple[tuple[dea.Returns, dea.Orientation], ...] = (("crs", "in"), ("vrs", "out"))
    for returns, orientation in cases:
        found = dea.efficiency(inputs, outputs, returns=returns, orientation=orientation, superior=True)
        reference = expected[f"super_{returns}_{orientation}"]
        reachable = np.isfinite(reference)
        close(found.score[reachable], reference[reachable], rel=PROGRAMME)
        assert not np.any(np.isfinite(found.score[~reachable]))


def test_efficiency_of_a_case_worked_by_hand() -> None:
    inputs, outputs = np.array([[2.0], [4.0], [8.0]]), np.array([[1.0], [4.0], [4.0]])
    close(dea.efficiency(inputs, outputs, returns="crs").score, [0.5, 1.0, 0.5])
    close(dea.efficiency(inputs, outputs, returns="vrs").score, [1.0, 1.0, 0.5])
    close(dea.efficiency(inputs, outputs, returns="fdh").score, [1.0, 1.0, 0.5])
    dea.check_size(18, inputs=3, outputs=3)
    with pytest.raises(dea.TooFewUnits, match="17 units; 18 are needed"):
        dea.check_size(17, inputs=3, outputs=3)


@given(
    arrays(np.float64, (10, 1), elements=st.floats(1, 100)),
    arrays(np.float64, (10, 2), elements=st.floats(1, 100)),
    st.floats(0.01, 100),
)
@settings(max_examples=15, deadline=None)
def test_efficiency_does_not_depend_on_units_and_scale_never_helps(
    inputs: Floats, outputs: Floats, unit: float
) -> None:
    variable = dea.efficiency(inputs, outputs).score
    np.testing.assert_allclose(dea.efficiency(inputs * unit, outputs / unit).score, variable, rtol=1e-5)
    constant = dea.efficiency(inputs, outputs, returns="crs").score
    assert np.all(constant <= variable + 1e-7)
    assert variable.max() == pytest.approx(1)


# Unit cost


def purchase(**other: Any) -> Purchase:
    values: dict[str, Any] = {
        "cost": Decimal("120000.00"),
        "units": Decimal(600),
        "measure": "meals|meal",
        "service_category": "A05",
        "currency": "CNY",
        "region": "CN-230102",
        "year": 2026,
    }
    return Purchase(**(values | other))


def test_unit_costs_are_compared_in_the_prices_of_one_year() -> None:
    index = {2024: Decimal(100), 2026: Decimal(104)}
    before = purchase(cost=Decimal("100000.00"), units=Decimal(500), year=2024)
    assert not_comparable(before, purchase(), index=index) is None
    found = change(before, purchase(), index=index)
    assert (found.before, found.now) == (Decimal(208), Decimal(200))
    assert found.ratio == Decimal(200) / Decimal(208)
    assert indexed(Decimal(7), index={}, year=2020, to=2020) == Decimal(7)


@pytest.mark.parametrize(
    ("other", "why"),
    [
        ({"service_category": "A06"}, "same category"),
        ({"service_category": None}, "same category"),
        ({"measure": "meals|box"}, "units differ"),
        ({"currency": "EUR"}, "currencies differ"),
        ({"units": Decimal(0)}, "nothing was accepted"),
        ({"cost": Decimal(0)}, "nothing was paid"),
        ({"year": 2024}, "no price index of 2024"),
    ],
)
def test_another_scope_is_not_comparable(other: dict[str, Any], why: str) -> None:
    reason = not_comparable(purchase(**other), purchase(), index={2026: Decimal(104)})
    assert reason is not None
    assert why in reason


def test_the_comparisons_keep_what_they_promise() -> None:
    # Simulated, with known truth; the table of docs/comparisons.md comes from a longer run of the same.
    found = simulate(60, seed=7)
    assert found.shrunken_rmse < 0.8 * found.raw_rmse
    assert found.interval_coverage == pytest.approx(0.95, abs=0.03)
    assert found.rank_coverage == pytest.approx(0.9, abs=0.04)
    assert found.best_kept == pytest.approx(found.best_promised, abs=0.08)
    assert found.alarms < 0.03 < found.alarms_plain
    assert found.outlier_found > 0.9
    assert found.equal_adjusted_sd < 0.6 * found.equal_raw_sd
