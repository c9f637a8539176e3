"""Normalisers against values worked out by hand."""

import numpy as np
import pytest

from scoring.kernel import SHARE, TIER, attainment, baseline, goalposts, lateness, over_attained

NAN = float("nan")


def one(value: float) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    return np.array([value])


@pytest.mark.parametrize(
    ("x", "target", "zero_at", "higher", "score"),
    [
        (45, 90, NAN, True, 50),
        (90, 90, NAN, True, 100),
        (300, 90, NAN, True, 100),
        (-5, 90, NAN, True, 0),
        (0, 0, NAN, True, 100),
        (-1, 0, NAN, True, 0),
        (5, -10, NAN, True, 100),
        (10, 10, 20, False, 100),
        (3, 10, 20, False, 100),
        (15, 10, 20, False, 50),
        (25, 10, 20, False, 0),
        (0, 0, 0, False, 100),
        (1, 0, 0, False, 0),
        (1, 0, 4, False, 75),
        (11, 10, 10, False, 0),
    ],
)
def test_attainment(x: float, target: float, zero_at: float, higher: bool, score: float) -> None:
    both = np.array([higher, not higher])  # a batch of both directions takes the longer way
    value = attainment(one(x), one(target), zero_at=one(zero_at), higher=np.array([higher]))
    batch = attainment(np.full(2, x), np.full(2, target), zero_at=np.full(2, zero_at), higher=both)
    assert value[0] == batch[0] == pytest.approx(score)


def test_over_attainment_is_flagged_above_130_per_cent() -> None:
    x, target = np.array([117.0, 117.1, 117.1, 1.0]), np.array([90.0, 90.0, 90.0, 0.0])
    higher = np.array([True, True, False, True])
    flags = over_attained(x, target, higher=higher, ratio=np.full(4, 1.3))
    assert flags.tolist() == [False, True, False, False]


def test_goalposts_and_what_is_written_as_goalposts() -> None:
    def posts(x: float, pair: tuple[float, float]) -> float:
        return float(goalposts(one(x), lower=one(pair[0]), upper=one(pair[1]))[0])

    assert [posts(x, (0, 3)) for x in (-1, 0, 1, 3, 5)] == pytest.approx([0, 0, 100 / 3, 100, 100])
    assert [posts(x, (20, 10)) for x in (25, 15, 5)] == pytest.approx([0, 50, 100])
    assert [posts(x, lateness(90)) for x in (-3, 0, 9, 90, 200)] == pytest.approx([100, 100, 90, 0, 0])
    assert [posts(x, SHARE) for x in (-0.2, 0.873, 1.4)] == pytest.approx([0, 87.3, 100])
    assert [posts(x, TIER) for x in (30, 70, 90)] == [30, 70, 90]


@pytest.mark.parametrize(
    ("x", "before", "scale", "higher", "level", "score"),
    [
        (80, 60, 20, True, 88.9, 100),  # the target's whole way gained
        (60, 60, 20, True, 66.7, 66.7),  # as before: 50, the level is better
        (65, 60, 20, True, 40, 62.5),
        (50, 60, 20, True, 20, 25),
        (20, 60, 20, True, 10, 10),  # -40 is clipped to -20: 0, the level is better
        (95, 95, 0, True, 100, 100),  # an excellent level held
        (96, 95, 0, True, 90, 100),
        (94, 95, 0, True, 40, 40),
        (30, 40, 20, False, 60, 75),
        (70, NAN, NAN, True, 77, 77),  # a first contract
    ],
)
def test_baseline_takes_the_better_of_level_and_change(  # noqa: PLR0917
    x: float, before: float, scale: float, higher: bool, level: float, score: float
) -> None:
    value = baseline(one(x), one(before), scale=one(scale), higher=np.array([higher]), level=one(level))
    assert value[0] == pytest.approx(score)
