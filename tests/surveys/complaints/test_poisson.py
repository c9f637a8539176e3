"""The exact interval of a rate, against chi-square quantiles (R: qchisq(.025, 2 * c) / 2, qchisq(.975, 2 * c + 2) / 2)."""

import pytest
from scipy.stats import chi2, poisson

from surveys.kernel.poisson import poisson_interval


@pytest.mark.parametrize(
    ("count", "low", "high"), [(0, 0.0, 3.688879454), (1, 0.02531780798, 5.571643391), (10, 4.795388696, 18.39035603)]
)
def test_limits_are_those_of_the_chi_square(count: int, low: float, high: float) -> None:
    found = poisson_interval(count, 1.0)
    assert found.low == pytest.approx(low, rel=1e-8)
    assert found.high == pytest.approx(high, rel=1e-8)


@pytest.mark.parametrize("level", [0.8, 0.95, 0.99])
def test_the_limits_leave_half_of_the_rest_on_each_side(level: float) -> None:
    found = poisson_interval(7, 2.5, level=level)
    assert found.low * 2.5 == pytest.approx(float(chi2.ppf((1 - level) / 2, 14)) / 2)
    assert poisson.sf(6, found.low * 2.5) == pytest.approx((1 - level) / 2)
    assert poisson.cdf(7, found.high * 2.5) == pytest.approx((1 - level) / 2)


def test_a_rate_needs_an_exposure() -> None:
    for count, exposure in ((1, 0.0), (1, -1.0), (-1, 1.0)):
        with pytest.raises(ValueError, match="positive exposure"):
            poisson_interval(count, exposure)
