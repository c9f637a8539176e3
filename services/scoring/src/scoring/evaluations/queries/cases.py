"""Reading evaluations, cases, draws, assignments, ratings, views and acts."""

from collections.abc import Collection, Sequence
from typing import TypedDict
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from scoring.evaluations.errors import AssignmentNotFound, CaseNotFound, EvaluationNotFound
from scoring.evaluations.models import Act, Assignment, Case, Draw, Evaluation, Rating, View
from scoring.evaluations.queries.paging import beyond_scope, locked, page

__all__ = [
    "Limits",
    "acts_of",
    "assignments_of",
    "assignments_to",
    "cases_of",
    "counts_of",
    "draws_of",
    "evaluation_of",
    "evaluations_of",
    "find_assignment",
    "find_case",
    "find_evaluation",
    "list_cases",
    "list_evaluations",
    "past_assignments",
    "ratings_of",
    "views_of",
]


class Limits(TypedDict, total=False):
    """Which cases a caller's list is limited to; see `list_cases`."""

    party: UUID
    lead: UUID
    states: Sequence[str]


async def list_evaluations(
    session: AsyncSession, *, state: str | None, after: UUID | None, limit: int
) -> list[Evaluation]:
    """Evaluations in the order in which they were planned."""
    statement = select(Evaluation)
    if state is not None:
        statement = statement.where(Evaluation.state == state)
    return await page(session, statement, Evaluation.id, after=after, limit=limit)


async def find_evaluation(session: AsyncSession, evaluation_id: UUID, *, lock: bool = False) -> Evaluation:
    """One evaluation, locked for the rest of the transaction with `lock`; EvaluationNotFound."""
    statement = select(Evaluation).where(Evaluation.id == evaluation_id)
    found = (await session.execute(locked(statement) if lock else statement)).scalar_one_or_none()
    if found is None:
        raise EvaluationNotFound(f"There is no evaluation {evaluation_id}, or it lies outside your scope.")
    return found


async def counts_of(
    session: AsyncSession, evaluation_ids: Collection[UUID]
) -> tuple[dict[UUID, dict[str, int]], dict[UUID, dict[str, int]]]:
    """Per evaluation that the caller has found: its cases by state, and its assignments by state."""
    counts: list[dict[UUID, dict[str, int]]] = []
    with beyond_scope(session):
        for table in (Case, Assignment):
            statement = (
                select(table.evaluation_id, table.state, func.count())
                .where(table.evaluation_id.in_(evaluation_ids))
                .group_by(table.evaluation_id, table.state)
            )
            found: dict[UUID, dict[str, int]] = {}
            for evaluation_id, state, number in await session.execute(statement):
                found.setdefault(evaluation_id, {})[state] = number
            counts.append(found)
    return counts[0], counts[1]


async def evaluation_of(session: AsyncSession, case: Case, *, lock: bool = False) -> Evaluation:
    """The evaluation of a case that the caller has found: it may be organised by a region above the caller's."""
    with beyond_scope(session):
        return await find_evaluation(session, case.evaluation_id, lock=lock)


async def evaluations_of(session: AsyncSession, cases: Collection[Case]) -> dict[UUID, Evaluation]:
    """The evaluations, by id, of cases that the caller has found."""
    statement = select(Evaluation).where(Evaluation.id.in_({case.evaluation_id for case in cases}))
    with beyond_scope(session):
        return {each.id: each for each in (await session.execute(statement)).scalars()}


async def past_assignments(
    session: AsyncSession, provider_ids: Collection[UUID], *, before: UUID
) -> list[tuple[UUID, UUID, UUID]]:
    """(provider, evaluation, evaluator) of earlier evaluations that were not cancelled, the latest evaluation first.

    For rotation: wherever the provider was evaluated counts, also outside the caller's scope.
    """
    statement = (
        select(Case.provider_id, Assignment.evaluation_id, Assignment.evaluator_id)
        .join(Assignment, Assignment.case_id == Case.id)
        .where(
            Case.provider_id.in_(provider_ids),
            Case.state != "cancelled",
            Case.evaluation_id < before,
            Assignment.state.in_(("assigned", "declared", "submitted")),
        )
        .distinct()
        .order_by(Assignment.evaluation_id.desc())
    )
    with beyond_scope(session):
        rows = await session.execute(statement)
    return [(row[0], row[1], row[2]) for row in rows if row[0] is not None]


async def cases_of(session: AsyncSession, evaluation_id: UUID, *, lock: bool = False) -> list[Case]:
    """All cases, by id, of an evaluation that the caller has found."""
    statement = select(Case).where(Case.evaluation_id == evaluation_id).order_by(Case.id)
    with beyond_scope(session):
        return list((await session.execute(locked(statement) if lock else statement)).scalars())


