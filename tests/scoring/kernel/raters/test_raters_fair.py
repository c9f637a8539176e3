"""Fair marks, the offer to calibrate and its refusal, on simulated rounds whose truth is known."""

import numpy as np
import pytest
from scipy import stats
from tests.scoring.kernel.raters.simulations import SCENARIOS, confounded, figures, region_gaps, scenario

from scoring.kernel.raters.components import components, cross_marked, rater_homes
from scoring.kernel.raters.dawid_skene import dawid_skene
from scoring.kernel.raters.fair import calibrate, carry_forward, contrast_errors, fair_mean, without_each
from scoring.kernel.raters.offer import decide


def test_two_evaluators_agree_on_the_grade_more_often() -> None:
    """The reference's simulation: from about half to under a third."""
    found = figures("reference: 400 contracts, 24 evaluators, 2 each", rounds=12)
    assert 0.44 < found["conflict_raw"] < 0.54
    assert found["conflict_fair"] < 1 / 3
    assert found["wrong_fair"] < 0.75 * found["wrong_raw"]
    assert found["rmse_fair"] < 0.7 * found["rmse_raw"]
    assert found["rmse_shrunk"] < found["rmse_fair"]
    assert found["covered"] == pytest.approx(0.95, abs=0.015)


@pytest.mark.parametrize("name", list(SCENARIOS)[2:])
def test_calibration_never_makes_it_worse(name: str) -> None:
    for seed in range(3):
        found = figures(name, rounds=1, seed=seed + 40)
        assert found["rmse_fair"] <= 1.05 * found["rmse_raw"]
        assert found["covered"] > 0.85


def test_intervals_of_few_evaluators_cover() -> None:
    """Three evaluators say little of how severities differ: their degrees of freedom enter, not the marks' alone."""
    random = np.random.default_rng(17)
    unit, rater = np.repeat(np.arange(20), 3), np.tile(np.arange(3), 20)
    covered, alone = [], []
    for _ in range(60):
        truth = 70.0 + 9.0 * random.standard_normal(20)
        mark = truth[unit] + (6.0 * random.standard_normal(3))[rater] + 4.0 * random.standard_normal(60)
        found = calibrate(unit, rater, mark, low=-1e9, high=1e9)
        errors = np.abs(found.fair - truth) / found.fair_se
        covered.append(float((errors <= stats.t.ppf(0.975, found.fair_df)).mean()))
        alone.append(float((errors <= stats.t.ppf(0.975, 60 - 20 - 3 + 1)).mean()))
    # In one round all cases share the pool's error, so sixty rounds tell the difference better than the level.
    assert float(np.mean(covered)) > 0.9
    assert float(np.mean(covered)) > float(np.mean(alone)) + 0.02


def test_two_evaluators_know_little_of_their_own_severity() -> None:
    """Both mark every case and differ by 12 points: the raw error has about one degree of freedom, not nineteen."""
    unit, rater = np.repeat(np.arange(20), 2), np.tile([0, 1], 20)
    truth = np.random.default_rng(3).normal(70.0, 9.0, 20)
    noise = np.random.default_rng(4).normal(0.0, 2.0, 40)
    decision = decide(unit, rater, truth[unit] + np.where(rater == 0, 6.0, -6.0) + noise, random=True)
    assert (decision.offered, decision.reason) == (False, "too_few")
    assert decision.calibration is not None
    assert 1.0 <= float(decision.calibration.fair_df.max()) < 1.5


def test_true_regional_differences_stay_or_calibration_is_refused() -> None:
    lost = {
        share: [region_gaps(confounded(np.random.default_rng([7, each]), share=share)) for each in range(4)]
        for share in (0.01, 0.05, 0.30)
    }
    plain = {share: float(np.mean([each for each, _ in found])) for share, found in lost.items()}
    assert plain[0.01] > 6
    assert plain[0.05] > 3.5
    assert plain[0.30] < 2
    assert sum(own is not None for _, own in lost[0.01]) <= 1
    for share in (0.05, 0.30):
        own = [own for _, own in lost[share] if own is not None]
        assert len(own) >= 3
        assert abs(float(np.mean(own))) < 1.5


def test_stated_errors_of_block_differences_are_true() -> None:
    region = np.arange(400) % 2
    errors, stated = [], []
    for seed in range(12):
        found = confounded(np.random.default_rng([3, seed]), share=0.2)
        decision = decide(
            found.unit, found.rater, found.mark, random=False, factors={"region": region}, low=-1e9, high=1e9
        )
        assert decision.calibration is not None
        assert decision.offered
        fair = decision.calibration.fair
        errors.append((fair - found.truth)[region == 1].mean() - (fair - found.truth)[region == 0].mean())
        stated.append(contrast_errors(found.unit, found.rater, level=region, calibration=decision.calibration)[0, 1])
        (contrast,) = decision.contrasts
        assert (contrast.factor, contrast.one, contrast.other) == ("region", 0, 1)
        assert contrast.se == pytest.approx(stated[-1])
    assert np.sqrt(np.mean(np.square(errors))) == pytest.approx(np.mean(stated), rel=0.5)


