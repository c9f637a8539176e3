"""`submitted_marks`: what calibration rests on."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import select
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.ext.asyncio import AsyncSession

from scoring.evaluations.models import Assignment, Case, Draw, Evaluation, Rating
from scoring.evaluations.queries.paging import beyond_scope
from scoring.evaluations.queries.register import find_form

__all__ = ["Marks", "submitted_marks"]


@dataclass(frozen=True, slots=True)
class Marks:
    """Submitted marks as columns of equal length, one row per mark, in the order of case, evaluator and criterion.

    `unit` is the case (one contract in one evaluation), `mark` is on 0-100: the form's scale stretched to it. `order`
    is the place of the case in the evaluator's random order, from 1. `drawn_at_random` is false where more than
    conflicts of interest and rotation limited the assignment of the case; `midpoint` is true where the evaluator picked
    a tier and no value inside it.
    """

    unit: list[UUID]
    contract: list[UUID]
    evaluation: list[UUID]
    rater: list[UUID]
    criterion: list[str]
    mark: NDArray[np.float64]
    midpoint: NDArray[np.bool_]
    provider: list[UUID | None]
    purchaser: list[UUID | None]
    region: list[str]
    category: list[str | None]
    order: NDArray[np.int64]
    anchor: NDArray[np.bool_]
    drawn_at_random: NDArray[np.bool_]
    submitted_at: list[datetime]


async def submitted_marks(session: AsyncSession, evaluation_ids: Collection[UUID]) -> Marks:
    """The marks of submitted ratings of evaluations that the caller has found, or has a case of; one row per mark.

    Only the last revision of each criterion counts. An evaluation that is still being rated gives what is submitted so
    far: whoever closes a round checks `Evaluation.state == "rated"` first.
    """
    statement = (
        select(Case, Assignment, Rating, Evaluation.form_id, Evaluation.form_version, Draw.random)
        .join(Assignment, Assignment.case_id == Case.id)
        .join(Rating, Rating.assignment_id == Assignment.id)
        .join(Evaluation, Evaluation.id == Case.evaluation_id)
        .join(Draw, Draw.id == Assignment.draw_id)
        .where(Case.evaluation_id.in_(evaluation_ids), Case.state != "cancelled", Assignment.state == "submitted")
        .ext(distinct_on(Case.id, Assignment.evaluator_id, Rating.criterion))
        .order_by(Case.id, Assignment.evaluator_id, Rating.criterion, Rating.revision.desc())
    )
    # An evaluation may be organised by a region above the caller's.
    with beyond_scope(session):
        rows = (await session.execute(statement)).all()
    forms: dict[tuple[str, str], dict[str, tuple[float, float]]] = {}
    for row in rows:
        if (row.form_id, row.form_version) not in forms:
            form = await find_form(session, row.form_id, row.form_version)
            forms[row.form_id, row.form_version] = _scales(form.document)
    marks = np.empty(len(rows))
    for place, row in enumerate(rows):
        low, high = forms[row.form_id, row.form_version][row.Rating.criterion]
        marks[place] = 100.0 * (float(row.Rating.mark) - low) / (high - low)
    return Marks(
        unit=[row.Case.id for row in rows],
        contract=[row.Case.contract_id for row in rows],
        evaluation=[row.Case.evaluation_id for row in rows],
        rater=[row.Assignment.evaluator_id for row in rows],
        criterion=[row.Rating.criterion for row in rows],
        mark=marks,
        midpoint=np.array([row.Rating.midpoint for row in rows], dtype=np.bool_),
        provider=[row.Case.provider_id for row in rows],
        purchaser=[row.Case.purchaser_id for row in rows],
        region=[row.Case.region for row in rows],
        category=[row.Case.service_category for row in rows],
        order=np.array([row.Assignment.position for row in rows], dtype=np.int64),
        anchor=np.array([row.Case.anchor for row in rows], dtype=np.bool_),
        drawn_at_random=np.array([row.random for row in rows], dtype=np.bool_),
        submitted_at=[row.Assignment.submitted_at for row in rows],
    )


def _scales(document: dict[str, Any]) -> dict[str, tuple[float, float]]:
    return {
        each["code"]: (float(each["scale"]["minimum"]), float(each["scale"]["maximum"]))
        for each in document["criteria"]
    }
