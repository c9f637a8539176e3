"""The gate publish-v1 and how a share is written."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from surveys.kernel.intervals import korn_graubard
from surveys.kernel.publish import PUBLISH_V1, Figures, percent, publish_gate

GOOD: dict[str, Any] = {
    "design": "probability",
    "n": 400,
    "estimate": 0.7,
    "low": 0.65,
    "high": 0.74,
    "n_eff": 380.0,
    "df": 399.0,
    "population": 3000,
    "response_rate": 0.6,
    "weighting": 1.05,
    "r_indicator": 0.9,
}


def judged(**changed: Any) -> tuple[str, tuple[str, ...]]:
    found = publish_gate(Figures(**GOOD | changed))
    return found.status, found.reasons


def test_sound_estimate_is_ok() -> None:
    assert judged() == ("ok", ())
    assert PUBLISH_V1.name == "publish-v1"


@pytest.mark.parametrize(
    ("changed", "status", "reason"),
    [
        ({"n": 9}, "suppressed", "fewer-than-10"),
        ({"population": 9}, "suppressed", "fewer-than-10"),
        ({"estimate": None}, "suppressed", "fewer-than-10"),
        ({"n_eff": 29.9}, "unreliable", "n-eff-below-30"),
        ({"low": 0.5, "high": 0.8}, "unreliable", "interval-0.30-or-wider"),
        ({"estimate": 0.1, "low": 0.05, "high": 0.19}, "unreliable", "interval-wider-than-1.30-of-the-share"),
        ({"low": None, "high": None}, "unreliable", "no-interval"),
        ({"n": 99}, "caution", "n-below-100"),
        ({"response_rate": 0.49}, "caution", "response-below-half"),
        ({"response_rate": None}, "caution", "response-rate-unknown"),
        ({"df": 7.0}, "caution", "df-below-8"),
        ({"weighting": 1.51}, "caution", "weighting-effect-above-1.5"),
        ({"r_indicator": 0.79}, "caution", "r-indicator-below-0.8"),
        ({"tipping_point": 0.62}, "caution", "non-response-can-turn-the-verdict"),
    ],
)
def test_each_test_of_the_gate(changed: dict[str, Any], status: str, reason: str) -> None:
    assert judged(**changed) == (status, (reason,))


@pytest.mark.parametrize(
    "changed",
    [
        {"n": 10, "n_eff": 30.0, "response_rate": 0.5, "df": 8.0, "weighting": 1.5, "r_indicator": 0.8},
        {"estimate": 0.03, "low": 0.01, "high": 0.06},  # wide beside the share, but fine in itself
        {"estimate": 0.0, "low": 0.0, "high": 0.06},  # nothing to be relative to
        {"tipping_point": 0.55},
        {"tipping_point": -0.1},
        {"estimate": 0.1, "low": 0.05, "high": 0.19, "measure": "index"},
        {"population": None, "r_indicator": None, "df": None, "n_eff": None},
    ],
)
def test_limits_themselves_pass(changed: dict[str, Any]) -> None:
    assert judged(**changed)[0] == ("caution" if changed.get("n") == 10 else "ok")


def test_earlier_tests_decide() -> None:
    assert judged(n=5, n_eff=5.0, low=0.0, high=1.0) == ("suppressed", ("fewer-than-10",))
    assert judged(n=50, n_eff=20.0, low=0.4, high=0.9)[1] == ("n-eff-below-30", "interval-0.30-or-wider")


def test_open_link_is_shown_with_its_reason_and_without_interval() -> None:
    bare = {"design": "open_link", "low": None, "high": None, "response_rate": None, "r_indicator": None, "df": None}
    assert judged(**bare) == ("caution", ("open-link",))
    assert judged(**bare | {"n": 20, "n_eff": 20.0}) == ("unreliable", ("n-eff-below-30",))


def test_who_sees_what() -> None:
    for status, changed in (
        ("ok", {}),
        ("caution", {"n": 50}),
        ("unreliable", {"n_eff": 3.0}),
        ("suppressed", {"n": 1}),
    ):
        found = publish_gate(Figures(**GOOD | changed))
        assert (found.status, found.public) == (status, status in ("ok", "caution"))


def test_all_and_nobody_are_written_as_limits() -> None:
    everybody = korn_graubard(1.0, 0.0, n=60, df=59, level=0.95, cap=True)
    assert percent(1.0, low=everybody.low, high=everybody.high) == "> 94 %"
    nobody = korn_graubard(0.0, 0.0, n=60, df=59, level=0.95, cap=True)
    assert percent(0.0, low=nobody.low, high=nobody.high) == "< 6 %"
    assert percent(0.0) == "< 1 %"
    assert percent(1.0) == "> 99 %"
    assert percent(0.996, low=0.99, high=1.0) == "> 99 %"
    assert percent(0.447) == "45 %"


@given(st.floats(0, 1), st.floats(0, 1), st.floats(0, 1))
def test_no_share_is_written_as_all_or_nobody(estimate: float, one: float, other: float) -> None:
    low, high = sorted((one, other))
    assert percent(estimate, low=low, high=high) not in ("0 %", "100 %", "< 0 %", "> 100 %")
