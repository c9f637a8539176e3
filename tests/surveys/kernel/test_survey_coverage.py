"""Intervals of simulated waves cover what they say, or the gate says that they may not."""

import pytest
from tests.surveys.kernel.simulation_survey import Outcome, raked_waves, silent_waves

from surveys.kernel.gate import SCORE_V1


@pytest.mark.parametrize(("n", "level"), [(200, 0.4), (400, 0.4), (400, 2.0), (1000, 0.4)])
def test_intervals_of_raked_samples_cover_93_to_97_per_cent(n: int, level: float) -> None:
    found = raked_waves(n, repetitions=1000, seed=n, level=level)
    assert 0.93 <= found.sampling <= 0.97
    assert 0.93 <= found.index <= 0.97


@pytest.fixture(scope="module")
def silent() -> dict[tuple[int, float, float], Outcome]:
    """Censuses whose silent recipients are as much less satisfied as the policy takes them to be, and twice as much."""
    differences = (0.0, SCORE_V1.silent_difference, 2.0 * SCORE_V1.silent_difference)
    return {
        (size, rate, difference): silent_waves(size, rate, difference, repetitions=150, seed=size)
        for size in (150, 1000)
        for rate in (0.2, 0.45, 0.8)
        for difference in differences
    }


def test_no_wave_is_ok_where_its_interval_covers_less_than_90_per_cent(
    silent: dict[tuple[int, float, float], Outcome],
) -> None:
    short = {case: found for case, found in silent.items() if found.sampling < 0.90}
    assert {rate for _, rate, _ in short} == {0.2, 0.45, 0.8}
    for case, found in short.items():
        assert "ok" not in found.statuses, case


def test_declared_component_restores_the_coverage(silent: dict[tuple[int, float, float], Outcome]) -> None:
    for (_, _, difference), found in silent.items():
        if difference <= SCORE_V1.silent_difference:
            assert found.honest >= 0.90
        assert found.honest >= found.sampling
        assert found.bounds == 1.0


def test_a_small_census_with_a_high_response_can_be_ok(silent: dict[tuple[int, float, float], Outcome]) -> None:
    assert silent[150, 0.8, 0.0].statuses["ok"] > 0.2
