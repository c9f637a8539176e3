"""What closing a round finds, on simulated marks and without a database."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import numpy as np
import pytest
from numpy.typing import NDArray
from tests.scoring.kernel.raters.simulations import balanced

from scoring.calibrations.columns import columns_of, marks_hash
from scoring.calibrations.computation import Found, compute
from scoring.calibrations.facets import facets_of
from scoring.calibrations.refusal import refusal_text
from scoring.calibrations.service.open import _common_region
from scoring.evaluations.queries import Marks

CRITERIA = ("management", "openness")


def ident(kind: int, number: int) -> UUID:
    return UUID(int=(kind << 64) + int(number))


def marks_of(
    unit: NDArray[np.intp],
    rater: NDArray[np.intp],
    mark: NDArray[np.float64],
    *,
    regions: list[str],
    random: bool = True,
) -> Marks:
    """Marks (rows x criteria) as the evaluations slice hands them over."""
    rows = [(row, place) for row in range(len(unit)) for place in range(mark.shape[1])]
    return Marks(
        unit=[ident(5, unit[row]) for row, _ in rows],
        contract=[ident(1, unit[row]) for row, _ in rows],
        evaluation=[ident(6, 0) for _ in rows],
        rater=[ident(7, rater[row]) for row, _ in rows],
        criterion=[CRITERIA[place] for _, place in rows],
        mark=np.array([mark[row, place] for row, place in rows]),
        midpoint=np.zeros(len(rows), np.bool_),
        provider=[ident(4, unit[row] % 7) for row, _ in rows],
        purchaser=[None for _ in rows],
        region=[regions[unit[row]] for row, _ in rows],
        category=["A05" for _ in rows],
        order=np.array([row for row, _ in rows], np.int64),
        anchor=np.zeros(len(rows), np.bool_),
        drawn_at_random=np.full(len(rows), random),
        submitted_at=[datetime(2026, 5, 1, tzinfo=UTC) for _ in rows],
    )


def simulated(*, local: bool = False, random: bool = True, cases: int = 60) -> Marks:
    drawn = np.random.default_rng(2)
    unit, rater = balanced(drawn, cases=cases, raters=8, each=2)
    if local:
        rater = np.where(unit % 2, rater % 4, 4 + rater % 4)
        again = rater[::2] == rater[1::2]
        rater[1::2][again] = np.where(
            unit[1::2][again] % 2, (rater[1::2][again] + 1) % 4, 4 + (rater[1::2][again] - 3) % 4
        )
    truth, severity = drawn.normal(75, 9, cases), drawn.normal(0, 6, 8)
    mark = truth[unit, None] + severity[rater, None] + drawn.normal(0, 3, (len(unit), 2))
    regions = [f"CN-2301{case % 2:02}" for case in range(cases)]
    return marks_of(unit, rater, np.clip(mark.round(), 0, 100), regions=regions, random=random)


def found_in(marks: Marks, *, level: str = "criterion", **prior: Any) -> Found:
    columns, whole = columns_of(marks, weights={"management": 60.0, "openness": 40.0})
    return compute(columns, whole, level=level, prior=prior, seed=1)


def test_total_is_the_weighted_mean_of_the_criteria() -> None:
    marks = simulated()
    columns, whole = columns_of(marks, weights={"management": 60.0, "openness": 40.0})
    assert [each.criterion for each in columns] == list(CRITERIA)
    assert len(whole.mark) == len(columns[0].mark)
    row = 5
    own = (columns[0].unit == whole.unit[row]) & (columns[0].rater == whole.rater[row])
    expected = 0.6 * columns[0].mark[own] + 0.4 * columns[1].mark[own]
    assert whole.mark[row] == pytest.approx(float(expected[0]))
    assert whole.random
    found = found_in(marks, level="total")
    assert {value.criterion for value in found.values} == {"total"}
    assert found.offered


def test_values_stand_side_by_side_and_repeat() -> None:
    marks = simulated()
    found = found_in(marks)
    assert found.offered
    assert found.usable
    assert len(found.values) == 120
    assert found == found_in(marks)
    for value in found.values:
        assert value.fair is not None
        assert value.shrunk is not None
        assert value.basis == "fair"
        assert 0 < value.se < 8
        assert len(value.marks) == value.ratings == 2
    assert any(value.evaluator_dependent for value in found.values)
    dependent = {value.contract_id for value in found.values if value.evaluator_dependent}
    for contract_id in dependent:  # of a contract all criteria say the same
        assert all(value.evaluator_dependent for value in found.values if value.contract_id == contract_id)
    told = found.criteria["management"]
    assert float(told["variances"]["severity"]) > 0
    assert float(told["icc"]["consistency_mean"]) > float(told["icc"]["agreement_single"])
    assert float(told["raters_needed"]["calibrated"]) < float(told["raters_needed"]["raw"])
    assert -1 <= float(told["ac2_grades"]) <= 1


def test_the_grades_alone_tell_the_same_evaluators_apart() -> None:
    found = found_in(simulated(cases=200))
    told = facets_of(found.values, reason=None)
    assert (told["estimable"], told["marks"], told["grades"][0]) == (
        True,
        sum(each.ratings for each in found.values),
        "poor",
    )
    severities = found.criteria["management"]["severities"]
    assert set(told["evaluators"]) == set(severities)
    # More points are milder marks, more logits more severe ones.
    points, logits = zip(
        *((float(severities[each]["points"]), float(of["severity"])) for each, of in told["evaluators"].items()),
        strict=True,
    )
    assert np.corrcoef(points, logits)[0, 1] < -0.9
    refused = facets_of(found.values, reason="in two parts")
    assert (refused["estimable"], refused["reason"], refused["evaluators"]) == (False, "in two parts", {})
    alike = [replace(each, marks={"mild": {"mark": "95"}, "other": {"mark": "70"}}) for each in found.values]
    assert facets_of(alike, reason=None)["reason"].startswith("rater mild: ")


def test_the_order_of_the_marks_changes_nothing() -> None:
    marks = simulated()
    order = np.random.default_rng(1).permutation(len(marks.unit))
    columns: dict[str, Any] = {
        name: value[order] if isinstance(value, np.ndarray) else [value[row] for row in order]
        for name, value in ((name, getattr(marks, name)) for name in Marks.__dataclass_fields__)
    }
    shuffled = Marks(**columns)
    assert marks_hash(shuffled) == marks_hash(marks)
    one, other = found_in(marks), found_in(shuffled)
    assert [(value.contract_id, value.criterion) for value in one.values] == [
        (value.contract_id, value.criterion) for value in other.values
    ]
    assert [value.fair for value in one.values] == pytest.approx([value.fair for value in other.values], abs=1e-4)


def test_disconnected_rounds_are_refused_with_their_parts() -> None:
    found = found_in(simulated(local=True))
    assert (found.offered, found.reason, len(found.parts)) == (False, "disconnected", 2)
    assert {len(part["evaluators"]) for part in found.parts} == {4}
    text = refusal_text(found)
    assert "2 parts" in text
    assert found.parts[0]["evaluators"][0] in text
    for value in found.values:
        assert (value.basis, value.fair, value.shrunk) == ("raw", None, None)
        assert value.se > 2
    assert found.decisive == min(float(found.criteria[each]["alpha_raw"]["value"]) for each in CRITERIA)


def test_assignment_that_was_not_random_needs_links() -> None:
    found = found_in(simulated(random=False))
    told = found.criteria["management"]
    assert found.offered
    assert told["contrasts"][0]["between"] == ["CN-230100", "CN-230101"]
    assert float(told["contrasts"][0]["se"]) <= 2
    marks = simulated(random=False)
    few = replace(
        marks, region=[f"CN-2301{number % 30:02}" for number in (int(each) & 0xFFFF for each in marks.contract)]
    )
    refused = found_in(few)
    assert not refused.offered
    assert "not left to chance" in refusal_text(refused)


def test_severities_are_carried_on() -> None:
    first = found_in(simulated())
    severities = {name: told["severities"] for name, told in first.criteria.items()}
    small = simulated(cases=12)
    plain, told = found_in(small), found_in(small, **severities)
    truth = np.array([float(each["points"]) for each in severities["management"].values()])

    def distance(found: Found) -> float:
        own = found.criteria["management"]["severities"]
        return float(np.abs(np.array([float(each["points"]) for each in own.values()]) - truth).mean())

    assert distance(told) < distance(plain)


def test_one_mark_each_says_nothing_of_its_error() -> None:
    unit = rater = np.arange(3)
    found = found_in(marks_of(unit, rater, np.array([[80.0, 70.0]] * 3), regions=["CN-23"] * 3))
    assert not found.offered
    assert not found.usable
    assert {value.ratings for value in found.values} == {1}
    assert all(value.se == pytest.approx(100 / np.sqrt(12)) for value in found.values)
    assert {value.df for value in found.values} == {None}
    assert not found.flags
    # Marks that differ say how far a mark may be off, as well as so few can.
    told = found_in(marks_of(unit, rater, np.array([[80.0, 70.0], [60.0, 65.0], [70.0, 90.0]]), regions=["CN-23"] * 3))
    assert [value.se for value in told.values[:3]] == pytest.approx([10.0] * 3)
    assert {value.df for value in told.values} == {2.0}


@pytest.mark.parametrize(
    ("regions", "common"),
    [
        (["CN-230102", "CN-230102"], "CN-230102"),
        (["CN-230102", "CN-230103"], "CN-230100"),
        (["CN-230102", "CN-231000"], "CN-230000"),
        (["CN-230000", "CN-230102"], "CN-230000"),
        (["CN-230102", "CN-310100"], "CN"),
        (["XK-a", "XK-b"], "XK"),
        (["CN-230102", "XK-a"], "*"),
    ],
)
def test_a_round_belongs_to_the_smallest_common_region(regions: list[str], common: str) -> None:
    assert _common_region(regions) == common


def test_no_judgement_is_exact_even_where_all_judge_alike() -> None:
    """Marks that are all the same leave nothing over; a standard error of 0 is for counts that a ledger shows."""
    unit, rater = np.repeat(np.arange(4), 3), np.tile(np.arange(3), 4)
    for mark in (np.full((12, 2), 100.0), np.stack([70.0 + 5.0 * unit, 60.0 + 5.0 * unit], axis=1)):
        found = found_in(marks_of(unit, rater, mark, regions=["CN-230102"] * 4))
        assert found.usable
        assert min(each.se for each in found.values) == pytest.approx((1 / 12 / 3) ** 0.5)
