"""Reading forms, evaluator organisations, evaluators and their interests."""

from collections.abc import Collection
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from scoring.evaluations.errors import EvaluatorNotFound, FormNotFound
from scoring.evaluations.forms import shipped_forms
from scoring.evaluations.models import Evaluator, EvaluatorOrganisation, Interest, RatingForm
from scoring.evaluations.queries.paging import page

__all__ = [
    "evaluators_by_id",
    "find_evaluator",
    "find_form",
    "interests_of",
    "list_evaluators",
    "list_forms",
    "list_organisations",
    "organisations_by_id",
]


async def list_forms(session: AsyncSession) -> list[RatingForm]:
    """Every version of every form, shipped ones first; reference data, read by all who work here."""
    recorded = (await session.execute(select(RatingForm).order_by(RatingForm.id, RatingForm.recorded_at))).scalars()
    return [*shipped_forms(), *recorded]


async def find_form(session: AsyncSession, form_id: str, version: str | None = None) -> RatingForm:
    """A form in a stated version, or the one recorded last, or the shipped one; FormNotFound."""
    statement = select(RatingForm).where(RatingForm.id == form_id)
    if version is not None:
        statement = statement.where(RatingForm.version == version)
    found = (await session.execute(statement.order_by(RatingForm.recorded_at.desc()).limit(1))).scalar_one_or_none()
    if found is not None:
        return found
    for form in reversed(shipped_forms()):
        if form.id == form_id and version in {None, form.version}:
            return form
    raise FormNotFound(f"There is no rating form {form_id}{f' {version}' if version else ''}.")


async def list_organisations(session: AsyncSession, *, after: UUID | None, limit: int) -> list[EvaluatorOrganisation]:
    """Evaluator organisations in the order in which they were recorded."""
    return await page(session, select(EvaluatorOrganisation), EvaluatorOrganisation.id, after=after, limit=limit)


async def organisations_by_id(
    session: AsyncSession, organisation_ids: Collection[UUID]
) -> dict[UUID, EvaluatorOrganisation]:
    """Evaluator organisations by id."""
    statement = select(EvaluatorOrganisation).where(EvaluatorOrganisation.id.in_(organisation_ids))
    return {each.id: each for each in (await session.execute(statement)).scalars()}


async def list_evaluators(session: AsyncSession, *, after: UUID | None, limit: int) -> list[Evaluator]:
    """Evaluators in the order in which they were recorded."""
    return await page(session, select(Evaluator), Evaluator.id, after=after, limit=limit)


async def evaluators_by_id(session: AsyncSession, evaluator_ids: Collection[UUID]) -> dict[UUID, Evaluator]:
    """Evaluators by id."""
    statement = select(Evaluator).where(Evaluator.id.in_(evaluator_ids))
    return {each.id: each for each in (await session.execute(statement)).scalars()}


async def find_evaluator(
    session: AsyncSession, evaluator_id: UUID | None = None, *, subject: str | None = None
) -> Evaluator:
    """An evaluator by id or by the subject of the token; EvaluatorNotFound."""
    statement = select(Evaluator)
    statement = statement.where(Evaluator.id == evaluator_id if subject is None else Evaluator.subject == subject)
    found = (await session.execute(statement)).scalar_one_or_none()
    if found is None:
        whom = f"evaluator {evaluator_id}" if subject is None else "evaluator of your token's subject"
        raise EvaluatorNotFound(f"There is no {whom} on the register, or it lies outside your scope.")
    return found


async def interests_of(session: AsyncSession, evaluator_ids: Collection[UUID]) -> list[Interest]:
    """Declared interests of some evaluators in the order of declaration."""
    statement = select(Interest).where(Interest.evaluator_id.in_(evaluator_ids)).order_by(Interest.id)
    return list((await session.execute(statement)).scalars())
