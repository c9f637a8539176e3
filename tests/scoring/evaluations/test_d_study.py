"""How many evaluators are needed, on a published table."""

from datetime import UTC, datetime
from uuid import UUID

import numpy as np
import pytest

from scoring.evaluations.dstudy import d_study
from scoring.evaluations.errors import EvaluationStateRefused
from scoring.evaluations.queries import Marks

# Shrout & Fleiss 1979, Psychological Bulletin 86:420, table 2: six targets by four judges.
TABLE = ((9, 2, 5, 8), (6, 1, 3, 2), (8, 4, 6, 8), (7, 1, 2, 6), (10, 5, 6, 9), (6, 2, 4, 7))


def marks_of(table: tuple[tuple[int, ...], ...], *criteria: str) -> Marks:
    rows = [
        (UUID(int=unit), UUID(int=100 + rater), criterion, float(mark))
        for criterion in criteria
        for unit, row in enumerate(table)
        for rater, mark in enumerate(row)
    ]
    units, raters, names, values = (list(column) for column in zip(*rows, strict=True))
    count = len(rows)
    return Marks(
        unit=units,
        contract=units,
        evaluation=[UUID(int=1)] * count,
        rater=raters,
        criterion=names,
        mark=np.array(values) * 10,
        midpoint=np.zeros(count, dtype=np.bool_),
        provider=[None] * count,
        purchaser=[None] * count,
        region=["CN-230102"] * count,
        category=["A05"] * count,
        order=np.ones(count, dtype=np.int64),
        anchor=np.zeros(count, dtype=np.bool_),
        drawn_at_random=np.ones(count, dtype=np.bool_),
        submitted_at=[datetime(2026, 11, 23, tzinfo=UTC)] * count,
    )


def form(**weights: int | None) -> dict[str, object]:
    return {"criteria": [{"code": code, "weight": weight} for code, weight in weights.items()]}


def test_ten_raw_or_two_calibrated_evaluators() -> None:
    """Reference 2.1 D: Phi = .8 needs 9.8 judges, with severity removed 1.6."""
    (study,) = d_study(marks_of(TABLE, "quality"), form=form(quality=None), wanted=0.8)
    assert (study.raters_raw, study.raters_calibrated, study.marks) == (10, 2, 24)
    # Mean squares of the paper: between 11.24, judges 32.49, error 1.02; in squared tenths here.
    assert study.variance_residual == pytest.approx(102, rel=5e-3)
    assert study.variance_case == pytest.approx(100 * (11.2417 - 1.0194) / 4, rel=1e-3)
    assert study.variance_severity == pytest.approx(100 * (32.4861 - 1.0194) / 6, rel=1e-3)
    # ICC(2,1) = .29 and ICC(3,1) = .71 of the paper are Phi and E rho squared of one judge.
    assert study.dependability["1"] == pytest.approx(0.29, abs=5e-3)
    assert study.generalisability["1"] == pytest.approx(0.71, abs=5e-3)
    assert study.dependability["10"] > 0.8 > study.dependability["9"]


def test_the_total_weighs_the_criteria() -> None:
    studies = d_study(marks_of(TABLE, "quality", "openness"), form=form(quality=70, openness=30), wanted=0.8)
    assert [each.criterion for each in studies] == ["quality", "openness", "total"]
    assert studies[2].variance_case == pytest.approx(studies[0].variance_case, rel=1e-6)


def test_too_few_marks_are_refused() -> None:
    with pytest.raises(EvaluationStateRefused, match="quality"):
        d_study(marks_of(((5, 6),), "quality"), form=form(quality=None), wanted=0.8)
