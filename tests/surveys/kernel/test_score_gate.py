"""The gate score-v1 and the estimates that pass through it."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from surveys.kernel.estimates import ItemEstimate, Plan, item_estimates
from surveys.kernel.gate import Verdict, score_gate, takes_bounds
from surveys.kernel.intervals import korn_graubard


def estimates(values: list[int], plan: Plan, strata: list[int] | None = None) -> tuple[ItemEstimate, ItemEstimate]:
    y = np.array(values, dtype=np.float64)
    codes = np.zeros(y.size, dtype=np.int64) if strata is None else np.array(strata, dtype=np.int64)
    top2, index = item_estimates(y, codes, plan)
    return top2, index


plans = st.one_of(
    st.builds(Plan, design=st.just("census"), population=st.one_of(st.none(), st.integers(1, 600))),
    st.builds(
        Plan,
        design=st.just("probability"),
        population=st.one_of(st.none(), st.integers(10, 5000)),
        invited=st.one_of(st.none(), st.integers(10, 2000)),
    ),
    st.builds(Plan, design=st.just("open_link"), population=st.just(None)),
)


@given(st.lists(st.integers(1, 5), min_size=1, max_size=300), plans)
def test_verdict_is_the_same_for_the_mirrored_answers(values: list[int], plan: Plan) -> None:
    for one, other in zip(estimates(values, plan), estimates([6 - v for v in values], plan), strict=True):
        assert one.n == other.n
        if one.measure == "index100":
            assert (one.status, one.reasons, one.method) == (other.status, other.reasons, other.method)
    # The mirror image of the top-2 share is the share of the dissatisfied, so the rule is tested on two-valued answers.
    two = [5 if v >= 4 else 1 for v in values]
    for one, other in zip(estimates(two, plan), estimates([6 - v for v in two], plan), strict=True):
        assert (one.status, one.reasons, one.method) == (other.status, other.reasons, other.method)
        if one.estimate is not None and other.estimate is not None:
            scale = 1.0 if one.measure == "top2" else 100.0
            assert one.estimate == pytest.approx(scale - other.estimate, abs=1e-9)


@given(
    st.sampled_from(["census", "probability", "open_link"]),
    st.integers(0, 9),
    st.one_of(st.none(), st.integers(1, 500)),
)
def test_fewer_than_ten_answers_are_suppressed(design: str, n: int, population: int | None) -> None:
    verdict = score_gate(design=design, n=n, width=0.01, population=population, invited=population)  # type: ignore[arg-type]
    assert verdict.status == "suppressed"


def test_suppressed_estimate_tells_neither_value_nor_count() -> None:
    for found in estimates([5] * 9, Plan(design="census", population=12)):
        assert (found.status, found.estimate, found.n, found.se, found.interval) == (
            "suppressed",
            None,
            None,
            None,
            None,
        )
        assert found.reasons == ("fewer-than-10",)


def test_frame_below_ten_is_suppressed_whatever_came() -> None:
    assert {found.status for found in estimates([5] * 40, Plan(design="census", population=9))} == {"suppressed"}


def test_open_link_has_no_interval_and_is_never_ok() -> None:
    for found in estimates([4, 5] * 500, Plan(design="open_link")):
        assert found.estimate is not None
        assert (found.interval, found.se, found.df, found.method) == (None, None, None, None)
        assert (found.status, found.reasons) == ("caution", ("open-link",))
    assert {found.status for found in estimates([4, 5] * 10, Plan(design="open_link"))} == {"unreliable"}


def test_ten_and_ninety_per_cent_get_the_same_verdict() -> None:
    """The relative rule of the statistical offices hides the first and shows the second."""
    plan = Plan(design="probability", population=10_000, invited=125)
    low = estimates([5] * 12 + [1] * 108, plan)[0]
    high = estimates([5] * 108 + [1] * 12, plan)[0]
    assert low.estimate == pytest.approx(0.1)
    assert low.status == high.status == "ok"


def test_small_census_goes_in_with_bounds_of_its_population() -> None:
    top2, index = estimates([5] * 14 + [2] * 4, Plan(design="census", population=20))
    assert top2.method == index.method == "bounds"
    assert top2.interval is not None
    assert [top2.interval.low, top2.interval.high] == pytest.approx([14 / 20, 16 / 20])
    assert (top2.se, top2.df) == (None, None)
    assert top2.status == "ok"
    complete = estimates([5] * 14 + [2] * 6, Plan(design="census", population=20))[0]
    assert complete.interval is not None
    assert complete.interval.width == pytest.approx(0.0)
    cautious = estimates([5] * 14 + [2] * 2, Plan(design="census", population=20))[0]
    assert (cautious.status, cautious.reasons) == ("caution", ("bounds-wider-than-0.10",))


def test_small_census_with_many_silent_is_unreliable() -> None:
    top2 = estimates([5] * 12, Plan(design="census", population=20))[0]
    assert top2.status == "unreliable"
    assert "n-below-30" in top2.reasons


def test_more_answers_than_recipients_are_unreliable() -> None:
    top2 = estimates([5, 4] * 60, Plan(design="census", population=100))[0]
    assert top2.status == "unreliable"
    assert "more-answers-than-recipients" in top2.reasons
    assert not takes_bounds(design="census", n=120, population=100)


def test_low_response_and_unknown_frame_are_cautions() -> None:
    low = estimates([5, 4, 2, 3] * 50, Plan(design="census", population=1000))[0]
    assert (low.status, low.reasons) == ("caution", ("response-below-half", "non-response-exceeds-interval"))
    unknown = estimates([5, 4, 2, 3] * 50, Plan(design="census"))[0]
    assert (unknown.status, unknown.reasons) == ("caution", ("response-rate-unknown",))
    enough = estimates([5, 4, 2, 3] * 50, Plan(design="census", population=220))[0]
    assert (enough.status, enough.method) == ("ok", "korn-graubard")


def test_simple_random_sample_uses_wilson_with_the_finite_population() -> None:
    plan = Plan(design="probability", population=400, invited=220)
    top2, index = estimates([5] * 150 + [1] * 50, plan)
    assert top2.method == "wilson"
    assert index.method == "t"
    infinite = estimates([5] * 150 + [1] * 50, Plan(design="probability", invited=220))[0]
    assert infinite.method == "korn-graubard"
    assert top2.interval is not None
    assert infinite.interval is not None
    assert top2.interval.width < infinite.interval.width


def test_stratified_sample_is_weighted_back_to_the_population() -> None:
    plan = Plan(design="probability", population=1000, invited=220, stratum_population=(900, 100))
    values = [5] * 100 + [1] * 100
    top2 = estimates(values, plan, [0] * 100 + [1] * 100)[0]
    assert top2.estimate == pytest.approx(0.9)
    assert top2.status == "caution"
    assert "weighting-effect-above-1.5" in top2.reasons
    extreme = Plan(design="probability", population=10_100, invited=220, stratum_population=(10_000, 100))
    found = estimates([5, 1] * 10 + [5, 1] * 90, extreme, [0] * 20 + [1] * 180)[0]
    assert found.status == "unreliable"
    assert "weighting-effect-above-3" in found.reasons


def test_stratum_without_answers_makes_the_estimate_unreliable() -> None:
    plan = Plan(design="probability", population=300, invited=220, stratum_population=(100, 100, 100))
    top2 = estimates([5, 1] * 100, plan, [0] * 100 + [1] * 100)[0]
    assert top2.status == "unreliable"
    assert top2.reasons[0] == "no-answers-in-stratum-2"


def test_lonely_stratum_is_collapsed_and_told() -> None:
    plan = Plan(design="probability", population=210, invited=210, stratum_population=(100, 100, 10))
    top2 = estimates([5, 1] * 80 + [5], plan, [0] * 80 + [1] * 80 + [2])[0]
    assert top2.reasons[-1] == "stratum-2-collapsed"
    assert top2.se is not None
    assert top2.se > 0


def test_equal_answers_have_no_spread_but_an_interval() -> None:
    index = estimates([5] * 40, Plan(design="census", population=400))[1]
    assert index.estimate == 100
    assert index.method == "korn-graubard"
    assert index.interval is not None
    assert 85 < index.interval.low < 100
    assert index.interval.high == 100


def test_interval_that_is_short_beside_the_silent_is_a_caution() -> None:
    """A bias of 0.15 (1 - RR) against an interval of width w covers less than 90 % from 0.1664 w on."""

    def verdict(n: int, width: float) -> tuple[str, tuple[str, ...]]:
        found = score_gate(design="census", n=n, width=width, population=1000, invited=1000)
        return found.status, found.reasons

    assert verdict(800, 0.19) == ("ok", ())
    assert verdict(800, 0.17) == ("caution", ("non-response-exceeds-interval",))
    assert verdict(990, 0.01) == ("ok", ())


def test_supervised_wave_alone_makes_no_score() -> None:
    kept = score_gate(design="census", n=500, width=0.08, population=510, invited=510)
    supervised = score_gate(design="census", n=500, width=0.08, population=510, invited=510, supervised=True)
    assert (kept.status, supervised.status) == ("ok", "unreliable")
    assert supervised.reasons == ("provider-supervised-alone",)
    by_link = score_gate(design="open_link", n=500, width=None, population=None, invited=None, supervised=True)
    assert by_link.status == "unreliable"


def test_cautions_from_elsewhere_are_told() -> None:
    def verdict(**given: object) -> tuple[str, tuple[str, ...]]:
        found = score_gate(design="census", n=500, width=0.08, population=510, invited=510, **given)  # type: ignore[arg-type]
        return found.status, found.reasons

    assert verdict(cautions=("frame-gap-audit",)) == ("caution", ("frame-gap-audit",))
    assert verdict(representativity=0.79) == ("caution", ("r-indicator-below-0.8",))
    assert verdict(representativity=0.8) == ("ok", ())
    assert verdict(df=7.0) == ("caution", ("fewer-than-8-degrees-of-freedom",))
    assert verdict(weighting=1.6) == ("caution", ("weighting-effect-above-1.5",))


@given(
    st.sampled_from(["census", "probability", "open_link"]),
    st.integers(10, 400),
    st.floats(0.01, 0.99),
    st.integers(10, 1000),
    st.fixed_dictionaries(
        {"weighting": st.floats(1.0, 4.0), "representativity": st.floats(0.0, 1.0), "supervised": st.booleans()}
    ),
)
def test_gate_is_symmetric_in_p(design: str, n: int, p: float, population: int, others: dict[str, Any]) -> None:
    """Whatever the circumstances: the interval of p and that of 1 - p have one width, and one verdict."""

    def verdict(share: float) -> Verdict:
        interval = korn_graubard(share, share * (1 - share) / n, n=n, df=n - 1)
        return score_gate(
            design=design,  # type: ignore[arg-type]
            n=n,
            width=interval.width,
            population=population,
            invited=population,
            df=n - 1,
            **others,
        )

    assert verdict(p) == verdict(1.0 - p)
