"""Flags of careless or arranged answers, on simulated answers that are arranged on purpose."""

import numpy as np
import pytest

from surveys.kernel import flags
from surveys.kernel.variance import Design


def simulated(n: int, k: int, *, seed: int, halo: float = 0.0) -> np.ndarray:
    """Answers 1-5 to k items; with halo they follow one mood per person."""
    chance = np.random.default_rng(seed)
    mood = chance.normal(size=(n, 1))
    latent = halo * mood + (1.0 - halo) * chance.normal(size=(n, k))
    return np.asarray(1 + np.searchsorted(np.quantile(latent, [0.1, 0.3, 0.6, 0.85]), latent), dtype=np.int64)


def test_a_second_per_item_is_the_least() -> None:
    found = flags.speeders(np.array([9.0, 10.0, np.nan, 200.0]), np.full(4, 10.0))
    assert found.tolist() == [True, False, False, False]


def test_half_the_median_counts_from_a_hundred_durations_on() -> None:
    seconds = np.array([100.0] * 99 + [49.0])
    assert flags.speeders(seconds, np.full(100, 5.0)).sum() == 1
    assert flags.speeders(seconds[1:], np.full(99, 5.0)).sum() == 0


def test_straight_lines_need_five_answers() -> None:
    nan = np.nan
    battery = np.array(
        [
            [3, 3, 3, 3, 3, 3],
            [3, 3, 3, 3, 3, nan],
            [3, 3, 3, 3, nan, nan],
            [3, 3, 4, 3, 3, 3],
            [nan] * 6,
        ]
    )
    assert flags.straight_lines(battery).tolist() == [True, True, False, False, False]


def test_more_than_half_left_out() -> None:
    found = flags.mostly_missing(np.array([4.0, 5.0, 10.0, 0.0]), np.array([10.0, 10.0, 10.0, 0.0]))
    assert found.tolist() == [True, False, False, False]


def test_bursts_are_beyond_chance() -> None:
    quiet = np.array([2.0, 3.0, 1.0, 4.0, 2.0, 3.0])
    assert not flags.bursts(quiet).any()
    assert flags.bursts(np.append(quiet, 30.0)).tolist() == [False] * 6 + [True]
    assert not flags.bursts(np.array([30.0])).any()
    # P(X >= 8 | 2) = 0.0011 and P(X >= 9 | 2) = 0.00024: the level lies between them.
    assert flags.bursts(np.array([8.0, 9.0, 0.0]), expected=np.full(3, 2.0)).tolist() == [False, True, False]


def test_copied_answers_are_near_duplicates_and_honest_ones_are_not() -> None:
    answers = simulated(300, 25, seed=1)
    answers[290:] = answers[0]
    answers[295:, 0] = 1 + answers[0, 0] % 5
    found = flags.near_duplicates(answers)
    assert found.flagged[[0, *range(290, 300)]].all()
    assert found.flagged.sum() == 11
    assert found.match[0] == 1.0
    assert found.limit >= 0.85


def test_few_items_with_halo_do_not_flag_honest_answers() -> None:
    """The published 85 % alone would call most of them copies."""
    answers = simulated(400, 6, seed=2, halo=0.8)
    found = flags.near_duplicates(answers, groups=answers[:, 0])
    assert (found.match > 0.85).mean() > 0.5
    assert found.flagged.mean() < 0.01


def test_too_few_items_or_rows_flag_nothing() -> None:
    found = flags.near_duplicates(np.ones((50, 4), dtype=np.int64))
    assert not found.flagged.any()
    assert np.isnan(found.match).all()
    assert not flags.near_duplicates(np.ones((2, 30), dtype=np.int64)).flagged.any()


def test_large_waves_are_compared_within_a_selection() -> None:
    found = flags.near_duplicates(simulated(500, 20, seed=3), most=100, seed=5)
    assert (~np.isnan(found.match)).sum() == 100
    again = flags.near_duplicates(simulated(500, 20, seed=3), most=100, seed=5)
    assert np.array_equal(found.match, again.match, equal_nan=True)


def test_enumerator_who_invents_answers_stands_out() -> None:
    chance = np.random.default_rng(6)
    enumerators = np.repeat(np.arange(10), 40)
    scores = (chance.random(400) < 0.6).astype(np.float64)
    honest = flags.enumerator_effect(scores, enumerators)
    assert honest is not None
    assert abs(honest.icc) < 0.03
    scores[enumerators == 7] = 1.0
    found = flags.enumerator_effect(scores, enumerators)
    assert found is not None
    assert found.icc > 0.03
    assert found.deff == pytest.approx(1.0 + 39.0 * found.icc)
    assert min(found.without, key=lambda code: found.without[code]) == 7
    left = scores[enumerators != 7].mean() - scores.mean()
    assert found.without[7] == pytest.approx(left)
    assert found.largest == pytest.approx(abs(left))


def test_answers_without_enumerator_are_left_out() -> None:
    scores = np.array([1.0, 0.0, 1.0, np.nan, 1.0])
    assert flags.enumerator_effect(scores, np.array([0, 0, -1, 1, -1])) is None
    assert flags.enumerator_effect(scores, np.full(5, -1)) is None


def test_flagged_answers_that_matter_are_a_reason_for_caution() -> None:
    chance = np.random.default_rng(8)
    scores = (chance.random(400) < 0.5).astype(np.float64)
    design = Design(weights=np.ones(500), strata=np.zeros(500, dtype=np.int64))
    arranged = np.append(scores, np.ones(100))
    suspicious = np.append(np.zeros(400, dtype=np.bool_), np.ones(100, dtype=np.bool_))
    found = flags.sensitivity(arranged, design, suspicious)
    assert found.matters
    assert found.flagged_share == 0.2
    assert found.without is not None
    assert found.without.estimate == pytest.approx(scores.mean())
    assert found.everyone.n == 500
    assert found.shift is not None
    assert found.shift < -1.0
    none = flags.sensitivity(arranged, design, np.zeros(500, dtype=np.bool_))
    assert (none.shift, none.matters) == (0.0, False)
    everyone = flags.sensitivity(arranged, design, np.ones(500, dtype=np.bool_))
    assert everyone.without is None
    assert everyone.matters
