"""Agreement between evaluators against published examples and established software."""

import csv
import json
from dataclasses import replace
from itertools import combinations
from math import isnan
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from scoring.kernel.raters.alpha import Metric, alpha, alpha_interval
from scoring.kernel.raters.chance import COEFFICIENTS, agreement, benchmark, category_kappas, light_kappa, rater_bias
from scoring.kernel.raters.gstudy import (
    Components,
    components_of_table,
    dependability,
    generalisability,
    raters_needed,
    whole_raters,
)
from scoring.kernel.raters.icc import cronbach_alpha, icc, mean_squares, spearman_brown

GOLDEN = Path(__file__).parents[5] / "shared/golden/scoring/raters"
beside = pytest.mark.skipif(not GOLDEN.is_dir(), reason="the golden numbers lie beside the project, not in it")
Array = NDArray[np.float64]
METRICS: tuple[Metric, ...] = ("nominal", "ordinal", "interval", "ratio")

# Shrout & Fleiss 1979, Psychological Bulletin 86:420, table 2.
SHROUT_FLEISS = np.array([[9, 2, 5, 8], [6, 1, 3, 2], [8, 4, 6, 8], [7, 1, 2, 6], [10, 5, 6, 9], [6, 2, 4, 7]], float)
# Krippendorff 2011, "Computing Krippendorff's alpha-reliability", example C; 0 is missing.
KRIPPENDORFF = np.array(
    [
        [1, 2, 3, 3, 2, 1, 4, 1, 2, 0, 0, 0],
        [1, 2, 3, 3, 2, 2, 4, 1, 2, 5, 0, 3],
        [0, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, 0],
        [1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, 0],
    ],
    float,
).T


def table(name: str) -> list[list[str]]:
    with (GOLDEN / name).open(encoding="utf-8", newline="") as file:
        return list(csv.reader(file))[1:]


def numbers(name: str) -> Array:
    return np.array([[float(cell) if cell not in {"", "NA"} else np.nan for cell in row] for row in table(name)])


def golden(name: str) -> Any:
    return json.loads((GOLDEN / name).read_text(encoding="utf-8"))


def long(marks: Array) -> tuple[NDArray[np.intp], Array]:
    unit, rater = np.nonzero(~np.isnan(marks))
    return unit, marks[unit, rater]


def pairwise_alpha(marks: Array, metric: Metric) -> float:
    """By the definition: the mean distance of pairs within units against that of all pairs."""
    rows = [row[~np.isnan(row)] for row in marks]
    rows = [row for row in rows if len(row) >= 2]
    every = np.concatenate(rows)

    def distance(one: float, other: float) -> float:
        match metric:
            case "nominal":
                return float(one != other)
            case "ordinal":
                low, high = min(one, other), max(one, other)
                between = ((every >= low) & (every <= high)).sum()
                return float(between - ((every == low).sum() + (every == high).sum()) / 2) ** 2
            case "interval":
                return (one - other) ** 2
            case "ratio":
                return ((one - other) / (one + other)) ** 2 if one + other else 0.0

    within = sum(2 * distance(a, b) / (len(row) - 1) for row in rows for a, b in combinations(row, 2)) / len(every)
    among = sum(2 * distance(a, b) for a, b in combinations(every, 2)) / (len(every) * (len(every) - 1))
    return 1 - within / among if among else 1.0


def test_alpha_of_the_published_example() -> None:
    marks = np.where(KRIPPENDORFF == 0, np.nan, KRIPPENDORFF)
    found = [round(alpha(*long(marks), metric=metric), 3) for metric in METRICS]
    assert found == [0.743, 0.815, 0.849, 0.797]


@beside
def test_alpha_golden() -> None:
    stored = golden("krippendorff_4x12.json")["irr"]
    rows = [row[1:] for row in table("krippendorff_4x12.csv")]
    marks = np.array([[float(cell) if cell else np.nan for cell in row] for row in rows]).T
    for metric in METRICS:
        assert alpha(*long(marks), metric=metric) == pytest.approx(stored[metric], rel=1e-9)
    stored = golden("video.json")["kripp"]
    for metric in METRICS:
        assert alpha(*long(numbers("irr_video.csv")), metric=metric) == pytest.approx(stored[metric], rel=1e-9)


@given(
    st.lists(st.lists(st.integers(0, 9) | st.none(), min_size=3, max_size=3), min_size=2, max_size=8),
    st.sampled_from(METRICS),
    st.sampled_from([1.0, 0.25, 1e7]),
)
@settings(max_examples=60, deadline=None)
def test_alpha_is_its_definition(rows: list[list[int | None]], metric: Metric, scale: float) -> None:
    marks = np.array([[np.nan if cell is None else cell * scale for cell in row] for row in rows])
    found = alpha(*long(marks), metric=metric)
    if (np.isfinite(marks).sum(axis=1) < 2).all():
        assert isnan(found)
    else:
        assert found == pytest.approx(pairwise_alpha(marks, metric), abs=1e-9)


