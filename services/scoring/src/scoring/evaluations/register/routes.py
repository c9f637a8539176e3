"""Rating forms, evaluator organisations and evaluators over HTTP."""

from typing import Annotated
from uuid import UUID

from fastapi import Query, Request, Response

from scoring.evaluations import queries
from scoring.evaluations.errors import EvaluatorNotFound
from scoring.evaluations.models import Evaluator
from scoring.evaluations.register import service
from scoring.evaluations.register.schemas import (
    EvaluatorIn,
    EvaluatorOut,
    FormIn,
    FormOut,
    InterestIn,
    InterestOut,
    OrganisationIn,
    OrganisationOut,
    ReasonIn,
)
from shared.auth import Principal, allow
from shared.db import ReadSession, WriteSession
from shared.pagination import Page, PageQuery, Paging, encode_cursor, page_response
from shared.problems import Unprocessable
from shared.web import router

__all__ = ["after_id", "routes"]

routes = router(tags=["evaluators"])

OFFICERS = frozenset({"finance", "purchaser", "auditor", "operator"})
Staff = Annotated[Principal, allow("finance", "purchaser", "provider", "evaluator", "auditor", "operator")]
Officer = Annotated[Principal, allow("finance", "purchaser", "auditor", "operator")]
Registrar = Annotated[Principal, allow("finance", "operator")]
Self = Annotated[Principal, allow("evaluator")]
OfficerOrSelf = Annotated[Principal, allow("finance", "purchaser", "auditor", "operator", "evaluator")]
RegistrarOrSelf = Annotated[Principal, allow("finance", "operator", "evaluator")]


@routes.post("/evaluations/forms", status_code=201, summary="Record a rating form")
async def record_form(body: FormIn, session: WriteSession, _: Registrar, response: Response) -> FormOut:
    """A version with anchored scales; national reference data that never changes. The same again answers the same."""
    made = await service.record_form(session, body)
    response.headers["Location"] = f"/v1/evaluations/forms/{made.id}?version={made.version}"
    return FormOut.model_validate(made)


@routes.get("/evaluations/forms", summary="List the rating forms")
async def list_forms(session: ReadSession, _: Staff) -> Page[FormOut]:
    """Every version of every form."""
    return Page(items=[FormOut.model_validate(each) for each in await queries.list_forms(session)], next=None)


@routes.get("/evaluations/forms/{form_id}", summary="Read a rating form")
async def get_form(
    form_id: str,
    session: ReadSession,
    _: Staff,
    version: Annotated[str | None, Query(description="A version; by default the last recorded.")] = None,
) -> FormOut:
    """What is rated, on which scale, and what its marks mean."""
    return FormOut.model_validate(await queries.find_form(session, form_id, version))


@routes.post("/evaluators/organisations", status_code=201, summary="Record an evaluator organisation")
async def record_organisation(body: OrganisationIn, session: WriteSession, _: Registrar) -> OrganisationOut:
    """Puts it on the region's register."""
    return OrganisationOut.model_validate(await service.record_organisation(session, body))


@routes.get("/evaluators/organisations", summary="List the evaluator organisations")
async def list_organisations(
    session: ReadSession, _: Officer, page: PageQuery, request: Request, response: Response
) -> Page[OrganisationOut]:
    """Those on the registers of all regions."""
    found = await queries.list_organisations(session, after=after_id(page), limit=page.limit + 1)
    items = [OrganisationOut.model_validate(each) for each in found[: page.limit]]
    following = encode_cursor(items[-1].id) if len(found) > page.limit else None
    return page_response(request, response, items, next_cursor=following)


@routes.post("/evaluators/organisations/{organisation_id}/suspend", summary="Suspend an evaluator organisation")
async def suspend_organisation(
    organisation_id: UUID, body: ReasonIn, session: WriteSession, _: Registrar
) -> OrganisationOut:
    """Its evaluators get no new cases; ratings that are submitted stand."""
    return OrganisationOut.model_validate(
        await service.suspend_organisation(session, organisation_id, reason=body.reason)
    )