def test_refusals_name_their_reason() -> None:
    local = confounded(np.random.default_rng(1), share=0.0)
    region = {"region": local.region}
    found = decide(local.unit, local.rater, local.mark, random=False, factors=region)
    assert (found.offered, found.reason, len(found.parts)) == (False, "disconnected", 2)
    assert {tuple(np.unique(local.region[units])) for units, _ in found.parts} == {(0,), (1,)}
    assert found.calibration is not None
    assert found.calibration.fair == pytest.approx(found.calibration.raw)
    assert (found.calibration.fair_se > np.sqrt(found.calibration.variances.residual / 2)).all()
    few = confounded(np.random.default_rng(2), share=0.01)
    assert decide(few.unit, few.rater, few.mark, random=False, factors=region).reason in {
        "too_few_anchors",
        "not_comparable",
        "disconnected",
    }
    good = scenario(np.random.default_rng(4))
    one_block = {"region": np.zeros(400, np.intp)}
    assert decide(good.unit, good.rater, good.mark, random=True, factors=one_block).offered
    assert decide(good.unit, good.rater, good.mark, random=False, factors=one_block).reason == "too_few_anchors"
    anchor = np.arange(400) < 5
    assert decide(good.unit, good.rater, good.mark, random=False, factors=one_block, anchor=anchor).offered
    pair = good.rater < 2
    alone = decide(np.arange(int(pair.sum())), good.rater[pair], good.mark[pair], random=True)
    assert not alone.offered
    assert decide(np.array([0, 0, 1, 1]), np.array([0, 1, 0, 1]), np.arange(4.0), random=True).reason == "too_few"
    single = decide(np.arange(6), np.array([0, 1, 2, 0, 1, 2]), np.arange(6.0), random=True)
    assert (single.offered, single.reason, single.calibration) == (False, "disconnected", None)


def test_fair_values_are_cut_to_the_scale_and_say_so() -> None:
    random = np.random.default_rng(11)
    unit, rater = np.repeat(np.arange(80), 2), np.concatenate([random.permutation(8)[:2] for _ in range(80)])
    mark = np.clip(random.normal(96, 3, 80)[unit] + random.normal(0, 5, 8)[rater] + random.normal(0, 1, 160), 0, 100)
    found = calibrate(unit, rater, mark)
    assert found.fair.max() == 100.0
    assert found.clipped.any()
    case = int(np.flatnonzero(found.clipped)[0])
    own = unit == case
    value, cut = fair_mean(mark[own], found.severity[rater[own]])
    assert (value, cut) == (found.fair[case], True)


def test_leaving_an_evaluator_out() -> None:
    good = scenario(np.random.default_rng(5), cases=40, raters=8)
    found = calibrate(good.unit, good.rater, good.mark)
    left = without_each(good.unit, good.rater, good.mark, severity=found.severity)
    row = 7
    other = row - 1 if row % 2 else row + 1
    assert left[row] == pytest.approx(np.clip(good.mark[other] - found.severity[good.rater[other]], 0, 100))
    only = without_each(np.arange(3), np.arange(3), np.arange(3.0), severity=np.zeros(3))
    assert np.isnan(only).all()


def test_severity_is_carried_to_the_next_round() -> None:
    """Few marks in the new round: what is known from the last one helps."""
    random = np.random.default_rng(8)
    severity = random.normal(0, 6, 24)

    def again(cases: int, seed: int) -> tuple[np.ndarray, ...]:
        drawn = np.random.default_rng(seed)
        unit = np.repeat(np.arange(cases), 2)
        rater = np.concatenate([drawn.permutation(24) for _ in range(cases * 2 // 24)])
        truth = drawn.normal(80, 9, cases)
        return unit, rater, truth[unit] + severity[rater] + drawn.normal(0, 4, len(unit)), truth

    unit, rater, mark, _ = again(240, 1)
    prior = carry_forward(calibrate(unit, rater, mark), drift=1.0)
    errors = []
    for seed in range(2, 8):
        unit, rater, mark, truth = again(24, seed)
        pair = calibrate(unit, rater, mark), calibrate(unit, rater, mark, prior=prior)
        errors.append([((each.fair - truth) ** 2).mean() for each in pair])
    assert np.mean(errors, axis=0)[1] < 0.9 * np.mean(errors, axis=0)[0]


def test_components_and_homes() -> None:
    unit, rater = np.array([0, 0, 1, 2, 2]), np.array([0, 1, 1, 2, 3])
    number, units, raters = components(unit, rater)
    assert number == 2
    assert units.tolist() == [0, 0, 1]
    assert raters.tolist() == [0, 0, 1, 1]
    level = np.array([0, 0, 1])
    assert rater_homes(unit, rater, level).tolist() == [0, 0, 1, 1]
    assert cross_marked(unit, rater, factors=[level]) == 0
    assert cross_marked(np.append(unit, 2), np.append(rater, 1), factors=[level]) == 1


def test_dawid_skene_finds_who_errs() -> None:
    random = np.random.default_rng(6)
    truth = (random.random(400) < 0.3).astype(int)
    right = np.array([0.95, 0.9, 0.85, 0.6, 0.55])
    unit, rater = np.repeat(np.arange(400), 5), np.tile(np.arange(5), 400)
    verdict = np.where(random.random(2000) < right[rater], truth[unit], 1 - truth[unit])
    found = dawid_skene(unit, rater, verdict, categories=2)
    assert found.converged
    assert found.prevalence[1] == pytest.approx(0.3, abs=0.06)
    assert np.diagonal(found.confusion, axis1=1, axis2=2).mean(axis=1) == pytest.approx(right, abs=0.08)
    majority = (np.bincount(unit, verdict) >= 3).astype(int)
    assert (found.posterior.argmax(axis=1) != truth).mean() < (majority != truth).mean()
