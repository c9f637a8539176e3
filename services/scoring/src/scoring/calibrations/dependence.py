"""Would the grade change without one of the evaluators? Asked of the whole score, through its framework.

Each evaluator in turn is left out of every criterion of the contract: the mean of the others' fair marks takes the
place of the rating in the evidence that the score row names, and the score is made again. Severities stay the round's
own, as on an appeal.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from uuid import UUID

import numpy as np
from sqlalchemy.ext.asyncio import AsyncSession

from scoring.calibrations.queries import corrections_of, find_round, values_of
from scoring.frameworks.service import registry
from scoring.kernel.raters.fair import fair_mean
from scoring.scores.queries import items_of
from scoring.scores.recompute import recompute
from shared.auth import SYSTEM
from shared.db import principal_in

__all__ = ["Without", "dependent", "without_evaluators"]


@dataclass(frozen=True, slots=True)
class Without:
    """The score without one evaluator; figures are six-decimal strings."""

    evaluator_id: str
    criteria: tuple[str, ...]
    """What that evaluator had marked."""
    score: str | None
    """None: without that evaluator nothing is left that could be scored."""
    grade: str | None
    grade_upper: str | None
    """The grade if what nobody else has marked were 100; `grade` counts it as missing evidence."""
    difference: str | None
    """Score without the evaluator less the score."""
    changes: bool
    """Whether the grade is another, or could be."""


def dependent(found: Sequence[Without]) -> bool | None:
    """Whether the grade depends on any one evaluator; None where nobody rated the contract."""
    return any(each.changes for each in found) if found else None


async def without_evaluators(
    session: AsyncSession, contract_id: UUID, *, content: Mapping[str, Any], framework_hash: str
) -> list[Without]:
    """A score row's grade without each evaluator whose marks its evidence rests on, by the evaluators' ids.

    The caller has found the row in its scope; a round may belong to a region above.
    """
    items = await items_of(session, content)
    rated = [item for item in items if item[1] == "rating" and item[4]["details"].get("round")]
    if not rated:
        return []
    fair = await _fair_marks(session, contract_id, rated)
    framework = (await registry(session)).by_hash(framework_hash)
    found = []
    for evaluator in sorted({each for marks in fair.values() for each in marks}):
        left = [_left_out(item, fair.get(item[0]), evaluator) for item in items]
        outcome = recompute(content, [item for item in left if item is not None], framework)
        mine = tuple(sorted(item[4]["measure"] for item in rated if evaluator in fair[item[0]]))
        result = None if outcome is None else outcome.result
        found.append(_told(content["result"], result, evaluator=evaluator, criteria=mine))
    return found


async def _fair_marks(
    session: AsyncSession, contract_id: UUID, rated: Sequence[Sequence[Any]]
) -> dict[str, dict[str, float]]:
    """Per item of evidence the fair mark of each evaluator; what an appeal corrected moves it as far."""
    principal = principal_in(session)
    session.info["principal"] = SYSTEM
    try:
        fair: dict[str, dict[str, float]] = {}
        for item in rated:
            found = await find_round(session, UUID(item[4]["details"]["round"]))
            corrected = {}
            if item[4]["details"].get("appeal"):
                corrected = await corrections_of(session, [contract_id], evaluation_ids=found.evaluation_ids)
            criterion = item[4]["measure"]
            values = await values_of(session, round_id=found.id, contract_id=contract_id)
            marks = next(each.marks for each in values if each.criterion == criterion)
            fair[item[0]] = {
                evaluator: float(told["fair"])
                + float(corrected.get((contract_id, UUID(evaluator), criterion), Decimal(told["mark"])))
                - float(told["mark"])
                for evaluator, told in marks.items()
            }
    finally:
        session.info["principal"] = principal
    return fair


def _left_out(item: Sequence[Any], marks: Mapping[str, float] | None, evaluator: str) -> Sequence[Any] | None:
    """The item with the mean of the others' fair marks; None where no other marked it."""
    if marks is None or evaluator not in marks:
        return item
    others = np.array([mark for name, mark in sorted(marks.items()) if name != evaluator])
    if not others.size:
        return None
    value, _ = fair_mean(others, np.zeros(others.size))
    return [*item[:4], dict(item[4]) | {"value": f"{value:.6f}"}]


def _told(
    now: Mapping[str, Any], result: Mapping[str, Any] | None, *, evaluator: str, criteria: tuple[str, ...]
) -> Without:
    if result is None:
        return Without(evaluator, criteria, None, None, None, None, True)
    return Without(
        evaluator_id=evaluator,
        criteria=criteria,
        score=result["score"],
        grade=result["grade"],
        grade_upper=result["grade_upper"],
        difference=f"{Decimal(result['score']) - Decimal(now['score']):+.6f}",
        changes=result["grade"] != now["grade"] or result["grade_upper"] != now["grade_upper"],
    )