@routes.post("/evaluators", status_code=201, summary="Record an evaluator")
async def record_evaluator(body: EvaluatorIn, session: WriteSession, _: Registrar, response: Response) -> EvaluatorOut:
    """A pseudonym and the subject of the token; no name."""
    made = await service.record_evaluator(session, body)
    response.headers["Location"] = f"/v1/evaluators/{made.id}"
    return EvaluatorOut.model_validate(made)


@routes.get("/evaluators", summary="List the evaluators")
async def list_evaluators(
    session: ReadSession, _: Officer, page: PageQuery, request: Request, response: Response
) -> Page[EvaluatorOut]:
    """Those on the registers of all regions."""
    found = await queries.list_evaluators(session, after=after_id(page), limit=page.limit + 1)
    items = [EvaluatorOut.model_validate(each) for each in found[: page.limit]]
    following = encode_cursor(items[-1].id) if len(found) > page.limit else None
    return page_response(request, response, items, next_cursor=following)


@routes.get("/evaluators/me", summary="The calling evaluator")
async def get_myself(session: ReadSession, principal: Self) -> EvaluatorOut:
    """The register's entry of the token's subject."""
    return EvaluatorOut.model_validate(await queries.find_evaluator(session, subject=principal.subject))


@routes.get("/evaluators/{evaluator_id}", summary="Read an evaluator")
async def get_evaluator(evaluator_id: UUID, session: ReadSession, principal: OfficerOrSelf) -> EvaluatorOut:
    """For officers, and for the evaluator in question."""
    found = await queries.find_evaluator(session, evaluator_id)
    if not principal.roles & OFFICERS and found.subject != principal.subject:
        raise _unknown(evaluator_id)
    return EvaluatorOut.model_validate(found)


@routes.post("/evaluators/{evaluator_id}/retire", summary="Retire an evaluator")
async def retire_evaluator(evaluator_id: UUID, body: ReasonIn, session: WriteSession, _: Registrar) -> EvaluatorOut:
    """No new cases; ratings that are submitted stand."""
    return EvaluatorOut.model_validate(await service.retire_evaluator(session, evaluator_id, reason=body.reason))


@routes.post("/evaluators/{evaluator_id}/interests", status_code=201, summary="Declare a conflict of interest")
async def declare_interest(
    evaluator_id: UUID, body: InterestIn, session: WriteSession, principal: RegistrarOrSelf
) -> InterestOut:
    """By the evaluator, or by the register's keeper. It counts in every later assignment."""
    evaluator = _of(principal, await queries.find_evaluator(session, evaluator_id))
    return InterestOut.model_validate(await service.declare_interest(session, evaluator, body))


@routes.get("/evaluators/{evaluator_id}/interests", summary="List an evaluator's conflicts of interest")
async def list_interests(evaluator_id: UUID, session: ReadSession, principal: OfficerOrSelf) -> Page[InterestOut]:
    """All that were declared, ended ones included; for officers of the register's region and the evaluator."""
    evaluator = _of(principal, await queries.find_evaluator(session, evaluator_id))
    found = await queries.interests_of(session, [evaluator.id])
    return Page(items=[InterestOut.model_validate(each) for each in found], next=None)


def _of(principal: Principal, evaluator: Evaluator) -> Evaluator:
    """The evaluator, when it is the caller or on a register of the officer's regions; else it is not found."""
    if evaluator.subject == principal.subject:
        return evaluator
    if principal.roles & OFFICERS and principal.may_see(evaluator.region):
        return evaluator
    raise _unknown(evaluator.id)


def _unknown(evaluator_id: UUID) -> EvaluatorNotFound:
    return EvaluatorNotFound(f"There is no evaluator {evaluator_id} that you may see.")


def after_id(page: Paging) -> UUID | None:
    """The id that a list goes on after; 422 for a cursor of another list."""
    if page.cursor is None:
        return None
    try:
        (last,) = page.cursor
        return UUID(last)
    except (TypeError, ValueError, AttributeError) as error:
        raise Unprocessable(
            "The cursor is not one of this list.", errors=[{"pointer": "query:cursor", "detail": "of another list"}]
        ) from error