def test_alpha_interval_covers_and_repeats() -> None:
    random = np.random.default_rng(7)
    marks = random.normal(70, 9, (120, 1)) + random.normal(0, 5, (120, 3))
    unit, mark = long(marks)
    truth = 81 / (81 + 25)
    for metric in ("interval", "ordinal"):
        found = alpha_interval(unit, mark, metric=metric, draws=400, seed=1)
        assert found.lower < found.value < found.upper
        assert metric == "ordinal" or found.lower < truth < found.upper
        assert found == alpha_interval(unit, mark, metric=metric, draws=400, seed=1)
    one = alpha_interval(unit, mark, draws=400, seed=1)
    drawn = [alpha(*_drawn(unit, mark, seed)) for seed in range(400)]
    assert one.upper - one.lower == pytest.approx(np.subtract(*np.quantile(drawn, [0.975, 0.025])), rel=0.2)
    assert isnan(alpha_interval(unit[:1], mark[:1]).lower)


def _drawn(unit: NDArray[np.intp], mark: Array, seed: int) -> tuple[NDArray[np.intp], Array]:
    chosen = np.random.default_rng(seed).integers(120, size=120)
    return np.repeat(np.arange(120), 3), mark.reshape(120, 3)[chosen].ravel()


@beside
@pytest.mark.parametrize("results", ["results", "results_raters_2_to_4"])
def test_chance_corrected_golden(results: str) -> None:
    marks = numbers("irrCAC_raw4raters.csv")
    marks = marks if results == "results" else marks[:, 1:]
    for weighting, stored in golden("gwet_raw4raters.json")[results].items():
        for coefficient in COEFFICIENTS:
            found = agreement(marks, coefficient=coefficient, weighting=weighting)
            expected = stored[coefficient]
            assert found.value == pytest.approx(expected["coeff"], abs=5.1e-6)
            assert found.se == pytest.approx(expected["se"], abs=5.1e-6)
            assert found.observed == pytest.approx(expected["pa"], rel=1e-9)
            assert found.expected == pytest.approx(expected["pe"], rel=1e-9)
            assert found.p == pytest.approx(expected["p"], rel=1e-9)
            assert expected["ci"] == f"({round(found.lower, 3):g},{round(found.upper, 3):g})"


@beside
def test_benchmark_golden() -> None:
    stored = golden("gwet_raw4raters.json")["landis_koch_cumprob_gwet_raters_2_to_4"]
    found = agreement(numbers("irrCAC_raw4raters.csv")[:, 1:], weighting="unweighted")
    rounded = replace(found, value=round(found.value, 5), se=round(found.se, 5))  # as irrCAC hands them on
    assert benchmark(rounded) == pytest.approx([float(each["CumProb"]) for each in stored], abs=5.1e-6)


def test_chance_corrected_edges() -> None:
    alike = np.array([[1.0, 1.0], [2.0, 2.0], [1.0, 1.0]])
    assert agreement(alike).value == 1.0
    assert isnan(agreement(alike[:1]).value)
    unused = agreement(alike, coefficient="bp", weighting="unweighted", categories=np.array([1.0, 2.0, 3.0]))
    assert unused.expected == pytest.approx(1 / 3)


@beside
def test_diagnoses_golden() -> None:
    stored = golden("diagnoses.json")
    labels = table("irr_diagnoses.csv")
    marks = np.array([[float(stored["levels"].index(cell)) for cell in row] for row in labels])
    fleiss = agreement(marks, coefficient="fleiss", weighting="unweighted")
    assert fleiss.value == pytest.approx(stored["fleiss_kappa"], rel=1e-9)
    assert round(fleiss.value, 2) == stored["published_fleiss_1971"]
    kappas, z = category_kappas(marks)
    for place, each in enumerate(stored["per_category"]):
        assert kappas[place] == pytest.approx(each["Kappa"], abs=5.1e-4)
        assert z[place] == pytest.approx(each["z"], abs=5.1e-4)
    assert kappas[-1] == pytest.approx(stored["fleiss_kappa"], rel=1e-9)
    assert z[-1] == pytest.approx(stored["z"], rel=1e-9)
    exact = agreement(marks, coefficient="conger", weighting="unweighted")
    assert exact.value == pytest.approx(stored["fleiss_exact"], rel=1e-9)
    assert light_kappa(marks) == pytest.approx(stored["light"], rel=1e-9)
    assert 100 * (marks == marks[:, :1]).all(axis=1).mean() == pytest.approx(stored["agree_pct"], rel=1e-9)
    bias = stored["rater_bias_r1_r2"]
    expected = (bias["value"], bias["statistic"], bias["p.value"])
    assert rater_bias(marks[:, 0], marks[:, 1]) == pytest.approx(expected, rel=1e-9)
    assert alpha(*long(marks), metric="nominal") == pytest.approx(stored["kripp_nominal"], rel=1e-9)


def test_icc_of_the_published_example() -> None:
    found = [
        round(icc(SHROUT_FLEISS, model=model, average=average).value, 2)
        for average in (False, True)
        for model in ("oneway", "agreement", "consistency")
    ]
    assert found == [0.17, 0.29, 0.71, 0.44, 0.62, 0.91]


