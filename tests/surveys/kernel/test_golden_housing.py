"""The Copenhagen tenants: a frame of 1,681 with a biased response, unweighted, raked, and what the response says."""

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
    column,
    margins_of,
    read_csv,
    read_json,
)
from tests.surveys.kernel.test_golden_sampling import check_intervals

from surveys.kernel import bounds, intervals, measures, variance, weights
from surveys.kernel.association import rao_scott
from surveys.kernel.calibration import calibration_of, dummies
from surveys.kernel.estimates import Plan, item_estimates
from surveys.kernel.means import estimate
from surveys.kernel.weighting import weigh

pytestmark = beside

LEVELS = {"Low": 1.0, "Medium": 2.0, "High": 3.0}


@pytest.fixture(scope="module")
def golden() -> Block:
    return read_json("golden_housing.json")


@pytest.fixture(scope="module")
def frame() -> Rows:
    return read_csv("housing_frame.csv")


@pytest.fixture(scope="module")
def answers(frame: Rows) -> Rows:
    return [row for row in frame if row["resp"] == "1"]


def score(rows: Rows) -> Floats:
    return np.array([LEVELS[row["Sat"]] for row in rows])


def eleven(rows: Rows) -> Floats:
    """The three levels stand for detractors, passives and promoters."""
    return np.array([{"Low": 3.0, "Medium": 8.0, "High": 9.0}[row["Sat"]] for row in rows])


def designs(golden: Block, answers: Rows) -> tuple[variance.Design, variance.Design]:
    """The raked design as the product has it, and as R's `rake()` has it."""
    base = np.full(len(answers), golden["frame_n"] / len(answers))
    margins = margins_of(answers, golden["margins"])
    raked = weights.rake(base, margins).weights
    strata = np.zeros(base.size, dtype=np.int64)
    return (
        variance.Design(weights=raked, strata=strata, calibration=calibration_of(base, margins)),
        variance.Design(weights=raked, strata=strata, calibration=RakeOfR(margins, raked=raked)),
    )


def test_truth_of_the_frame(golden: Block, frame: Rows) -> None:
    truth, values = golden["truth"], score(frame)
    assert values.size == golden["frame_n"]
    assert values.mean() == pytest.approx(truth["mean"], rel=CLOSED_FORM)
    assert (values == 3).mean() == pytest.approx(truth["top"], rel=CLOSED_FORM)
    assert (values == 1).mean() == pytest.approx(truth["bottom"], rel=CLOSED_FORM)
    assert measures.nps(eleven(frame)).mean() == pytest.approx(truth["nps"], rel=CLOSED_FORM)


def test_unweighted_measures(golden: Block, answers: Rows) -> None:
    values = score(answers)
    design = variance.Design(
        weights=np.full(values.size, golden["frame_n"] / values.size), strata=np.zeros(values.size, dtype=np.int64)
    )
    assert values.size == golden["n"]
    check(variance.mean(values, design), golden["unweighted"]["mean"])
    check(variance.mean((values == 3).astype(np.float64), design), golden["unweighted"]["top"])
    nps = variance.mean(measures.nps(eleven(answers)), design)
    check(nps, golden["unweighted"]["nps"])
    promoters, detractors = float((values == 3).mean()), float((values == 1).mean())
    # The multinomial form divides by n, the design-based one by n - 1.
    multinomial = measures.nps_variance(promoters, detractors, values.size - 1)
    assert multinomial == pytest.approx(nps.variance, rel=STANDARD_ERROR)
    assert values.size / golden["frame_n"] == pytest.approx(golden["response_rate"], rel=CLOSED_FORM)


def test_raked_weights(golden: Block, answers: Rows) -> None:
    design, _ = designs(golden, answers)
    expected = read_csv("housing_weights.csv")
    assert [row["id"] for row in expected] == [row["id"] for row in answers]
    assert design.weights == pytest.approx(column(expected, "rake3"), rel=WEIGHTS)
    check_kish(weights.kish(design.weights), golden["raked"]["kish"])


def test_raked_measures(golden: Block, answers: Rows) -> None:
    exact, of_r = designs(golden, answers)
    block, values = golden["raked"], score(answers)
    measured = {
        "mean": values,
        "top": (values == 3).astype(np.float64),
        "nps": measures.nps(eleven(answers)),
    }
    for name, scores in measured.items():
        check(variance.mean(scores, of_r), block[name])
        # The exact linearisation differs from R's ten sweeps by less than a thousandth here.
        found = variance.mean(scores, exact)
        assert found.estimate == pytest.approx(block[name]["estimate"], rel=CLOSED_FORM)
        assert found.se == pytest.approx(block[name]["se"], rel=1e-3)
    top = variance.mean(measured["top"], of_r)
    assert top.variance == pytest.approx(block["ciprop_top"]["beta"]["var"], rel=STANDARD_ERROR)
    check_intervals(block["ciprop_top"], n=top.n, df=top.df)


def test_calibration_takes_out_what_the_margins_explain(golden: Block, answers: Rows) -> None:
    exact, _ = designs(golden, answers)
    plain = variance.Design(weights=exact.weights, strata=exact.strata)
    assert variance.mean(score(answers), plain).se == pytest.approx(0.0334, abs=5e-5)
    assert variance.mean(score(answers), exact).se == pytest.approx(0.0311, abs=5e-5)


