"""A round's grades seen by the many-facet Rasch model: a second opinion on severity that no score rests on."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from scoring.calibrations.computation import Value, grade_of
from scoring.calibrations.models import CalibratedValue
from scoring.kernel.raters.facets import Facets, NotEstimableError, fit_facets, separation

__all__ = ["facets_of"]

GRADES = ("poor", "fair", "good", "excellent")


def facets_of(values: Sequence[CalibratedValue] | Sequence[Value], *, reason: str | None) -> dict[str, Any]:
    """Severities and criteria in logits, from the grade (财预〔2020〕10号) of each mark that the round took in.

    `reason` says why severity cannot be told from the cases at all (the round's own refusal); then nothing is
    estimated. The same where the grades do not determine the model.
    """
    rows = [
        (str(value.contract_id), value.criterion, evaluator, grade_of(float(mark["mark"])))
        for value in values
        for evaluator, mark in value.marks.items()
        if mark["mark"] is not None
    ]
    if reason is None and not rows:
        reason = "The round has no marks yet: close it first."
    if reason is not None:
        return _nothing(reason, len(rows))
    units, criteria, evaluators, grades = (sorted(set(each)) for each in zip(*rows, strict=True))
    places = [{each: number for number, each in enumerate(names)} for names in (units, criteria, evaluators, grades)]
    coded = np.array([[place[each] for place, each in zip(places, row, strict=True)] for row in rows], np.intp)
    try:
        found = fit_facets(*coded.T)
    except NotEstimableError as error:
        who = ""
        if error.facet is not None and error.place is not None:
            who = f"{error.facet} {(criteria if error.facet == 'criterion' else evaluators)[error.place]}: "
        return _nothing(f"{who}{error}", len(rows))
    return _told(found, criteria, evaluators, [GRADES[each] for each in grades], len(rows))


def _nothing(reason: str, marks: int) -> dict[str, Any]:
    return {
        "estimable": False,
        "reason": reason,
        "marks": marks,
        "grades": [],
        "steps": [],
        "criteria": {},
        "evaluators": {},
        "variance": None,
        "deviance": None,
        "reliability": None,
        "evaluator_strata": None,
    }


def _told(
    found: Facets, criteria: Sequence[str], evaluators: Sequence[str], grades: Sequence[str], marks: int
) -> dict[str, Any]:
    return {
        "estimable": True,
        "reason": None,
        "marks": marks,
        "grades": list(grades),
        "steps": [_six(each) for each in found.step],
        "criteria": {
            name: {"difficulty": _six(found.criterion[at]), "se": _six(found.criterion_se[at])}
            for at, name in enumerate(criteria)
        },
        "evaluators": {
            name: {
                "severity": _six(found.rater[at]),
                "se": _six(found.rater_se[at]),
                "infit": _six(found.rater_infit[at]),
                "outfit": _six(found.rater_outfit[at]),
            }
            for at, name in enumerate(evaluators)
        },
        "variance": _six(found.variance),
        "deviance": _six(found.deviance),
        "reliability": _six(found.reliability),
        "evaluator_strata": _six(separation(found.rater, found.rater_se)[2]),
    }


def _six(value: float) -> str:
    return f"{value:.6f}"
