"""The kernel against numbers from R's `survey`, from AAPOR's definitions and from `psych`, at the stated tolerances."""

import csv
import json
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from surveys.kernel import intervals, measures, rates, variance, weights

GOLDEN = Path(__file__).resolve().parents[3].parent / "shared" / "golden" / "survey"
CLOSED_FORM = 1e-9
STANDARD_ERROR = 1e-8

pytestmark = pytest.mark.skipif(not GOLDEN.is_dir(), reason="the golden vectors lie beside the project, not in it")

Floats = npt.NDArray[np.float64]
Block = Any  # a block of a golden file, whose shape the test knows


def read_json(name: str) -> Block:
    return json.loads((GOLDEN / name).read_text(encoding="utf-8"))


def read_csv(name: str) -> list[dict[str, str]]:
    with (GOLDEN / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def column(rows: list[dict[str, str]], name: str) -> Floats:
    return np.array([float(row[name]) if row[name] not in ("", "NA") else np.nan for row in rows])


def flag(rows: list[dict[str, str]], name: str, value: str) -> Floats:
    return np.array([1.0 if row[name] == value else 0.0 for row in rows])


@pytest.fixture(scope="module")
def core() -> Block:
    return read_json("golden_core.json")


@pytest.fixture(scope="module")
def schools() -> list[dict[str, str]]:
    return read_csv("apistrat.csv")


@pytest.fixture(scope="module")
def clusters() -> list[dict[str, str]]:
    return read_csv("apiclus1.csv")


def stratified(rows: list[dict[str, str]], *, fpc: bool = True) -> variance.Design:
    kinds = sorted({row["stype"] for row in rows})
    sizes = {row["stype"]: float(row["fpc"]) for row in rows}
    return variance.Design(
        weights=column(rows, "pw"),
        strata=np.array([kinds.index(row["stype"]) for row in rows]),
        population=np.array([sizes[kind] for kind in kinds]) if fpc else None,
    )


def clustered(rows: list[dict[str, str]]) -> variance.Design:
    return variance.Design(
        weights=column(rows, "pw"),
        strata=np.zeros(len(rows), dtype=np.int64),
        clusters=column(rows, "dnum").astype(np.int64),
        population=np.array([float(rows[0]["fpc"])]),
    )


def check(found: variance.MeanEstimate, expected: dict[str, Any], index: int | None = None) -> None:
    def of(key: str) -> Block:
        value = expected[key]
        return value if index is None else value[index]

    assert found.estimate == pytest.approx(of("estimate"), rel=CLOSED_FORM)
    assert found.se == pytest.approx(of("se"), rel=STANDARD_ERROR)
    if "df" in expected:
        assert found.df == expected["df"]
    if expected.get("deff") is not None and found.deff is not None:
        assert found.deff == pytest.approx(of("deff"), rel=STANDARD_ERROR)
    if "ci_low" in expected:
        limits = intervals.t_interval(found.estimate, found.se, df=found.df)
        assert limits.low == pytest.approx(of("ci_low"), rel=STANDARD_ERROR)
        assert limits.high == pytest.approx(of("ci_high"), rel=STANDARD_ERROR)


@pytest.mark.parametrize(("block", "fpc"), [("mean_fpc", True), ("mean_nofpc", False)])
def test_stratified_means(core: Block, schools: list[dict[str, str]], *, block: str, fpc: bool) -> None:
    expected = core["A_apistrat"][block]
    design = stratified(schools, fpc=fpc)
    for index, name in enumerate(expected["name"]):
        found = variance.mean(column(schools, name), design)
        assert found.deff is not None
        check(found, expected, index)


def test_stratified_design_effect_with_replacement(core: Block, schools: list[dict[str, str]]) -> None:
    expected = core["A_apistrat"]["mean_deff_replace"]
    design = stratified(schools)
    share = len(schools) / float(design.weights.sum())
    for index, name in enumerate(expected["name"]):
        found = variance.mean(column(schools, name), design)
        assert found.deff is not None
        assert found.deff * (1 - share) == pytest.approx(expected["deff"][index], rel=STANDARD_ERROR)


def test_stratified_total_and_ratio(core: Block, schools: list[dict[str, str]]) -> None:
    design = stratified(schools)
    check(variance.total(column(schools, "enroll"), design), core["A_apistrat"]["total_enroll"])
    found = variance.ratio(column(schools, "api.stu"), column(schools, "enroll"), design)
    check(found, core["A_apistrat"]["ratio_apistu_enroll"])


def test_stratified_shares(core: Block, schools: list[dict[str, str]]) -> None:
    expected = core["A_apistrat"]["prop_awards"]
    design = stratified(schools)
    check(variance.mean(flag(schools, "awards", "No"), design), expected, 0)
    check(variance.mean(flag(schools, "awards", "Yes"), design), expected, 1)


def test_domains_are_not_subsets(core: Block, schools: list[dict[str, str]]) -> None:
    design = stratified(schools)
    expected = core["A_apistrat"]["by_stype"]
    for index, group in enumerate(expected["group"]):
        found = variance.mean(column(schools, "api00"), design, domain=flag(schools, "stype", group) == 1)
        check(found, expected, index)
    found = variance.mean(column(schools, "api00"), design, domain=flag(schools, "awards", "Yes") == 1)
    check(found, core["A_apistrat"]["domain_awardsYes_api00"])


def test_paired_change(core: Block, schools: list[dict[str, str]]) -> None:
    change = column(schools, "api00") - column(schools, "api99")
    check(variance.mean(change, stratified(schools)), core["A_apistrat"]["change_api00_minus_api99"])


@pytest.mark.parametrize(("block", "fpc"), [("ciprop_awardsYes", True), ("ciprop_awardsYes_nofpc", False)])
def test_korn_graubard_stratified(core: Block, schools: list[dict[str, str]], *, block: str, fpc: bool) -> None:
    expected = core["A_apistrat"][block]["beta"]
    found = variance.mean(flag(schools, "awards", "Yes"), stratified(schools, fpc=fpc))
    assert found.variance == pytest.approx(expected["var"], rel=STANDARD_ERROR)
    limits = intervals.korn_graubard(found.estimate, found.variance, n=found.n, df=found.df, cap=False)
    assert limits.low == pytest.approx(expected["low"], rel=STANDARD_ERROR)
    assert limits.high == pytest.approx(expected["high"], rel=STANDARD_ERROR)


def test_clustered_means_and_shares(core: Block, clusters: list[dict[str, str]]) -> None:
    block = core["C_apiclus1"]
    design = clustered(clusters)
    for index, name in enumerate(block["mean"]["name"]):
        check(variance.mean(column(clusters, name), design), block["mean"], index)
    check(variance.total(column(clusters, "enroll"), design), block["total_enroll"])
    for name, value in (("awards", "Yes"), ("stype", "E")):
        found = variance.mean(flag(clusters, name, value), design)
        expected = block[f"ciprop_{name}{value}"]["beta"]
        assert found.variance == pytest.approx(expected["var"], rel=STANDARD_ERROR)
        limits = intervals.korn_graubard(found.estimate, found.variance, n=found.n, df=found.df, cap=False)
        assert limits.low == pytest.approx(expected["low"], rel=STANDARD_ERROR)
        assert limits.high == pytest.approx(expected["high"], rel=STANDARD_ERROR)


def test_binomial_intervals(core: Block) -> None:
    assert core["F_binomial_intervals"]
    for case in core["F_binomial_intervals"]:
        k, n, level = case["k"], case["n"], case["level"]
        found = intervals.wilson(k / n, n, level=level)
        assert [found.low, found.high] == pytest.approx(case["wilson"], rel=CLOSED_FORM, abs=1e-15)
        found = intervals.clopper_pearson(k, n, level=level)
        assert [found.low, found.high] == pytest.approx(case["clopper_pearson"], rel=CLOSED_FORM, abs=1e-15)


def test_housing_unweighted_measures() -> None:
    expected = read_json("golden_housing.json")
    answers = [row for row in read_csv("housing_frame.csv") if row["resp"] == "1"]
    score = np.array([{"Low": 1.0, "Medium": 2.0, "High": 3.0}[row["Sat"]] for row in answers])
    design = variance.Design(
        weights=np.full(score.size, expected["frame_n"] / score.size), strata=np.zeros(score.size, dtype=np.int64)
    )
    assert score.size == expected["n"]
    check(variance.mean(score, design), expected["unweighted"]["mean"])
    check(variance.mean((score == 3).astype(np.float64), design), expected["unweighted"]["top"])
    # The three levels stand for detractors, passives and promoters.
    eleven = np.select([score == 3, score == 2], [9.0, 8.0], default=3.0)
    nps = variance.mean(measures.nps(eleven), design)
    check(nps, expected["unweighted"]["nps"])
    promoters, detractors = float((eleven >= 9).mean()), float((eleven <= 6).mean())
    # The multinomial form divides by n, the design-based one by n - 1.
    assert measures.nps_variance(promoters, detractors, score.size - 1) == pytest.approx(
        nps.variance, rel=STANDARD_ERROR
    )
    assert score.size / expected["frame_n"] == pytest.approx(expected["response_rate"], rel=CLOSED_FORM)


def test_housing_weighting_effect_and_interval() -> None:
    expected = read_json("golden_housing.json")["raked"]
    raked = column(read_csv("housing_weights.csv"), "rake3")
    found = weights.kish(raked)
    assert found.n == expected["kish"]["n"]
    assert found.total == pytest.approx(expected["kish"]["sum"], rel=1e-7)
    assert found.deff == pytest.approx(expected["kish"]["deff_kish"], rel=CLOSED_FORM)
    assert found.n_eff == pytest.approx(expected["kish"]["n_eff"], rel=CLOSED_FORM)
    assert found.smallest == pytest.approx(expected["kish"]["min"], rel=CLOSED_FORM)
    assert found.largest == pytest.approx(expected["kish"]["max"], rel=CLOSED_FORM)
    beta = expected["ciprop_top"]["beta"]
    limits = intervals.korn_graubard(beta["p"], beta["var"], n=761, df=760, cap=False)
    assert [limits.low, limits.high] == pytest.approx([beta["low"], beta["high"]], rel=STANDARD_ERROR)
    assert intervals.korn_graubard_n(beta["p"], beta["var"], n=761, df=760, cap=False) == pytest.approx(774.8, abs=0.05)
    capped = intervals.korn_graubard(beta["p"], beta["var"], n=761, df=760)
    assert capped.low == pytest.approx(limits.low, abs=5e-4)
    assert capped.width > limits.width


def test_aapor_rates() -> None:
    names = {"I": "complete", "P": "partial", "R": "refusal", "NC": "non_contact", "O": "other"}
    names |= {"UH": "unknown_household", "UO": "unknown_other", "e": "eligible_share"}
    for case in read_json("golden_aapor.json"):
        counts = rates.Dispositions(**{names[key]: value for key, value in case["input"].items()})
        found = rates.outcome_rates(counts).as_dict()
        expected = {key.lower(): value for key, value in case["rates"].items()}
        assert found.keys() == expected.keys()
        for key, value in expected.items():
            assert found[key] == (None if value is None else pytest.approx(value, rel=CLOSED_FORM)), key


def test_cronbach_alpha() -> None:
    expected = read_json("golden_reliability.json")["A_complete_cases"]
    rows = read_csv("bfi_items.csv")
    items = np.column_stack([column(rows, name) for name in ("A1", "A2", "A3", "A4", "A5")])
    items[:, 0] = 7 - items[:, 0]
    complete = items[~np.isnan(items).any(axis=1)]
    assert complete.shape[0] == expected["n"]
    assert measures.cronbach_alpha(complete) == pytest.approx(expected["raw"], rel=CLOSED_FORM)