@beside
@pytest.mark.parametrize(("name", "data"), [("icc_shrout_fleiss", "shrout_fleiss_1979"), ("video", "irr_video")])
def test_icc_golden(name: str, data: str) -> None:
    marks = numbers(f"{data}.csv")
    stored = golden(f"{name}.json")["results"]
    for model in ("oneway", "agreement", "consistency"):
        for unit in ("single", "average"):
            kind = "oneway_consistency" if model == "oneway" else f"twoway_{model}"
            expected = stored[f"{kind}_{unit}"]
            found = icc(marks, model=model, average=unit == "average")
            assert (found.value, found.f, found.df1) == pytest.approx(
                (expected["value"], expected["Fvalue"], expected["df1"]), rel=1e-9
            )
            if kind == "twoway_agreement" and unit == "average":
                # irr puts k into Satterthwaite's formula twice, the mean of k raters having it already; psych does not.
                assert expected["df2"] == pytest.approx(_df_with_k_twice(marks, found.value), rel=1e-9)
                continue
            assert (found.lower, found.upper, found.df2, found.p) == pytest.approx(
                (expected["lbound"], expected["ubound"], expected["df2"], expected["p"]), rel=1e-9
            )
    check_psych(marks, stored["psych"])
    if "psych_ms" in stored:
        squares, expected = mean_squares(marks), stored["psych_ms"]
        found_squares = (squares.between, squares.severity, squares.error, squares.within)
        assert found_squares == pytest.approx([expected[each] for each in ("MSB", "MSJ", "MSE", "MSW")], rel=1e-9)


def _df_with_k_twice(marks: Array, value: float) -> float:
    squares = mean_squares(marks)
    n, k = squares.units, squares.raters
    a = k * value / (n * (1 - value)) * squares.severity
    b = (1 + k * value * (n - 1) / (n * (1 - value))) * squares.error
    return (a + b) ** 2 / (a**2 / (k - 1) + b**2 / ((n - 1) * (k - 1)))


def check_psych(marks: Array, stored: list[dict[str, Any]]) -> None:
    """Psych takes the interval of a mean of two-way random raters from that of one by Spearman-Brown."""
    models: dict[str, Any] = {"1": "oneway", "2": "agreement", "3": "consistency"}
    for expected in stored:
        model, average = models[expected["type"][3]], expected["type"].endswith("k")
        found = icc(marks, model=model, average=average)
        single = icc(marks, model=model)
        bounds = [spearman_brown(each, raters=marks.shape[1]) for each in (single.lower, single.upper)]
        lower, upper = bounds if average else (found.lower, found.upper)
        assert (found.value, found.f) == pytest.approx((expected["ICC"], expected["F"]), rel=1e-9)
        assert found.df1 == expected["df1"]
        assert (lower, upper) == pytest.approx((expected["lower bound"], expected["upper bound"]), rel=1e-8)


@beside
def test_sat_golden() -> None:
    stored, marks = golden("psych_sat_act.json"), numbers("psych_sat_act.csv")
    reliability = stored["alpha"][0]
    assert cronbach_alpha(marks) == pytest.approx(reliability["raw_alpha"], rel=1e-9)
    r = float(np.asarray(np.corrcoef(marks[~np.isnan(marks).any(axis=1)].T))[0, 1])
    assert r == pytest.approx(reliability["average_r"], rel=1e-9)
    assert spearman_brown(r, raters=2) == pytest.approx(reliability["std.alpha"], rel=1e-9)
    assert 2 * r / (1 - r) == pytest.approx(reliability["S/N"], rel=1e-9)
    check_psych(marks, stored["icc"])


def test_generalisability_of_the_published_example() -> None:
    """Calibration in one number: two evaluators instead of ten for the same dependability."""
    found = components_of_table(SHROUT_FLEISS)
    raw = raters_needed(found, wanted=0.8)
    adjusted = raters_needed(found, wanted=0.8, calibrated=True)
    assert (round(raw, 1), round(adjusted, 1)) == (9.8, 1.6)
    assert (whole_raters(raw), whole_raters(adjusted)) == (10, 2)
    assert dependability(found, raters=raw) == pytest.approx(0.8)
    assert generalisability(found, raters=adjusted) == pytest.approx(0.8)
    assert generalisability(found, raters=1) == pytest.approx(icc(SHROUT_FLEISS, model="consistency").value)
    assert dependability(found, raters=1) == pytest.approx(icc(SHROUT_FLEISS).value)
    assert whole_raters(raters_needed(Components(0.0, 1.0, 1.0), wanted=0.8)) is None
    assert generalisability(Components(0.0, 0.0, 0.0), raters=2) == 0.0
    with pytest.raises(ValueError, match="between 0 and 1"):
        raters_needed(found, wanted=1.0)
    with pytest.raises(ValueError, match="two complete units"):
        mean_squares(SHROUT_FLEISS[:1])
