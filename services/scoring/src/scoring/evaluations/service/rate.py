"""Rating: declared free of conflict, marked independently and blind, submitted once, closed for all."""

from collections.abc import Collection, Sequence
from decimal import Decimal
from typing import Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from scoring.canonical import canonical, sha256
from scoring.evaluations import queries
from scoring.evaluations.criteria import check_marks, criteria_for, rating_nodes
from scoring.evaluations.errors import AssignmentDisconnected, EvaluationStateRefused, RatingIncomplete, RatingLocked
from scoring.evaluations.models import Assignment, Case, Evaluation, Evaluator, Interest, Rating
from scoring.evaluations.schemas import CloseIn, DeclarationIn, RatingsIn
from scoring.evaluations.service.exclusions import conflicted, refuse_conflicts
from scoring.evaluations.service.steps import expect, note, note_case, note_evaluation
from scoring.frameworks.service import registry
from scoring.kernel.assignment import components
from shared import clock
from shared.db import principal_in
from shared.ids import new_id
from shared.problems import Forbidden

__all__ = ["close_rating", "declare", "latest", "nodes_of", "rate", "submit"]

OFFICERS: Final = frozenset({"finance", "purchaser", "auditor", "operator"})
"""Roles that read live scores."""


async def declare(session: AsyncSession, evaluator: Evaluator, assignment_id: UUID, body: DeclarationIn) -> Assignment:
    """Declare to have no conflict with a case, which opens it for rating, or give it up for the one there is.

    Forbidden for a token that reads live scores too: whoever knows the score does not rate independently of it.
    """
    task = await queries.find_assignment(session, assignment_id, evaluator_id=evaluator.id, lock=True)
    case = await _open_case(session, task)
    if task.state not in {"assigned", "declared"}:
        raise RatingLocked(f"Your assignment is {task.state}; nothing can be declared any more.")
    task.version += 1
    if not body.conflict:
        await _require_able(session, evaluator)
        await refuse_conflicts(session, evaluator, [case])
        task.state, task.declared_at = "declared", clock.now()
        note(session, "declared", evaluation_id=task.evaluation_id, region=case.region, case_id=case.id)
        return task
    task.state = "recused"
    session.add(
        Interest(
            id=new_id(),
            region=evaluator.region,
            evaluator_id=evaluator.id,
            contract_id=case.contract_id,
            nature=body.nature,
            statement=body.statement,
            declared_by=principal_in(session).subject,
            declared_at=clock.now(),
        )
    )
    note(
        session,
        "recused",
        evaluation_id=task.evaluation_id,
        region=case.region,
        case_id=case.id,
        outcome=body.nature,
        reason=f"{evaluator.code} has a conflict of interest",
    )
    return task


async def _require_able(session: AsyncSession, evaluator: Evaluator) -> None:
    """The evaluator is still on the register, and knows no live score: Forbidden, RatingLocked."""
    if known := principal_in(session).roles & OFFICERS:
        raise Forbidden(
            f"Your token also has the role {', '.join(sorted(known))}, which reads live scores and others' marks. Who "
            "rates knows neither: give the case up, or rate with a token that is an evaluator's alone."
        )
    organisation = (await queries.organisations_by_id(session, [evaluator.organisation_id]))[evaluator.organisation_id]
    if (evaluator.state, organisation.state) != ("active", "active"):
        what = "you are retired" if evaluator.state != "active" else f"{organisation.name} is suspended"
        raise RatingLocked(f"You rate no more: {what}. What you submitted stands; your open cases go to others.")


async def _open_case(session: AsyncSession, task: Assignment) -> Case:
    case = await queries.find_case(session, task.case_id)
    if case.state != "rating":
        raise RatingLocked(f"The rating of case {case.id} is closed; it is {case.state}.")
    return case


