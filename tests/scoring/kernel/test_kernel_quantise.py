"""Quantising: ties to even in spite of float sums, and parts that add up exactly."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scoring.kernel import MICRO, apportion, grade_index, quantise


@pytest.mark.parametrize(
    ("value", "micro"),
    [
        (0.0000005, 0),
        (0.0000015, 2),
        (0.0000025, 2),
        (79.9999995, 80_000_000),
        (89.9999985, 89_999_998),
        (33.333333333, 33_333_333),
        (100.0, 100_000_000),
    ],
)
def test_ties_go_to_even(value: float, micro: int) -> None:
    assert quantise(np.array([value]))[0] == micro


@given(st.integers(0, 10**9), st.integers(-40, 40))
def test_a_tie_is_seen_through_the_error_of_a_float_sum(halves: int, places: int) -> None:
    exact = Fraction(2 * halves + 1, 2 * 10 * MICRO) * 10  # ends in ...5e-7
    if exact > 100:
        return
    value = float(exact)
    for _ in range(abs(places)):
        value = float(np.nextafter(value, np.inf if places > 0 else 0.0))
    assert quantise(np.array([value]))[0] == round(exact * MICRO)


@given(st.lists(st.floats(0, 5, allow_subnormal=False), min_size=1, max_size=20))
def test_apportioned_parts_add_up_to_the_quantised_sum(parts: list[float]) -> None:
    column = np.array(parts)[:, None]
    total = quantise(np.array([sum(Fraction(part) for part in parts)], dtype=float))
    shares = apportion(column, total)
    assert shares.sum() == total[0]
    assert (np.abs(shares[:, 0] / MICRO - column[:, 0]) <= 1.001e-6).all()
    assert (shares >= 0).all()
    assert all(share == 0 for share, part in zip(shares[:, 0], parts, strict=True) if part == 0)


def test_equal_remainders_go_to_the_earlier_part() -> None:
    shares = apportion(np.full((3, 1), 100 / 3), np.array([100 * MICRO]))
    assert shares[:, 0].tolist() == [33_333_334, 33_333_333, 33_333_333]


def test_grades_include_their_lower_bound() -> None:
    minimums = quantise(np.array([90.0, 80.0, 60.0, 0.0]))
    scores = quantise(np.array([100, 90, 89.9999995, 89.9999994, 80, 79.999999, 60, 59.999999, 0]))
    assert grade_index(scores, minimums).tolist() == [0, 0, 0, 1, 1, 2, 2, 3, 3]
