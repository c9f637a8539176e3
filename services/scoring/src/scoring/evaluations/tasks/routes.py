"""The calling evaluator's own cases over HTTP."""

from typing import Annotated
from uuid import UUID

from fastapi import Request, Response

from scoring.evaluations import queries, service
from scoring.evaluations.models import Assignment
from scoring.evaluations.register.routes import after_id
from scoring.evaluations.schemas import DeclarationIn, RatingsIn, TaskOut
from scoring.evaluations.tasks.view import tasks_out
from shared.auth import Principal, allow
from shared.db import ReadSession, WriteSession
from shared.pagination import Page, PageQuery, encode_cursor, page_response
from shared.web import router, set_region

__all__ = ["routes"]

routes = router(tags=["evaluations"])

Evaluator = Annotated[Principal, allow("evaluator")]


@routes.get("/evaluations/assignments", summary="List your cases")
async def list_assignments(
    session: ReadSession, principal: Evaluator, page: PageQuery, request: Request, response: Response
) -> Page[TaskOut]:
    """Only your own, and nothing of live scores or of others' ratings. Rate in the order of `position`."""
    myself = await queries.find_evaluator(session, subject=principal.subject)
    found = await queries.assignments_to(session, myself.id, after=after_id(page), limit=page.limit + 1)
    items = await tasks_out(session, found[: page.limit], marks=False)
    following = encode_cursor(items[-1].id) if len(found) > page.limit else None
    return page_response(request, response, items, next_cursor=following)


@routes.get("/evaluations/assignments/{assignment_id}", summary="Read one of your cases")
async def get_assignment(
    assignment_id: UUID, session: ReadSession, principal: Evaluator, response: Response
) -> TaskOut:
    """With your marks so far."""
    myself = await queries.find_evaluator(session, subject=principal.subject)
    return await _answer(
        session, response, await queries.find_assignment(session, assignment_id, evaluator_id=myself.id)
    )


@routes.post("/evaluations/assignments/{assignment_id}/declaration", summary="Declare a conflict of interest or none")
async def declare(
    assignment_id: UUID, body: DeclarationIn, session: WriteSession, principal: Evaluator, response: Response
) -> TaskOut:
    """None opens the case for rating; a conflict gives it up, and another evaluator can be drawn."""
    myself = await queries.find_evaluator(session, subject=principal.subject)
    return await _answer(session, response, await service.declare(session, myself, assignment_id, body))


@routes.post("/evaluations/assignments/{assignment_id}/ratings", status_code=201, summary="Mark a case")
async def rate(
    assignment_id: UUID, body: RatingsIn, session: WriteSession, principal: Evaluator, response: Response
) -> TaskOut:
    """Some or all criteria, each with its reasons. Marking a criterion again adds a revision."""
    myself = await queries.find_evaluator(session, subject=principal.subject)
    return await _answer(session, response, await service.rate(session, myself, assignment_id, body))


@routes.post("/evaluations/assignments/{assignment_id}/submit", summary="Submit the marks of a case")
async def submit(assignment_id: UUID, session: WriteSession, principal: Evaluator, response: Response) -> TaskOut:
    """All criteria must be marked. Nothing changes afterwards."""
    myself = await queries.find_evaluator(session, subject=principal.subject)
    return await _answer(session, response, await service.submit(session, myself, assignment_id))


async def _answer(session: ReadSession, response: Response, task: Assignment) -> TaskOut:
    case = await queries.find_case(session, task.case_id)
    set_region(response, case.region)
    (shown,) = await tasks_out(session, [(task, case)], marks=True)
    return shown
