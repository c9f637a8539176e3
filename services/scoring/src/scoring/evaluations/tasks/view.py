from collections.abc import Sequence

from sqlalchemy.ext.asyncio import AsyncSession

from scoring.evaluations import queries
from scoring.evaluations.models import Assignment, Case
from scoring.evaluations.schemas import MarkOut, TaskOut
from scoring.evaluations.service.rate import latest, nodes_of
from scoring.evidence.queries import contracts_of

__all__ = ["tasks_out"]


async def tasks_out(session: AsyncSession, found: Sequence[tuple[Assignment, Case]], *, marks: bool) -> list[TaskOut]:
    """An evaluator's own assignments, with the own marks if asked for."""
    evaluations = await queries.evaluations_of(session, [case for _, case in found])
    contracts = await contracts_of(session, {case.contract_id for _, case in found})
    items = []
    for task, case in found:
        evaluation = evaluations[case.evaluation_id]
        contract = contracts.get(case.contract_id)
        shown: list[MarkOut] = []
        if marks:
            nodes = await nodes_of(session, evaluation, case)
            shown = [
                MarkOut(
                    criterion=each.criterion,
                    node=nodes.get(each.criterion),
                    revision=each.revision,
                    tier=each.tier,
                    mark=each.mark,
                    midpoint=each.midpoint,
                    tier_reason=each.tier_reason,
                    narrative=each.narrative,
                    recorded_at=each.recorded_at,
                )
                for each in latest(await queries.ratings_of(session, [task.id]))
            ]
        items.append(
            TaskOut(
                id=task.id,
                evaluation_id=task.evaluation_id,
                case_id=case.id,
                contract_id=case.contract_id,
                contract_title=contract.title if contract else None,
                region=case.region,
                service_category=case.service_category,
                stage=evaluation.stage,
                form_id=evaluation.form_id,
                form_version=evaluation.form_version,
                position=task.position,
                state=task.state,
                rating_until=evaluation.rating_until,
                declared_at=task.declared_at,
                submitted_at=task.submitted_at,
                submission_sha256=task.submission_sha256,
                marks=shown,
            )
        )
    return items