async def rate(session: AsyncSession, evaluator: Evaluator, assignment_id: UUID, body: RatingsIn) -> Assignment:
    """Add marks; a criterion that was marked before gets a new revision, nothing is overwritten.

    Raises:
        Forbidden: the token reads live scores too.
        RatingLocked: submitted, given up, lapsed or closed, or the evaluator is not on the register any more.
        EvaluationStateRefused: the evaluator has not declared to be free of conflict.
        EvaluatorHasConflict: an interest that was declared since touches the case.
        RatingOutOfScale: a mark breaks the form; each is named with criterion and node.
    """
    task = await queries.find_assignment(session, assignment_id, evaluator_id=evaluator.id, lock=True)
    case = await _open_case(session, task)
    await _require_able(session, evaluator)
    if task.state == "assigned":
        raise EvaluationStateRefused(
            "Declare first whether you have a conflict of interest with this case: "
            f"POST /v1/evaluations/assignments/{task.id}/declaration.",
            state=task.state,
        )
    if task.state != "declared":
        raise RatingLocked(f"Your assignment is {task.state}; its marks do not change any more.")
    await refuse_conflicts(session, evaluator, [case])
    evaluation = await queries.evaluation_of(session, case)
    form = await queries.find_form(session, evaluation.form_id, evaluation.form_version)
    nodes = await nodes_of(session, evaluation, case)
    revisions = {each.criterion: each.revision for each in await queries.ratings_of(session, [task.id])}
    for criterion, tier, mark, midpoint, tier_reason, narrative in check_marks(form.document, nodes, body.marks):
        session.add(
            Rating(
                id=new_id(),
                region=case.region,
                assignment_id=task.id,
                criterion=criterion,
                revision=revisions.get(criterion, 0) + 1,
                tier=tier,
                mark=mark,
                midpoint=midpoint,
                narrative=narrative,
                tier_reason=tier_reason,
                recorded_at=clock.now(),
            )
        )
    task.version += 1
    await session.flush()
    return task


async def nodes_of(session: AsyncSession, evaluation: Evaluation, case: Case) -> dict[str, str]:
    """Criterion -> node of the evaluation's framework, with the module of the case's service category."""
    known = await registry(session)
    return rating_nodes(
        known.find(evaluation.framework_id, version=evaluation.framework_version, category=case.service_category)
    )


def latest(ratings: Sequence[Rating]) -> list[Rating]:
    """The revision that counts of each criterion, from ratings in the order of `ratings_of`."""
    return list({(each.assignment_id, each.criterion): each for each in ratings}.values())


async def submit(session: AsyncSession, evaluator: Evaluator, assignment_id: UUID) -> Assignment:
    """Submit the marks of a case: from here on nothing of them changes.

    Raises:
        RatingIncomplete: criteria without a mark; each is named.
    """
    task = await queries.find_assignment(session, assignment_id, evaluator_id=evaluator.id, lock=True)
    if task.state == "submitted":
        return task
    case = await _open_case(session, task)
    await _require_able(session, evaluator)
    if task.state != "declared":
        raise RatingLocked(f"Your assignment is {task.state}; there is nothing to submit.")
    await refuse_conflicts(session, evaluator, [case])
    evaluation = await queries.evaluation_of(session, case)
    form = await queries.find_form(session, evaluation.form_id, evaluation.form_version)
    marks = latest(await queries.ratings_of(session, [task.id]))
    missing = [
        criterion["code"]
        for criterion in criteria_for(form.document, await nodes_of(session, evaluation, case))
        if criterion["code"] not in {each.criterion for each in marks}
    ]
    if missing:
        raise RatingIncomplete(f"No mark yet for {', '.join(missing)}.", missing=missing)
    task.state, task.submitted_at = "submitted", clock.now()
    task.submission_sha256 = sha256(canonical(_submission(task, marks)))
    task.version += 1
    note(session, "submitted", evaluation_id=task.evaluation_id, region=case.region, case_id=case.id)
    return task


