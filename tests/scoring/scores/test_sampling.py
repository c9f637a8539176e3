"""How far a wave's estimate may be off, with and without a standard error."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.scoring.scores.systems import full, scored, system, wave

from scoring.kernel.montecarlo import Uncertain, draw
from scoring.scores.sampling import sampling_error
from scoring.scores.simulation import Simulated, simulate


def estimate(**told: Any) -> dict[str, Any]:
    """An estimate as `surveys.wave.closed.v1` has it, without a standard error."""
    return {
        "item": "overall",
        "measure": "index100",
        "estimate": 80.0,
        "se": None,
        "df": None,
        "n": 40,
        "status": "ok",
    } | told


def limits(**told: Any) -> tuple[float, float]:
    """Smallest and largest draw."""
    found = sampling_error(estimate(**told))
    assert found is not None
    assert found.centre is not None
    (drawn,) = draw([Uncertain(7, found.dist, found.centre, found.se, found.df)], 10_000)
    return float(drawn.min()), float(drawn.max())


def test_the_whole_error_comes_before_the_sampling_error() -> None:
    assert sampling_error(estimate(se=3.0, se_total=4.0, df=60)) == ("sampling", "t", 4.0, 60, 40, None)
    assert sampling_error(estimate(se=3.0)) == ("sampling", "normal", 3.0, None, 40, None)


def test_a_small_census_lies_anywhere_between_its_bounds() -> None:
    low, high = limits(ci_low=64.0, ci_high=84.0, ci_method="bounds")
    assert 64.0 <= low < 64.1
    assert 83.9 < high <= 84.0


def test_a_census_that_everybody_answered_is_exact() -> None:
    assert sampling_error(estimate(ci_low=80.0, ci_high=80.0, ci_method="bounds")) is None


def test_an_open_link_says_nothing_of_those_who_did_not_come() -> None:
    low, high = limits()
    assert 0.0 <= low < 0.1
    assert 99.9 < high <= 100.0


def test_a_sample_in_which_all_said_the_same_is_not_certain() -> None:
    low, high = limits(estimate=100.0, se=0.0, df=39, ci_low=100.0, ci_high=100.0, ci_method="t")
    assert low == pytest.approx(100.0 - 3 / 40 * 100.0, abs=0.1)
    assert high <= 100.0


@given(
    value=st.floats(0.0, 100.0),
    answers=st.integers(10, 10_000),
    below=st.floats(0.0, 30.0),
    above=st.floats(0.0, 30.0),
    method=st.sampled_from(["bounds", "t", "korn-graubard", None]),
)
def test_the_spread_stays_inside_the_scale_and_the_told_limits(
    value: float, answers: int, below: float, above: float, method: str | None
) -> None:
    low, high = max(0.0, value - below), min(100.0, value + above)
    told = {"ci_low": low, "ci_high": high, "ci_method": method} if method else {}
    found = sampling_error(estimate(estimate=value, n=answers, **told))
    if found is None:
        assert low == high
        return
    assert found.centre is not None
    half = found.se * 12.0**0.5 / 2.0
    assert found.centre - half >= -1e-9
    assert found.centre + half <= 100.0 + 1e-9
    if low < high and method:
        assert (found.centre - half, found.centre + half) == pytest.approx((low, high), abs=1e-9)


def record(*estimates: dict[str, Any]) -> Simulated:
    """A contract of which all is exact but the citizens' voice."""
    voice = wave(80.0)
    voice[4]["estimates"] = list(estimates)
    return simulate(scored([*(row for row in full() if row[1] != "wave"), voice], system(exponent=1.0)), 0)


def test_a_score_is_as_unsure_as_what_the_silent_might_have_said() -> None:
    sure = record(estimate(ci_low=80.0, ci_high=80.0, ci_method="bounds"))
    census = record(estimate(ci_low=64.0, ci_high=84.0, ci_method="bounds"))
    opened = record(estimate())
    assert (sure.label, sure.low, sure.draws) == ("firm", sure.high, 1)
    # The voice weighs 20 of 100: 20 points between the bounds are 4 points of the score, 100 are 20.
    assert float(census.high) - float(census.low) == pytest.approx(0.95 * 0.2 * 20.0, abs=0.2)
    assert float(opened.high) - float(opened.low) == pytest.approx(0.95 * 0.2 * 100.0, abs=1.0)
    assert float(opened.probability) < float(census.probability) == 1.0
    assert [each["action"] for each in opened.advice] == ["more-answers"]