async def find_case(session: AsyncSession, case_id: UUID, *, lock: bool = False) -> Case:
    """One case, locked for the rest of the transaction with `lock`; CaseNotFound."""
    statement = select(Case).where(Case.id == case_id)
    found = (await session.execute(locked(statement) if lock else statement)).scalar_one_or_none()
    if found is None:
        raise CaseNotFound(f"There is no case {case_id}, or it lies outside your scope.")
    return found


async def list_cases(
    session: AsyncSession,
    *,
    evaluation_id: UUID | None = None,
    contract_id: UUID | None = None,
    party: UUID | None = None,
    lead: UUID | None = None,
    states: Sequence[str] | None = None,
    after: UUID | None,
    limit: int,
) -> list[Case]:
    """Cases by id; `party` keeps those whose purchaser or provider that organisation is, `lead` those of a lead."""
    statement = select(Case)
    if evaluation_id is not None:
        statement = statement.where(Case.evaluation_id == evaluation_id)
    if contract_id is not None:
        statement = statement.where(Case.contract_id == contract_id)
    if party is not None:
        statement = statement.where((Case.provider_id == party) | (Case.purchaser_id == party))
    if lead is not None:
        led = select(Evaluation.__table__.c.id).where(Evaluation.__table__.c.lead_id == lead)
        statement = statement.where(Case.evaluation_id.in_(led))
    if states is not None:
        statement = statement.where(Case.state.in_(states))
    return await page(session, statement, Case.id, after=after, limit=limit)


async def draws_of(session: AsyncSession, evaluation_id: UUID) -> list[Draw]:
    """The draws of an evaluation in their order: the first is the whole plan's, later ones add an evaluator."""
    statement = select(Draw).where(Draw.evaluation_id == evaluation_id).order_by(Draw.id)
    return list((await session.execute(statement)).scalars())


async def assignments_of(
    session: AsyncSession, *, evaluation_id: UUID | None = None, case_id: UUID | None = None, lock: bool = False
) -> list[Assignment]:
    """The assignments, by case and evaluator, of an evaluation or of one case that the caller has found."""
    statement = select(Assignment).order_by(Assignment.case_id, Assignment.evaluator_id)
    if evaluation_id is not None:
        statement = statement.where(Assignment.evaluation_id == evaluation_id)
    if case_id is not None:
        statement = statement.where(Assignment.case_id == case_id)
    with beyond_scope(session):
        return list((await session.execute(locked(statement) if lock else statement)).scalars())


async def assignments_to(
    session: AsyncSession, evaluator_id: UUID, *, after: UUID | None, limit: int
) -> list[tuple[Assignment, Case]]:
    """An evaluator's own assignments with their cases, by id."""
    statement = (
        select(Assignment, Case)
        .join(Case, Case.id == Assignment.case_id)
        .where(Assignment.evaluator_id == evaluator_id)
    )
    if after is not None:
        statement = statement.where(Assignment.id > after)
    rows = await session.execute(statement.order_by(Assignment.id).limit(limit))
    return [(row[0], row[1]) for row in rows]


async def find_assignment(
    session: AsyncSession, assignment_id: UUID, *, evaluator_id: UUID, lock: bool = False
) -> Assignment:
    """An evaluator's own assignment; AssignmentNotFound, also for somebody else's."""
    statement = select(Assignment).where(Assignment.id == assignment_id, Assignment.evaluator_id == evaluator_id)
    found = (await session.execute(locked(statement) if lock else statement)).scalar_one_or_none()
    if found is None:
        raise AssignmentNotFound(f"There is no assignment {assignment_id} of yours.")
    return found


async def ratings_of(session: AsyncSession, assignment_ids: Collection[UUID]) -> list[Rating]:
    """Every revision of the ratings of some assignments, by assignment, criterion and revision."""
    statement = (
        select(Rating)
        .where(Rating.assignment_id.in_(assignment_ids))
        .order_by(Rating.assignment_id, Rating.criterion, Rating.revision)
    )
    return list((await session.execute(statement)).scalars())


async def views_of(session: AsyncSession, case_id: UUID) -> list[View]:
    """What the parties said about a case, in order."""
    statement = select(View).where(View.case_id == case_id).order_by(View.id)
    return list((await session.execute(statement)).scalars())


async def acts_of(session: AsyncSession, evaluation_id: UUID, *, case_id: UUID | None = None) -> list[Act]:
    """The steps of an evaluation, or of one of its cases, in order."""
    statement = select(Act).where(Act.evaluation_id == evaluation_id)
    if case_id is not None:
        statement = statement.where(Act.case_id == case_id)
    return list((await session.execute(statement.order_by(Act.id))).scalars())