def _submission(task: Assignment, marks: Sequence[Rating]) -> dict[str, object]:
    return {
        "assignment": str(task.id),
        "case": str(task.case_id),
        "evaluator": str(task.evaluator_id),
        "marks": [
            {
                "criterion": each.criterion,
                "revision": each.revision,
                "tier": each.tier,
                "mark": f"{Decimal(each.mark):.2f}",
                "midpoint": each.midpoint,
                "tier_reason": each.tier_reason,
                "narrative": each.narrative,
            }
            for each in sorted(marks, key=lambda each: each.criterion)
        ],
    }


async def close_rating(session: AsyncSession, evaluation_id: UUID, body: CloseIn) -> Evaluation:
    """Close the rating: from here on the marks may be seen, and a calibration round may use them.

    Marks of an evaluator of whom a conflict with the case became known after they were submitted are set aside, with
    the reason on the list of acts.

    Raises:
        RatingIncomplete: assignments are outstanding, or a case has fewer ratings than two (the plan's number if that
            is one); each case is named.
        AssignmentDisconnected: what was submitted falls apart.
    """
    evaluation = await queries.find_evaluation(session, evaluation_id, lock=True)
    expect(evaluation, "rating")
    cases = await queries.cases_of(session, evaluation_id, lock=True)
    # Locked: a rating that is being submitted at this moment counts, or is refused.
    tasks = await queries.assignments_of(session, evaluation_id=evaluation_id, lock=True)
    outstanding = [task for task in tasks if task.state in {"assigned", "declared"}]
    if outstanding and not body.lapse:
        contracts = {case.id: case.contract_id for case in cases}
        named = sorted({str(contracts[task.case_id]) for task in outstanding})
        raise RatingIncomplete(
            f"{len(outstanding)} assignments are not submitted, of contract {', '.join(named[:5])}. Wait for them, or "
            "let them lapse with a reason.",
            missing=named,
        )
    for task in outstanding:
        task.state = "lapsed"
        task.version += 1
    open_cases = [case for case in cases if case.state == "rating"]
    for task, evaluator, reason in await conflicted(session, open_cases, tasks):
        task.state = "recused"
        task.version += 1
        why = f"{evaluator.code}: {reason}; the submitted marks are set aside"
        note(session, "recused", evaluation_id=evaluation.id, region=task.region, case_id=task.case_id, reason=why)
    _check_enough(evaluation, cases, tasks)
    _check_connected(cases, tasks)
    evaluation.state, evaluation.closed_at = "rated", clock.now()
    note_evaluation(session, evaluation, cases, "closed", reason=body.reason)
    for case in cases:
        if case.state == "rating":
            case.state = "preliminary"
            note_case(session, evaluation, case, "closed", reason=body.reason)
    return evaluation


def _check_enough(evaluation: Evaluation, cases: Collection[Case], tasks: Collection[Assignment]) -> None:
    needed = min(2, evaluation.per_case)
    submitted = [task.case_id for task in tasks if task.state == "submitted"]
    short = [str(case.contract_id) for case in cases if submitted.count(case.id) < needed]
    if short:
        raise RatingIncomplete(
            f"Fewer than {needed} ratings of contract {', '.join(short[:5])}. Add an evaluator to each: "
            "POST /v1/evaluations/cases/{id}/evaluators.",
            missing=short,
        )


def _check_connected(cases: Sequence[Case], tasks: Collection[Assignment]) -> None:
    """Recused and lapsed assignments may have cut the graph."""
    done = [task for task in tasks if task.state == "submitted"]
    raters = sorted({task.evaluator_id for task in done})
    number = {evaluator: place for place, evaluator in enumerate(raters)}
    blocks = [[number[task.evaluator_id] for task in done if task.case_id == case.id] for case in cases]
    parts = components(blocks, len(raters))
    if len(parts) > 1:
        named = [
            {
                "evaluators": [str(raters[member]) for member in part],
                "contracts": [
                    str(case.contract_id) for case, block in zip(cases, blocks, strict=True) if set(block) & set(part)
                ],
            }
            for part in parts
        ]
        raise AssignmentDisconnected(
            f"What was submitted falls into {len(parts)} parts without a common case. Add evaluators across the parts: "
            "POST /v1/evaluations/cases/{id}/evaluators.",
            components=named,
        )
