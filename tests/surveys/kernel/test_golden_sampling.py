"""Means, totals, ratios, domains, shares, intervals and tests of complex samples, against R's `survey`."""

import numpy as np
import pytest
from scipy.special import stdtr
from tests.surveys.kernel.golden_survey import (
    CLOSED_FORM,
    STANDARD_ERROR,
    Block,
    Rows,
    beside,
    check,
    check_means,
    column,
    flag,
    read_csv,
    read_json,
)

from surveys.kernel import intervals, variance
from surveys.kernel.association import rao_scott
from surveys.kernel.change import paired

pytestmark = beside


@pytest.fixture(scope="module")
def core() -> Block:
    return read_json("golden_core.json")


@pytest.fixture(scope="module")
def schools() -> Rows:
    return read_csv("apistrat.csv")


@pytest.fixture(scope="module")
def clusters() -> Rows:
    return read_csv("apiclus1.csv")


def stratified(rows: Rows, *, fpc: bool = True) -> variance.Design:
    kinds = sorted({row["stype"] for row in rows})
    sizes = {row["stype"]: float(row["fpc"]) for row in rows}
    return variance.Design(
        weights=column(rows, "pw"),
        strata=np.array([kinds.index(row["stype"]) for row in rows]),
        population=np.array([sizes[kind] for kind in kinds]) if fpc else None,
    )


def clustered(rows: Rows) -> variance.Design:
    return variance.Design(
        weights=column(rows, "pw"),
        strata=np.zeros(len(rows), dtype=np.int64),
        clusters=column(rows, "dnum").astype(np.int64),
        population=np.array([float(rows[0]["fpc"])]),
    )


def check_intervals(expected: Block, *, n: int, df: int) -> None:
    """The six intervals of a share, from the share and the variance."""
    p, v = expected["beta"]["p"], expected["beta"]["var"]
    found = {
        "logit": intervals.logit_interval(p, v, df=df),
        "xlogit": intervals.logit_interval(p, v, df=df),
        "asin": intervals.arcsine_interval(p, v, df=df),
        "beta": intervals.korn_graubard(p, v, n=n, df=df, cap=False),
        "mean": intervals.t_interval(p, v**0.5, df=df),
        "likelihood": intervals.likelihood_interval(p, v, n=n, df=df),
    }
    assert found.keys() == expected.keys()
    for method, limits in found.items():
        # R reads the profile limits off a spline with few nodes; the exact ones differ from it by some 1e-6.
        tolerance = 1e-5 if method == "likelihood" else STANDARD_ERROR
        assert limits.low == pytest.approx(expected[method]["low"], rel=tolerance), method
        assert limits.high == pytest.approx(expected[method]["high"], rel=tolerance), method


@pytest.mark.parametrize(("block", "fpc"), [("mean_fpc", True), ("mean_nofpc", False)])
def test_stratified_means(core: Block, schools: Rows, *, block: str, fpc: bool) -> None:
    expected = core["A_apistrat"][block]
    design = stratified(schools, fpc=fpc)
    check_means(schools, design, expected)
    assert all(variance.mean(column(schools, name), design).deff is not None for name in expected["name"])


def test_stratified_design_effect_with_replacement(core: Block, schools: Rows) -> None:
    expected = core["A_apistrat"]["mean_deff_replace"]
    design = stratified(schools)
    share = len(schools) / float(design.weights.sum())
    for index, name in enumerate(expected["name"]):
        found = variance.mean(column(schools, name), design)
        assert found.deff is not None
        assert found.deff * (1 - share) == pytest.approx(expected["deff"][index], rel=STANDARD_ERROR)
        assert found.se == pytest.approx(expected["se"][index], rel=STANDARD_ERROR)


def test_stratified_total_and_ratio(core: Block, schools: Rows) -> None:
    design = stratified(schools)
    found = variance.total(column(schools, "enroll"), design)
    assert found.deff is not None
    check(found, core["A_apistrat"]["total_enroll"])
    found = variance.ratio(column(schools, "api.stu"), column(schools, "enroll"), design)
    check(found, core["A_apistrat"]["ratio_apistu_enroll"])


def test_stratified_shares(core: Block, schools: Rows) -> None:
    expected = core["A_apistrat"]["prop_awards"]
    design = stratified(schools)
    check(variance.mean(flag(schools, "awards", "No"), design), expected, 0)
    check(variance.mean(flag(schools, "awards", "Yes"), design), expected, 1)


