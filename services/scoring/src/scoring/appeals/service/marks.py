"""Correcting an evaluator's mark on appeal: the value is made anew with the round's own parameters.

Severities are not estimated again: whoever did not appeal keeps the value that it had.
"""

from collections import defaultdict
from collections.abc import Sequence
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from scoring.appeals.case import beyond_scope
from scoring.appeals.models import Appeal
from scoring.appeals.schemas import CorrectionIn, DecisionIn
from scoring.calibrations.queries import find_round, values_of
from scoring.calibrations.schemas import TrialIn
from scoring.calibrations.service import correct_mark, trial_value
from scoring.determinations.queries import find_determination
from scoring.evidence.queries import standing_statement
from scoring.evidence.service import add
from scoring.evidence.statements import Document, Statement
from scoring.frameworks.service import registry
from scoring.scores.queries import retired_framework_of
from scoring.scores.service import score_contracts
from shared import clock
from shared.problems import Unprocessable

__all__ = ["correct_marks"]


async def correct_marks(
    session: AsyncSession, appeal: Appeal, round_id: UUID, decision: DecisionIn
) -> list[dict[str, Any]]:
    """Enter the values that the corrected marks give as evidence that supersedes the round's; score the contract anew.

    Returns what was corrected, for the record. Unprocessable where a correction names no mark of the case.
    """
    with beyond_scope(session):
        values = {
            each.criterion: each for each in await values_of(session, round_id=round_id, contract_id=appeal.contract_id)
        }
        found = await find_round(session, round_id)
    by_criterion: dict[str, list[CorrectionIn]] = defaultdict(list)
    for place, correction in enumerate(decision.corrections):
        value = values.get(correction.criterion)
        if value is None or str(correction.evaluator_id) not in value.marks:
            raise Unprocessable(
                f"Evaluator {correction.evaluator_id} gave no mark on {correction.criterion} in the case.",
                errors=[{"pointer": f"/corrections/{place}", "detail": "names no mark of the case"}],
            )
        by_criterion[correction.criterion].append(correction)
    corrected = []
    for criterion, corrections in sorted(by_criterion.items()):
        value = values[criterion]
        marks = {each.evaluator_id: each.mark for each in corrections}
        with beyond_scope(session):
            trial = await trial_value(
                session, round_id, TrialIn(contract_id=appeal.contract_id, criterion=criterion, marks=marks)
            )
        standing = await standing_statement(
            session, contract_id=appeal.contract_id, kind="rating", measure=criterion, stage=found.stage
        )
        assert found.closed_at is not None  # noqa: S101 - its values entered the evidence
        item_id = await add(
            session,
            contract_id=appeal.contract_id,
            supersedes=standing,
            statement=Statement(
                kind="rating",
                measure=criterion,
                value=Decimal(str(trial.value)),
                dist="t" if value.df is not None else "normal",
                se=value.se,
                df=value.df,
                n=trial.ratings,
                unit="points",
                method=f"marks corrected on appeal, with the parameters of round {round_id}",
                document=Document(decision.document.sha256, decision.document.title),
                stage=found.stage,
                valid_on=clock.day_of(found.closed_at),
                source=f"appeal {appeal.id}, {decision.decision_number}",
                simulated=value.simulated,
                details={
                    "round": str(round_id),
                    "round_sha256": found.sha256,
                    "basis": value.basis,
                    "clipped": trial.clipped,
                    "appeal": str(appeal.id),
                },
            ),
        )
        for each in corrections:
            await correct_mark(
                session,
                round_id,
                contract_id=appeal.contract_id,
                region=appeal.region,
                evaluator_id=each.evaluator_id,
                criterion=criterion,
                mark=each.mark,
                appeal_id=appeal.id,
            )
        corrected += _record(
            corrections, value.marks, trial_before=str(trial.standing), trial_after=str(trial.value), item_id=item_id
        )
    # Now and not by the job that follows: the determination that carries the decision out pins this score.
    await score_contracts(session, [appeal.contract_id], causes={})
    await _score_retired(session, appeal)
    return corrected


async def _score_retired(session: AsyncSession, appeal: Appeal) -> None:
    """A framework that was retired since makes no live score any more, but the new determination needs one of it."""
    if appeal.against != "determination":
        return
    framework_id = (await find_determination(session, appeal.against_id))[0].framework_id
    retired = await retired_framework_of(session, contract_id=appeal.contract_id, framework_id=framework_id)
    if retired is not None:
        framework = (await registry(session)).by_hash(retired)
        await score_contracts(session, [appeal.contract_id], causes={}, frameworks=[framework])


def _record(
    corrections: Sequence[CorrectionIn], marks: dict[str, Any], *, trial_before: str, trial_after: str, item_id: UUID
) -> list[dict[str, Any]]:
    return [
        {
            "evaluator_id": str(each.evaluator_id),
            "criterion": each.criterion,
            "mark_before": str(marks[str(each.evaluator_id)]["mark"]),
            "mark": format(each.mark.normalize(), "f"),
            "reason": each.reason,
            "value_before": trial_before,
            "value": trial_after,
            "evidence_id": str(item_id),
        }
        for each in corrections
    ]