def test_raked_domains(golden: Block, answers: Rows) -> None:
    _, of_r = designs(golden, answers)
    block = golden["raked"]["by_type"]
    for index, group in enumerate(block["group"]):
        domain = np.array([row["Type"] == group for row in answers])
        check(variance.mean(score(answers), of_r, domain=domain), block, index)


def test_rao_scott_of_raked_answers(golden: Block, answers: Rows) -> None:
    _, of_r = designs(golden, answers)
    types = list(golden["margins"]["Type"])
    found = rao_scott(
        score(answers).astype(np.int64) - 1, np.array([types.index(row["Type"]) for row in answers]), of_r
    )
    assert [found.f, found.ndf, found.ddf, found.p] == pytest.approx(golden["chisq_sat_type"], rel=STANDARD_ERROR)


def test_effective_size_is_capped_in_the_product_only(golden: Block) -> None:
    beta = golden["raked"]["ciprop_top"]["beta"]
    free = intervals.korn_graubard(beta["p"], beta["var"], n=761, df=760, cap=False)
    assert intervals.korn_graubard_n(beta["p"], beta["var"], n=761, df=760, cap=False) == pytest.approx(774.8, abs=0.05)
    capped = intervals.korn_graubard(beta["p"], beta["var"], n=761, df=760)
    assert capped.low == pytest.approx(free.low, abs=5e-4)
    assert capped.width > free.width


def test_representativity(golden: Block, frame: Rows) -> None:
    expected = golden["r_indicator"]
    margins = margins_of(frame, {name: golden["margins"][name] for name in ("Type", "Infl", "Cont")})
    responded = column(frame, "resp")
    columns, _ = dummies(margins)
    # R's glm stops when the deviance changes by less than 1e-8.
    found = bounds.r_indicator(columns, responded, np.ones_like(responded), tolerance=1e-8)
    assert found is not None
    assert found.mean == pytest.approx(expected["mean_rho"], rel=CLOSED_FORM)
    assert found.sd == pytest.approx(expected["sd_rho_n_minus_1"], rel=CLOSED_FORM)
    assert found.indicator == pytest.approx(expected["R"], rel=CLOSED_FORM)
    assert found.max_bias == pytest.approx(expected["max_abs_bias_per_unit_sd"], rel=CLOSED_FORM)
    assert list(found.coefficients) == pytest.approx(list(expected["coef"].values()), rel=CLOSED_FORM)


def test_cells_give_the_same_representativity(golden: Block, frame: Rows) -> None:
    margins = margins_of(frame, golden["margins"])
    cells = sorted({tuple(int(margin.codes[row]) for margin in margins) for row in range(len(frame))})
    place = np.array([cells.index(tuple(int(margin.codes[row]) for margin in margins)) for row in range(len(frame))])
    invited = np.bincount(place).astype(np.float64)
    responded: Floats = np.bincount(place, weights=column(frame, "resp")).astype(np.float64)
    reduced = [
        weights.Margin(margin.name, np.array([cell[axis] for cell in cells]), margin.targets)
        for axis, margin in enumerate(margins)
    ]
    found = bounds.r_indicator(dummies(reduced)[0], responded, invited)
    assert found is not None
    assert found.indicator == pytest.approx(golden["r_indicator"]["R"], rel=CLOSED_FORM)


def test_what_the_product_says_of_the_tenants(golden: Block, answers: Rows) -> None:
    """The whole way: weigh, estimate, bound; the truth lies in the bounds and nearer to the raked value."""
    base = np.full(len(answers), golden["frame_n"] / len(answers))
    weighted = weigh(base, margins_of(answers, golden["margins"]))
    assert (weighted.trimmed_share, weighted.merged, weighted.collapsed) == (0.0, {}, ())
    plan = Plan(design="census", population=golden["frame_n"], cap=False)
    target = {"top2": 0.45}
    values = 2.0 * score(answers) - 1.0
    top, _ = item_estimates(values, weighted.design.strata, plan, weighted=weighted, targets=target, nonresponse=0.0)
    assert top.estimate == pytest.approx(golden["raked"]["top"]["estimate"], rel=CLOSED_FORM)
    assert top.unweighted == pytest.approx(golden["unweighted"]["top"]["estimate"], rel=CLOSED_FORM)
    assert top.interval is not None
    beta = golden["raked"]["ciprop_top"]["beta"]
    assert [top.interval.low, top.interval.high] == pytest.approx([beta["low"], beta["high"]], rel=1e-4)
    assert top.bounds is not None
    assert top.estimate is not None
    assert top.unweighted is not None
    truth = golden["truth"]["top"]
    assert top.bounds.low < truth < top.bounds.high
    assert abs(top.estimate - truth) < abs(top.unweighted - truth)
    assert top.nonresponse_se == pytest.approx(top.unweighted - top.estimate)
    assert top.p_ge_target is not None
    assert top.p_ge_target_sampling is not None
    assert top.p_ge_target_sampling < 0.05 < top.p_ge_target < 0.5
    assert top.tipping_point is not None
    assert golden["response_rate"] * top.estimate + (1 - golden["response_rate"]) * top.tipping_point == pytest.approx(
        0.45
    )
    assert top.status == "caution"
    assert "response-below-half" in top.reasons
    found = estimate((score(answers) == 3).astype(np.float64), weighted.design, cap=False)
    assert (found.estimate, found.se, found.interval) == (top.estimate, top.se, top.interval)
