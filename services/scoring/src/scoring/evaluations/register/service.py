"""Rating forms, evaluator organisations, evaluators and their declared interests."""

from contextlib import suppress
from typing import Any
from uuid import UUID

from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from scoring.evaluations import queries
from scoring.evaluations.errors import EvaluatorExists, EvaluatorNotFound, FormExists, FormNotFound
from scoring.evaluations.forms import form_of
from scoring.evaluations.models import Evaluator, EvaluatorOrganisation, Interest, RatingForm
from scoring.evaluations.register.schemas import EvaluatorIn, FormIn, InterestIn, OrganisationIn
from shared import audit, clock
from shared.auth import require_region
from shared.db import principal_in
from shared.ids import new_id
from shared.savepoint import savepoint

__all__ = [
    "declare_interest",
    "record_evaluator",
    "record_form",
    "record_organisation",
    "retire_evaluator",
    "suspend_organisation",
]


async def record_form(session: AsyncSession, body: FormIn) -> RatingForm:
    """Record a version of a rating form; the same again is the same.

    Raises:
        FormExists: the version is there with other content.
    """
    made = form_of(body.model_dump(mode="json"), recorded_by=principal_in(session).subject, recorded_at=clock.now())
    with suppress(FormNotFound):
        standing = await queries.find_form(session, body.id, body.version)
        if standing.sha256 == made.sha256:
            return standing
        raise FormExists(
            f"Version {body.version} of form {body.id} is recorded with other content, and a version never changes. "
            "Give the new content a higher version.",
            sha256=standing.sha256,
        )
    session.add(made)
    audit.record(session, "rating_form.recorded", noun="rating_form", noun_id=f"{body.id}@{body.version}")
    return made


async def record_organisation(session: AsyncSession, body: OrganisationIn) -> EvaluatorOrganisation:
    """Put an organisation on a region's register; 403 for a foreign region, EvaluatorExists for a known name."""
    require_region(principal_in(session), body.region)
    made = EvaluatorOrganisation(
        id=new_id(),
        region=body.region,
        name=body.name,
        organisation_id=body.organisation_id,
        state="active",
        version=1,
        recorded_at=clock.now(),
    )
    await _add(session, made, what=f"An organisation of the name {body.name} is on the register of {body.region}.")
    audit.record(
        session,
        "evaluator_organisation.recorded",
        noun="evaluator_organisation",
        noun_id=made.id,
        region=made.region,
        fields=("name", "organisation_id"),
    )
    return made


async def suspend_organisation(session: AsyncSession, organisation_id: UUID, *, reason: str) -> EvaluatorOrganisation:
    """Give its evaluators no new cases, and let them rate no open ones; what they have submitted stands."""
    found = await _organisation(session, organisation_id)
    if found.state != "suspended":
        found.state = "suspended"
        found.version += 1
        audit.record(
            session,
            "evaluator_organisation.suspended",
            noun="evaluator_organisation",
            noun_id=found.id,
            region=found.region,
            fields={"reason": reason},
        )
    return found


async def _organisation(session: AsyncSession, organisation_id: UUID) -> EvaluatorOrganisation:
    """The organisation that an officer is about to change; 403 when its register is another region's."""
    found = (await queries.organisations_by_id(session, [organisation_id])).get(organisation_id)
    if found is None:
        raise EvaluatorNotFound(f"There is no evaluator organisation {organisation_id}.")
    require_region(principal_in(session), found.region)
    return found


async def record_evaluator(session: AsyncSession, body: EvaluatorIn) -> Evaluator:
    """Put an evaluator on the register of the organisation's region; EvaluatorExists for a known code or subject."""
    found = await _organisation(session, body.organisation_id)
    made = Evaluator(
        id=new_id(),
        region=found.region,
        organisation_id=found.id,
        code=body.code,
        subject=body.subject,
        home_region=body.home_region,
        categories=sorted(set(body.categories)),
        state="active",
        version=1,
        recorded_at=clock.now(),
    )
    await _add(session, made, what=f"The code {body.code} or the subject is on the register already.")
    audit.record(
        session,
        "evaluator.recorded",
        noun="evaluator",
        noun_id=made.id,
        region=made.region,
        fields=("code", "subject", "home_region", "categories"),
    )
    return made


async def _add(session: AsyncSession, made: Any, *, what: str) -> None:  # noqa: ANN401 - any mapped object
    try:
        async with savepoint(session):
            session.add(made)
    except IntegrityError as error:
        raise EvaluatorExists(f"{what} Choose another, or use the one that is there.") from error


async def retire_evaluator(session: AsyncSession, evaluator_id: UUID, *, reason: str) -> Evaluator:
    """Give the evaluator no new cases, and let no open ones be rated; what was submitted stands.

    403 when the register is another region's.
    """
    found = await queries.find_evaluator(session, evaluator_id)
    require_region(principal_in(session), found.region)
    if found.state != "retired":
        found.state = "retired"
        found.version += 1
        audit.record(
            session,
            "evaluator.retired",
            noun="evaluator",
            noun_id=found.id,
            region=found.region,
            fields={"reason": reason},
        )
    return found


async def declare_interest(session: AsyncSession, evaluator: Evaluator, body: InterestIn) -> Interest:
    """Record a conflict of interest: no case that it touches is assigned to the evaluator any more.

    A case that is assigned already is given up by its own declaration (`declare`), which names the case.
    """
    made = Interest(
        id=new_id(),
        region=evaluator.region,
        evaluator_id=evaluator.id,
        organisation_id=body.organisation_id,
        contract_id=body.contract_id,
        nature=body.nature,
        statement=body.statement,
        ends_on=body.ends_on,
        declared_by=principal_in(session).subject,
        declared_at=clock.now(),
    )
    session.add(made)
    audit.record(
        session,
        "evaluator.interest_declared",
        noun="evaluator",
        noun_id=evaluator.id,
        region=evaluator.region,
        fields=("nature", "organisation_id", "contract_id"),
    )
    return made
