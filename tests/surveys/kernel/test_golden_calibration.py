"""Raking, calibration, post-stratification, trimming and replicates, against R's `survey`."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from tests.surveys.kernel.golden_survey import (
    CLOSED_FORM,
    STANDARD_ERROR,
    WEIGHTS,
    Block,
    Floats,
    RakeOfR,
    Rows,
    beside,
    check,
    check_kish,
    check_means,
    column,
    flag,
    margins_of,
    read_csv,
    read_json,
)
from tests.surveys.kernel.test_golden_sampling import check_intervals, clustered, stratified

from surveys.kernel import calibration, variance, weights
from surveys.kernel.intervals import t_interval
from surveys.kernel.replicates import Replicated, bootstrap, jackknife

pytestmark = beside


@pytest.fixture(scope="module")
def core() -> Block:
    return read_json("golden_core.json")


@pytest.fixture(scope="module")
def schools() -> Rows:
    return read_csv("apistrat.csv")


@pytest.fixture(scope="module")
def expected_weights() -> Rows:
    return read_csv("apistrat_weights.csv")


@pytest.fixture(scope="module")
def clusters() -> Rows:
    return read_csv("apiclus1.csv")


@pytest.fixture(scope="module")
def margins(core: Block, schools: Rows) -> list[weights.Margin]:
    return margins_of(schools, core["B_apistrat_calibration"]["margins"])


def weighted(design: variance.Design, final: Floats, adjustment: calibration.Adjustment) -> variance.Design:
    return replace(design, weights=final, calibration=adjustment)


def test_margins_are_those_of_the_population(core: Block) -> None:
    population = read_csv("apipop.csv")
    for name, targets in core["B_apistrat_calibration"]["margins"].items():
        for category, count in targets.items():
            assert sum(row[name] == category for row in population) == count
    truth = core["B_apistrat_calibration"]["truth_apipop"]
    assert np.nanmean(column(population, "api00")) == pytest.approx(truth["api00"], rel=CLOSED_FORM)
    assert np.nanmean(column(population, "meals")) == pytest.approx(truth["meals"], rel=CLOSED_FORM)
    assert np.nansum(column(population, "enroll")) == truth["enroll_total"]


def test_raked_weights(core: Block, schools: Rows, expected_weights: Rows, margins: list[weights.Margin]) -> None:
    block = core["B_apistrat_calibration"]["rake3"]
    found = weights.rake(column(schools, "pw"), margins)
    assert found.weights == pytest.approx(column(expected_weights, "rake3"), rel=WEIGHTS)
    assert found.largest_factor_error < 1e-9
    check_kish(weights.kish(found.weights), block["kish"])
    # With R's own (approximate) residuals every figure of R comes out.
    design = weighted(stratified(schools), found.weights, RakeOfR(margins, raked=found.weights))
    check_means(schools, design, block["mean"])
    check(variance.total(column(schools, "enroll"), design), block["total_enroll"])
    share = variance.mean(flag(schools, "comp.imp", "Yes"), design)
    assert share.estimate == pytest.approx(block["ciprop_compimp"]["beta"]["p"], rel=CLOSED_FORM)
    assert share.variance == pytest.approx(block["ciprop_compimp"]["beta"]["var"], rel=STANDARD_ERROR)
    check_intervals(block["ciprop_compimp"], n=share.n, df=share.df)


def test_raked_standard_error_is_that_of_calibration(core: Block, schools: Rows, margins: list[weights.Margin]) -> None:
    block = core["B_apistrat_calibration"]["calibrate_raking"]
    base = column(schools, "pw")
    raked = weights.rake(base, margins).weights
    design = weighted(stratified(schools), raked, calibration.calibration_of(base, margins))
    check_means(schools, design, block["mean"])
    ignored = variance.mean(column(schools, "enroll"), replace(design, calibration=None))
    exact = variance.mean(column(schools, "enroll"), design)
    of_r = variance.mean(column(schools, "enroll"), replace(design, calibration=RakeOfR(margins, raked=raked)))
    assert of_r.se / exact.se == pytest.approx(1.011, abs=1e-3)
    assert ignored.se > exact.se
    assert np.abs(raked - column(read_csv("apistrat_weights.csv"), "cal_raking")).max() < 2e-7
    assert block["max_abs_weight_diff_vs_ipf"] < 2e-7


@pytest.mark.parametrize(
    ("block", "name", "distance"),
    [
        ("calibrate_raking", "cal_raking", "raking"),
        ("calibrate_linear", "cal_linear", "linear"),
        ("calibrate_logit_bounds_0.6_1.6", "cal_logit", "logit"),
    ],
)
def test_calibrated_weights_and_errors(
    core: Block,
    schools: Rows,
    expected_weights: Rows,
    margins: list[weights.Margin],
    *,
    block: str,
    name: str,
    distance: weights.Distance,
) -> None:
    base = column(schools, "pw")
    columns, totals = calibration.dummies(margins)
    found = weights.calibrate(base, columns, totals, distance=distance, bounds=(0.6, 1.6))
    assert found.weights == pytest.approx(column(expected_weights, name), rel=WEIGHTS)
    expected = core["B_apistrat_calibration"][block]
    check_kish(weights.kish(found.weights), expected["kish"])
    design = weighted(stratified(schools), found.weights, calibration.calibration_of(base, margins))
    check_means(schools, design, expected["mean"])
    if distance == "logit":
        assert ((found.weights / base > 0.6) & (found.weights / base < 1.6)).all()


def test_generalised_regression(core: Block, schools: Rows, expected_weights: Rows) -> None:
    block = core["B_apistrat_calibration"]
    base = column(schools, "pw")
    kinds = np.column_stack([flag(schools, "stype", kind) for kind in block["margins"]["stype"]])
    columns = np.column_stack([kinds, column(schools, "api99")])
    totals = np.array([*block["margins"]["stype"].values(), block["greg_api99"]["popsum_api99"]], dtype=np.float64)
    found = weights.calibrate(base, columns, totals)
    assert found.weights == pytest.approx(column(expected_weights, "greg_api99"), rel=WEIGHTS)
    check_kish(weights.kish(found.weights), block["greg_api99"]["kish"])
    adjustment = calibration.Calibration.of_rows(base, columns)
    check_means(schools, weighted(stratified(schools), found.weights, adjustment), block["greg_api99"]["mean"])


def test_poststratification(core: Block, schools: Rows, expected_weights: Rows, margins: list[weights.Margin]) -> None:
    block = core["B_apistrat_calibration"]["poststratify_awards"]
    base, margin = column(schools, "pw"), margins[1]
    found = weights.poststratify(base, margin)
    assert found == pytest.approx(column(expected_weights, "poststrat_awards"), rel=WEIGHTS)
    check_kish(weights.kish(found), block["kish"])
    design = weighted(stratified(schools), found, calibration.calibration_of(base, [margin]))
    check_means(schools, design, block["mean"])
    check(variance.total(column(schools, "enroll"), design), block["total_enroll"])


def test_strict_trimming(core: Block, schools: Rows, expected_weights: Rows, margins: list[weights.Margin]) -> None:
    block = core["B_apistrat_calibration"]["trim_strict_0.7_1.3_median"]
    raked = weights.rake(column(schools, "pw"), margins).weights
    found = weights.trim(raked, low=0.7, high=1.3)
    assert [found.lower, found.upper] == pytest.approx([block["lower"], block["upper"]], rel=WEIGHTS)
    assert found.weights == pytest.approx(column(expected_weights, "rake3_trim"), rel=WEIGHTS)
    check_kish(weights.kish(found.weights), block["kish"])
    adjustment = RakeOfR(margins, raked=raked, final=found.weights)
    check_means(schools, weighted(stratified(schools), found.weights, adjustment), block["mean"])


def test_raking_from_unit_weights(core: Block, schools: Rows, margins: list[weights.Margin]) -> None:
    block = core["B2_apistrat_rake_from_unit_weights"]
    base = np.ones(len(schools))
    found = weights.rake(base, margins)
    check_kish(weights.kish(found.weights), block["kish"])
    simple = variance.Design(weights=found.weights, strata=np.zeros(base.size, dtype=np.int64))
    check_means(schools, replace(simple, calibration=RakeOfR(margins, raked=found.weights)), block["mean"])
    # Without unequal base weights R's residuals are nearly those of the regression.
    exact = replace(simple, calibration=calibration.calibration_of(base, margins))
    for index, name in enumerate(block["mean"]["name"]):
        assert variance.mean(column(schools, name), exact).se == pytest.approx(block["mean"]["se"][index], rel=1e-4)


def cluster_margins(core: Block, rows: Rows) -> list[weights.Margin]:
    block = core["B_apistrat_calibration"]["margins"]
    return margins_of(rows, {name: block[name] for name in ("stype", "sch.wide")})


def test_raked_cluster_sample(core: Block, clusters: Rows) -> None:
    block = core["C_apiclus1"]["rake2"]
    margins = cluster_margins(core, clusters)
    found = weights.rake(column(clusters, "pw"), margins)
    assert found.weights == pytest.approx(column(read_csv("apiclus1_weights.csv"), "rake2"), rel=WEIGHTS)
    check_kish(weights.kish(found.weights), block["kish"])
    design = weighted(clustered(clusters), found.weights, RakeOfR(margins, raked=found.weights))
    check_means(clusters, design, block["mean"])
    check(variance.total(column(clusters, "enroll"), design), block["total_enroll"])
    share = variance.mean(flag(clusters, "awards", "Yes"), design)
    assert share.variance == pytest.approx(block["ciprop_awardsYes"]["beta"]["var"], rel=STANDARD_ERROR)
    check_intervals(block["ciprop_awardsYes"], n=share.n, df=share.df)


def test_generalised_regression_of_clusters(core: Block, clusters: Rows) -> None:
    block = core["C_apiclus1"]["greg_api99"]
    base = column(clusters, "pw")
    kinds = core["B_apistrat_calibration"]["margins"]["stype"]
    popsum = core["B_apistrat_calibration"]["greg_api99"]["popsum_api99"]
    expected = column(read_csv("apiclus1_weights.csv"), "greg_api99")
    dummies = [flag(clusters, "stype", kind) for kind in kinds]
    columns = np.column_stack([*dummies, column(clusters, "api99")])
    totals = np.array([*kinds.values(), popsum], dtype=np.float64)
    found = weights.calibrate(base, columns, totals)
    assert found.weights == pytest.approx(expected, rel=WEIGHTS)
    check_kish(weights.kish(found.weights), block["kish"])
    adjustment = calibration.Calibration.of_rows(base, columns)
    check_means(clusters, weighted(clustered(clusters), found.weights, adjustment), block["mean"])


def mean_of(values: Floats) -> Callable[[Floats], float]:
    return lambda final: float(final @ values / final.sum())


def check_limits(found: Replicated, expected: Block, index: int | None = None) -> None:
    low, high = expected["ci_low"], expected["ci_high"]
    limits = t_interval(found.estimate, found.se, df=expected["df"])
    wanted = [low, high] if index is None else [low[index], high[index]]
    assert [limits.low, limits.high] == pytest.approx(wanted, rel=WEIGHTS)


def test_jackknife(core: Block, clusters: Rows) -> None:
    base, units = column(clusters, "pw"), column(clusters, "dnum").astype(np.int64)
    fraction = np.unique(units).size / float(clusters[0]["fpc"])
    margins = cluster_margins(core, clusters)

    def raked(each: Floats) -> Floats:
        return weights.rake(each, margins).weights

    for block, reweight in (("jk1", None), ("jk1_rake2", raked)):
        expected = core["C_apiclus1"][block]
        for index, name in enumerate(expected["name"]):
            found = jackknife(mean_of(column(clusters, name)), base, units, fraction=fraction, reweight=reweight)
            assert found.estimate == pytest.approx(expected["estimate"][index], rel=CLOSED_FORM)
            # An error made of raked weights cannot be closer than they are.
            assert found.se == pytest.approx(expected["se"][index], rel=WEIGHTS if reweight else STANDARD_ERROR)
            assert found.replicates == core["C_apiclus1"]["df"] + 1
            check_limits(found, expected, index)
    expected = core["C_apiclus1"]["jk1_total_enroll"]
    enroll = column(clusters, "enroll")
    found = jackknife(lambda final: float(final @ enroll), base, units, fraction=fraction)
    assert [found.estimate, found.se] == pytest.approx([expected["estimate"], expected["se"]], rel=STANDARD_ERROR)
    check_limits(found, expected)


def test_stored_bootstrap(core: Block, clusters: Rows) -> None:
    expected = core["C_apiclus1"]["bootstrap60"]
    stored = read_csv("apiclus1_bootstrap60_weights.csv")
    assert [row["cds"] for row in stored] == [row["cds"] for row in clusters]
    replicates = np.column_stack([column(stored, f"r{number:02d}") for number in range(1, 61)])
    for index, name in enumerate(expected["name"]):
        statistic = mean_of(column(clusters, name))
        found = bootstrap(statistic, column(clusters, "pw"), replicates, scale=expected["scale"])
        assert found.estimate == pytest.approx(expected["estimate"][index], rel=CLOSED_FORM)
        assert found.se == pytest.approx(expected["se"][index], rel=STANDARD_ERROR)
        check_limits(found, expected, index)