def test_domains_are_not_subsets(core: Block, schools: Rows) -> None:
    design = stratified(schools)
    expected = core["A_apistrat"]["by_stype"]
    for index, group in enumerate(expected["group"]):
        found = variance.mean(column(schools, "api00"), design, domain=flag(schools, "stype", group) == 1)
        check(found, expected, index)
    found = variance.mean(column(schools, "api00"), design, domain=flag(schools, "awards", "Yes") == 1)
    assert found.deff is not None
    check(found, core["A_apistrat"]["domain_awardsYes_api00"])


@pytest.mark.parametrize(("block", "fpc"), [("ciprop_awardsYes", True), ("ciprop_awardsYes_nofpc", False)])
def test_six_intervals_of_a_stratified_share(core: Block, schools: Rows, *, block: str, fpc: bool) -> None:
    expected = core["A_apistrat"][block]
    found = variance.mean(flag(schools, "awards", "Yes"), stratified(schools, fpc=fpc))
    assert found.estimate == pytest.approx(expected["beta"]["p"], rel=CLOSED_FORM)
    assert found.variance == pytest.approx(expected["beta"]["var"], rel=STANDARD_ERROR)
    check_intervals(expected, n=found.n, df=found.df)


def test_rao_scott(core: Block, schools: Rows) -> None:
    expected = core["A_apistrat"]["chisq_schwide_stype"]
    kinds = ("E", "H", "M")
    rows = flag(schools, "sch.wide", "Yes").astype(np.int64)
    columns = np.array([kinds.index(row["stype"]) for row in schools])
    found = rao_scott(rows, columns, stratified(schools))
    for name, value in (("F", found.f), ("ndf", found.ndf), ("ddf", found.ddf), ("p", found.p)):
        assert value == pytest.approx(expected[name], rel=STANDARD_ERROR)
    turned = rao_scott(columns, rows, stratified(schools))
    assert turned.f == pytest.approx(found.f)


def test_difference_of_two_domains(core: Block, schools: Rows) -> None:
    expected = core["A_apistrat"]["ttest_api00_by_awards"]
    yes = flag(schools, "awards", "Yes") == 1
    found = variance.difference(column(schools, "api00"), stratified(schools), one=yes, other=~yes)
    assert found.estimate == pytest.approx(expected["diff"], rel=CLOSED_FORM)
    assert found.estimate / found.se == pytest.approx(expected["t"], rel=STANDARD_ERROR)
    assert found.df == expected["df"]
    assert 2.0 * stdtr(found.df, -found.estimate / found.se) == pytest.approx(expected["p"], rel=STANDARD_ERROR)


def test_paired_change(core: Block, schools: Rows) -> None:
    expected = core["A_apistrat"]["change_api00_minus_api99"]
    found = paired(column(schools, "api99"), column(schools, "api00"), stratified(schools))
    assert found.change == pytest.approx(expected["estimate"], rel=CLOSED_FORM)
    assert found.se == pytest.approx(expected["se"], rel=STANDARD_ERROR)
    assert found.df == expected["df"]
    assert [found.interval.low, found.interval.high] == pytest.approx(
        [expected["ci_low"], expected["ci_high"]], rel=STANDARD_ERROR
    )


def test_clustered_means_total_and_domains(core: Block, clusters: Rows) -> None:
    block = core["C_apiclus1"]
    design = clustered(clusters)
    check_means(clusters, design, block["mean"])
    check(variance.total(column(clusters, "enroll"), design), block["total_enroll"])
    assert variance.total(column(clusters, "enroll"), design).df == block["df"]
    for index, group in enumerate(block["by_stype"]["group"]):
        found = variance.mean(column(clusters, "api00"), design, domain=flag(clusters, "stype", group) == 1)
        check(found, block["by_stype"], index)


@pytest.mark.parametrize(("name", "value"), [("awards", "Yes"), ("stype", "E")])
def test_six_intervals_of_a_clustered_share(core: Block, clusters: Rows, *, name: str, value: str) -> None:
    expected = core["C_apiclus1"][f"ciprop_{name}{value}"]
    found = variance.mean(flag(clusters, name, value), clustered(clusters))
    assert found.variance == pytest.approx(expected["beta"]["var"], rel=STANDARD_ERROR)
    check_intervals(expected, n=found.n, df=found.df)


def test_binomial_intervals(core: Block) -> None:
    assert len(core["F_binomial_intervals"]) == 39
    for case in core["F_binomial_intervals"]:
        k, n, level = case["k"], case["n"], case["level"]
        found = {
            "wilson": intervals.wilson(k / n, n, level=level),
            "wilson_cc": intervals.wilson_corrected(k / n, n, level=level),
            "clopper_pearson": intervals.clopper_pearson(k, n, level=level),
            "jeffreys": intervals.jeffreys(k, n, level=level),
        }
        for method, limits in found.items():
            assert [limits.low, limits.high] == pytest.approx(case[method], rel=CLOSED_FORM, abs=1e-15), method
