"""One more evaluator for a case: drawn from the pool, or named and logged as a choice."""

import secrets
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from scoring.evaluations import queries
from scoring.evaluations.errors import AssignmentImpossible, EvaluatorNotFound
from scoring.evaluations.models import Assignment, Case, Evaluator
from scoring.evaluations.service.draw import body_of, draw_of, generator_of, pool_of, task_of
from scoring.evaluations.service.exclusions import exclusions, refuse_conflicts
from scoring.evaluations.service.steps import expect, note_case, note_evaluation
from scoring.kernel import assignment as kernel

__all__ = ["add_evaluator"]


async def add_evaluator(
    session: AsyncSession, case_id: UUID, *, reason: str, evaluator_id: UUID | None = None
) -> Assignment:
    """Give a case one more evaluator; the case, and its evaluation, are being rated again until they are closed.

    Drawn from the pool among those with the least to do, unless `evaluator_id` names one, which is logged as not
    random. For a flag, a disagreement, a third evaluation before an adverse consequence, or a recused evaluator.

    Raises:
        EvaluatorHasConflict: the named evaluator has a conflict with the case.
        AssignmentImpossible: nobody of the pool is left who may rate it.
        EvaluationStateRefused: the case is not assigned yet, published or cancelled.
    """
    evaluation = await queries.evaluation_of(session, await queries.find_case(session, case_id), lock=True)
    # The evaluation is locked before its cases, as everywhere.
    case = await queries.find_case(session, case_id, lock=True)
    expect(case, "rating", "preliminary", "exchange", "review", "final")
    taken = {each.evaluator_id for each in await queries.assignments_of(session, case_id=case.id)}
    seed = secrets.token_hex(16)
    if evaluator_id is None:
        pool = await pool_of(session, evaluation)
        barred = await exclusions(session, pool, [case])
        closed = [each.id in taken or (case.id, each.id) in barred or each.id == evaluation.lead_id for each in pool]
        tasks = await queries.assignments_of(session, evaluation_id=evaluation.id)
        load = [sum(task.evaluator_id == each.id for task in tasks) for each in pool]
        number = kernel.pick_another(load=load, barred=closed, rng=generator_of(seed))
        if number is None:
            raise AssignmentImpossible(
                f"Nobody of the pool is left who may rate contract {case.contract_id}: all others have rated it, lead "
                "the evaluation, or are excluded. Name an evaluator in `evaluator_id`.",
                cases=[{"case_id": str(case.id), "contract_id": str(case.contract_id)}],
            )
        chosen = pool[number]
    else:
        chosen = await _named(session, case, evaluator_id, taken)
        pool, barred = [chosen], {}
    body = body_of(evaluation, [case], pool, barred) | {
        "algorithm": "least-load/1" if evaluator_id is None else "named/1",
        "taken": sorted(str(each) for each in taken),
        "chosen": str(chosen.id),
        "reason": reason,
    }
    draw = draw_of(session, evaluation, seed, body, barred, case=case, random=evaluator_id is None)
    session.add(draw)
    await session.flush()
    mine = await queries.assignments_of(session, evaluation_id=evaluation.id)
    position = 1 + max((each.position for each in mine if each.evaluator_id == chosen.id), default=0)
    task = task_of(draw, case, chosen, position=position)
    session.add(task)
    case.state = "rating"
    case.exchange_until = case.views_until = case.reviewed_at = case.concluded_at = None
    case.reviewed_by = case.conclusion = case.signed_by = None
    note_case(session, evaluation, case, "added", reason=reason)
    if evaluation.state == "rated":
        evaluation.state, evaluation.closed_at = "rating", None
        note_evaluation(session, evaluation, await queries.cases_of(session, evaluation.id), "added", reason=reason)
    return task


async def _named(session: AsyncSession, case: Case, evaluator_id: UUID, taken: set[UUID]) -> Evaluator:
    """The evaluator that an officer names: on the register, active, new to the case and without a conflict."""
    found = await queries.find_evaluator(session, evaluator_id)
    if found.state != "active" or found.id in taken:
        what = "is retired" if found.state != "active" else "has been assigned to this case already"
        raise EvaluatorNotFound(f"{found.code} {what}. Choose another evaluator.")
    await refuse_conflicts(session, found, [case])
    return found
