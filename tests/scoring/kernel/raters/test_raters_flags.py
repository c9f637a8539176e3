"""Flags find what was planted in simulated marks, and hardly ever anything else."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pytest
from numpy.typing import NDArray
from tests.scoring.kernel.raters.simulations import balanced

from scoring.kernel.raters.fair import calibrate
from scoring.kernel.raters.flags import Flag, Ratings, Rules, benjamini_hochberg, flags_of, ratings_of
from scoring.kernel.raters.pairs import copying, favouritism, halo, poisson_binomial_tail

Array = NDArray[np.float64]
Index = NDArray[np.intp]
RULES = Rules()


@dataclass
class Planted:
    """Simulated marks of three criteria, before they are rounded."""

    random: np.random.Generator
    unit: Index
    rater: Index
    order: Index
    party: Index
    marks: list[Array]

    @property
    def own(self) -> NDArray[np.bool_]:
        found: NDArray[np.bool_] = self.rater == 0
        return found


def simulated(seed: int, plant: Callable[[Planted], None] | None = None) -> tuple[list[Ratings], Index]:
    random = np.random.default_rng(seed)
    unit, rater = balanced(random, cases=240, raters=24, each=2)
    truth, severity = random.normal(75, 9, 240), random.normal(0, 2, 24)
    order = np.empty(480, np.intp)
    for one in range(24):
        own = np.flatnonzero(rater == one)
        order[own] = random.permutation(len(own))
    marks = [
        truth[unit] + random.normal(0, 4, 240)[unit] + severity[rater] + random.normal(0, 4, 480) for _ in range(3)
    ]
    planted = Planted(random, unit, rater, order, random.integers(0, 20, 240), marks)
    if plant is not None:
        plant(planted)
    found = []
    for raw in planted.marks:
        mark = np.clip(np.round(raw), 0, 100)
        done = calibrate(unit, planted.rater, mark)
        found.append(ratings_of(unit, planted.rater, mark, order=order, calibration=done))
    return found, planted.party


def all_flags(ratings: list[Ratings], party: Index) -> list[Flag]:
    return [
        *flags_of(ratings[0], rules=RULES),
        *favouritism(ratings[0], party, rules=RULES),
        *copying(ratings, rules=RULES),
        *halo(ratings, rules=RULES),
    ]


def test_honest_pools_raise_hardly_a_flag() -> None:
    raised = Counter(flag.kind for seed in range(6) for flag in all_flags(*simulated(seed)))
    assert sum(count for kind, count in raised.items() if kind != "severity") <= 2
    assert (
        raised["severity"] <= 6 * 24 * 0.03
    )  # a severity of more than 5 points is there, at a standard deviation of 2


def severe(planted: Planted) -> None:
    for mark in planted.marks:
        mark[planted.own] -= 12


def scattered(planted: Planted) -> None:
    for mark in planted.marks:
        mark[planted.own] += planted.random.normal(0, 14, planted.own.sum())


def middling(planted: Planted) -> None:
    for mark in planted.marks:
        mark[planted.own] = 75 + 0.2 * (mark[planted.own] - 75)


def one_impression(planted: Planted) -> None:
    for mark in planted.marks[1:]:
        mark[planted.own] = planted.marks[0][planted.own]


def blind(planted: Planted) -> None:
    for mark in planted.marks:
        mark[planted.own] = planted.random.normal(75, 9, planted.own.sum())


def partial(planted: Planted) -> None:
    planted.party[planted.unit[planted.own][:9]] = 3
    for mark in planted.marks:
        mark[planted.own & (planted.party[planted.unit] == 3)] += 14


def copied(planted: Planted) -> None:
    for case in range(14):
        planted.rater[[2 * case, 2 * case + 1]] = 0, 1
        for mark in planted.marks:
            mark[2 * case + 1] = mark[2 * case]


def wandering(planted: Planted) -> None:
    for mark in planted.marks:
        mark[planted.own] += 1.5 * (planted.order[planted.own] - 10)


@pytest.mark.parametrize(
    ("plant", "kind"),
    [
        (severe, "severity"),
        (scattered, "inconsistency"),
        (middling, "central_tendency"),
        (one_impression, "halo"),
        (blind, "no_discrimination"),
        (partial, "favouritism"),
        (copied, "copying"),
        (wandering, "drift"),
    ],
)
def test_planted_patterns_are_found(plant: Callable[[Planted], None], kind: str) -> None:
    found = []
    for seed in (100, 102):
        raised = all_flags(*simulated(seed, plant))
        found += [flag for flag in raised if flag.kind == kind and flag.rater == 0]
        assert sum(flag.rater != 0 for flag in raised if flag.kind == kind and kind != "severity") <= 1
    assert found
    assert all(flag.p < 0.05 and flag.n >= 4 and flag.units for flag in found)
    if kind == "favouritism":
        assert {flag.other for flag in found} == {3}
        assert all(flag.detail["permutation_p"] <= 0.05 for flag in found)
    if kind == "copying":
        assert {flag.other for flag in found} == {1}
        assert all(flag.detail["identical"] >= 10 > flag.detail["identical_expected"] for flag in found)


def test_few_marks_raise_no_flag() -> None:
    random = np.random.default_rng(1)
    unit, rater = balanced(random, cases=24, raters=12, each=2)
    mark = random.normal(75, 9, 24)[unit] + random.normal(0, 20, 12)[rater]
    done = calibrate(unit, rater, mark)
    assert not flags_of(ratings_of(unit, rater, mark, order=np.arange(48), calibration=done))


def test_benjamini_hochberg_of_the_published_example() -> None:
    """Benjamini & Hochberg 1995, JRSS B 57:289, section 3.2: four of fifteen at q = .05."""
    p = np.array([1, 4, 19, 95, 201, 278, 298, 344, 459, 3240, 4262, 5719, 6528, 7590, 10000]) / 10000
    assert benjamini_hochberg(p, q=0.05).tolist() == [True] * 4 + [False] * 11
    assert benjamini_hochberg(p[::-1], q=0.05).sum() == 4
    assert not benjamini_hochberg(np.zeros(0), q=0.05).size


def test_poisson_binomial() -> None:
    assert poisson_binomial_tail(np.full(10, 0.5), at_least=10) == pytest.approx(0.5**10)
    assert poisson_binomial_tail(np.array([0.1, 0.7]), at_least=1) == pytest.approx(1 - 0.9 * 0.3)
    assert poisson_binomial_tail(np.array([0.1, 0.7]), at_least=0) == 1.0
