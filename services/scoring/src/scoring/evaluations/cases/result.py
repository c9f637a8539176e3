"""What a case shows to whom, and the raw result from its submitted marks."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from decimal import Decimal
from typing import Any, Literal
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from scoring.canonical import sha256
from scoring.evaluations import queries
from scoring.evaluations.cases.schemas import (
    AssignmentOut,
    CaseOut,
    CaseResult,
    CriterionResult,
    RaterMark,
    ViewOut,
)
from scoring.evaluations.criteria import criteria_for
from scoring.evaluations.errors import CaseNotFound, EvaluatorNotFound
from scoring.evaluations.models import Assignment, Case, Evaluation, Rating
from scoring.evaluations.service.rate import latest, nodes_of
from shared.auth import Principal

__all__ = ["OFFICERS", "OPEN_TO_PARTIES", "Audience", "audience_of", "brief_case", "show_case"]

OFFICERS = frozenset({"finance", "purchaser", "auditor", "operator"})
OPEN_TO_PARTIES = ("exchange", "review", "final", "published")
RATED = ("preliminary", *OPEN_TO_PARTIES)
CONCLUDED = ("final", "published")

Audience = Literal["officer", "lead", "rater", "provider", "public"]


async def audience_of(
    session: AsyncSession, principal: Principal, case: Case, evaluation: Evaluation, tasks: Sequence[Assignment]
) -> Audience:
    """As whom the caller may see a case; CaseNotFound when not at all, or not yet."""
    if principal.roles & OFFICERS:
        return "officer"
    if "evaluator" in principal.roles:
        with suppress(EvaluatorNotFound):
            myself = await queries.find_evaluator(session, subject=principal.subject)
            if myself.id == evaluation.lead_id:
                return "lead"
            if any(task.evaluator_id == myself.id for task in tasks):
                return "rater"
    own = principal.organisation is not None and principal.organisation == case.provider_id
    if "provider" in principal.roles and own and case.state in OPEN_TO_PARTIES:
        return "provider"
    if case.state == "published":
        return "public"
    raise CaseNotFound(f"There is no case {case.id} that you may see now.")


async def show_case(session: AsyncSession, principal: Principal, case: Case) -> CaseOut:
    """A case with as much of its result as the caller may see.

    Marks are seen by nobody before the rating is closed; by an evaluator not before the own ones are submitted; by the
    provider from the exchange of views on; by the public, as means, after publication.
    """
    evaluation = await queries.evaluation_of(session, case)
    tasks = await queries.assignments_of(session, case_id=case.id)
    audience = await audience_of(session, principal, case, evaluation, tasks)
    codes = {
        evaluator_id: each.code
        for evaluator_id, each in (
            await queries.evaluators_by_id(session, {task.evaluator_id for task in tasks})
        ).items()
    }
    result = None
    may_see = await _may_see_marks(session, principal, audience, tasks)
    if case.state in RATED and may_see:
        names = codes if audience in {"officer", "lead"} else _numbers(case, tasks)
        result = await _result(session, evaluation, case, tasks, names=names, marks=audience != "public")
    # The parties' views speak of the marks: whoever still has to rate reads neither.
    views = await queries.views_of(session, case.id) if may_see and audience != "public" else []
    shown = tasks if audience in {"officer", "lead"} else []
    return brief_case(case, evaluation, audience).model_copy(
        update={
            "result": result,
            "views": [ViewOut.model_validate(view) for view in views],
            "assignments": [
                AssignmentOut(
                    id=task.id,
                    evaluator_id=task.evaluator_id,
                    code=codes[task.evaluator_id],
                    state=task.state,
                    submitted_at=task.submitted_at,
                )
                for task in shown
            ],
        }
    )


async def _may_see_marks(
    session: AsyncSession, principal: Principal, audience: Audience, tasks: Sequence[Assignment]
) -> bool:
    if audience != "rater":
        return True
    myself = await queries.find_evaluator(session, subject=principal.subject)
    return any(task.evaluator_id == myself.id and task.state == "submitted" for task in tasks)


def brief_case(case: Case, evaluation: Evaluation, audience: Audience) -> CaseOut:
    """A case without marks, views and assignments: as it stands in a list."""
    concluded = case.state in CONCLUDED
    return CaseOut(
        id=case.id,
        evaluation_id=case.evaluation_id,
        contract_id=case.contract_id,
        region=case.region,
        simulated=case.simulated,
        framework_id=evaluation.framework_id,
        stage=evaluation.stage,
        state=case.state,
        version=case.version,
        anchor=case.anchor if audience == "officer" else None,
        purchaser_id=case.purchaser_id,
        provider_id=case.provider_id,
        exchange_until=case.exchange_until,
        views_until=case.views_until,
        reviewed_at=case.reviewed_at,
        conclusion=case.conclusion if concluded else None,
        signed_by=case.signed_by if concluded else None,
        concluded_at=case.concluded_at,
        published_at=case.published_at,
        provisional=not concluded,
        result=None,
        views=[],
        assignments=[],
    )


def _numbers(case: Case, tasks: Sequence[Assignment]) -> dict[UUID, str]:
    """A number per evaluator in an order that says nothing of who it is."""
    order = sorted(tasks, key=lambda task: sha256(f"{case.id}{task.evaluator_id}"))
    return {task.evaluator_id: str(number) for number, task in enumerate(order, 1)}


async def _result(
    session: AsyncSession,
    evaluation: Evaluation,
    case: Case,
    tasks: Sequence[Assignment],
    *,
    names: Mapping[UUID, str],
    marks: bool,
) -> CaseResult:
    submitted = {task.id: task.evaluator_id for task in tasks if task.state == "submitted"}
    ratings = latest(await queries.ratings_of(session, submitted.keys()))
    form = (await queries.find_form(session, evaluation.form_id, evaluation.form_version)).document
    nodes = await nodes_of(session, evaluation, case)
    criteria = []
    for criterion in criteria_for(form, nodes):
        mine = [rating for rating in ratings if rating.criterion == criterion["code"]]
        mine.sort(key=lambda rating: names[submitted[rating.assignment_id]])
        values = [rating.mark for rating in mine]
        criteria.append(
            CriterionResult(
                criterion=criterion["code"],
                node=nodes.get(criterion["code"]),
                raters=len(mine),
                mean=sum(values, Decimal(0)) / len(values),
                lowest=min(values),
                highest=max(values),
                marks=[_mark(rating, names[submitted[rating.assignment_id]]) for rating in mine] if marks else [],
            )
        )
    totals = _totals(form, ratings)
    return CaseResult(
        criteria=criteria,
        total=sum(totals, Decimal(0)) / len(totals) if totals else None,
        total_lowest=min(totals, default=None),
        total_highest=max(totals, default=None),
    )


def _mark(rating: Rating, rater: str) -> RaterMark:
    return RaterMark(
        rater=rater,
        mark=rating.mark,
        tier=rating.tier,
        midpoint=rating.midpoint,
        tier_reason=rating.tier_reason,
        narrative=rating.narrative,
    )


def _totals(form: Mapping[str, Any], ratings: Sequence[Rating]) -> list[Decimal]:
    """Each evaluator's total on 0-100 by the weights of what was marked; nothing when the form has none."""
    criteria = {criterion["code"]: criterion for criterion in form["criteria"]}
    if any(criterion["weight"] is None for criterion in criteria.values()):
        return []
    totals: dict[UUID, Decimal] = {}
    whole = sum({rating.criterion: criteria[rating.criterion]["weight"] for rating in ratings}.values())
    for rating in ratings:
        criterion = criteria[rating.criterion]
        low, high = criterion["scale"]["minimum"], criterion["scale"]["maximum"]
        points = Decimal(100 * criterion["weight"]) / whole * (rating.mark - low) / (high - low)
        totals[rating.assignment_id] = totals.get(rating.assignment_id, Decimal(0)) + points
    return list(totals.values())
