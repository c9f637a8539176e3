"""How many evaluators are needed: the decision study on the marks of an evaluation."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from scoring.evaluations.errors import EvaluationStateRefused
from scoring.evaluations.queries import Marks
from scoring.evaluations.schemas import DStudyOut
from scoring.kernel.raters import gstudy
from scoring.kernel.raters.crossed import fit_variances

__all__ = ["d_study"]

UP_TO = 10


def d_study(marks: Marks, *, form: Mapping[str, Any], wanted: float) -> list[DStudyOut]:
    """Evaluators per case for a wanted reliability, per criterion and for the total where the form has weights.

    The variances are estimated by REML from the crossed model (cases x evaluators, unbalanced). Raw means need
    k = phi/(1 - phi) (s_r^2 + s_e^2)/s_u^2 evaluators, calibrated ones leave the severity out (Shavelson & Webb 1991).

    Raises:
        EvaluationStateRefused: the marks are too few or do not vary.
    """
    columns = {
        criterion["code"]: _of(marks, criterion["code"])
        for criterion in form["criteria"]
        if criterion["code"] in marks.criterion
    }
    if all(criterion["weight"] for criterion in form["criteria"]) and len(columns) > 1:
        columns["total"] = _total(marks, {each["code"]: each["weight"] for each in form["criteria"]})
    return [_study(criterion, column, wanted) for criterion, column in columns.items()]


Column = tuple[list[Any], list[Any], NDArray[np.float64]]


def _of(marks: Marks, criterion: str) -> Column:
    rows = [row for row, each in enumerate(marks.criterion) if each == criterion]
    return [marks.unit[row] for row in rows], [marks.rater[row] for row in rows], marks.mark[rows]


def _total(marks: Marks, weights: Mapping[str, float]) -> Column:
    points: dict[tuple[Any, Any], float] = {}
    weighed: dict[tuple[Any, Any], float] = {}
    for unit, rater, criterion, mark in zip(marks.unit, marks.rater, marks.criterion, marks.mark, strict=True):
        points[unit, rater] = points.get((unit, rater), 0.0) + weights[criterion] * float(mark)
        weighed[unit, rater] = weighed.get((unit, rater), 0.0) + weights[criterion]
    totals = np.array([points[each] / weighed[each] for each in points])
    return [unit for unit, _ in points], [rater for _, rater in points], totals


def _study(criterion: str, column: Column, wanted: float) -> DStudyOut:
    units, raters, mark = column
    try:
        found = fit_variances(_codes(units), _codes(raters), mark)
    except ValueError as error:
        raise EvaluationStateRefused(
            f"The marks of {criterion} are too few for three variances: some cases need two evaluators, and some "
            "evaluators two cases."
        ) from error
    parts = gstudy.Components(unit=found.unit, rater=found.rater, residual=found.residual)
    needed = [gstudy.raters_needed(parts, wanted=wanted, calibrated=calibrated) for calibrated in (False, True)]
    return DStudyOut(
        criterion=criterion,
        wanted=wanted,
        marks=len(mark),
        variance_case=parts.unit,
        variance_severity=parts.rater,
        variance_residual=parts.residual,
        dependability={str(k): gstudy.dependability(parts, raters=k) for k in range(1, UP_TO + 1)},
        generalisability={str(k): gstudy.generalisability(parts, raters=k) for k in range(1, UP_TO + 1)},
        raters_raw=gstudy.whole_raters(needed[0]),
        raters_calibrated=gstudy.whole_raters(needed[1]),
    )


def _codes(ids: Sequence[Any]) -> NDArray[np.intp]:
    return np.unique([str(each) for each in ids], return_inverse=True)[1].astype(np.intp)
