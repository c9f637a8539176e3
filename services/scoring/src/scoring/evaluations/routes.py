"""Evaluations over HTTP: plan, draw, close, exchange of views; the log of draws and acts; the decision study."""

from collections.abc import Sequence
from typing import Annotated, Literal
from uuid import UUID

from fastapi import Query, Request, Response

from scoring.evaluations import queries, service
from scoring.evaluations.dstudy import d_study
from scoring.evaluations.models import Evaluation
from scoring.evaluations.register.routes import after_id
from scoring.evaluations.schemas import ActOut, CloseIn, DrawOut, DStudyOut, EvaluationIn, EvaluationOut, StepIn
from scoring.evaluations.service.steps import expect
from scoring.settings import ScoringSettings
from shared.auth import Principal, allow
from shared.concurrency import etag
from shared.db import ReadSession, WriteSession
from shared.pagination import Page, PageQuery, encode_cursor, page_response
from shared.web import router, set_region

__all__ = ["routes"]

routes = router(tags=["evaluations"])

Officer = Annotated[Principal, allow("finance", "purchaser", "auditor", "operator")]
Organiser = Annotated[Principal, allow("finance", "purchaser")]
State = Literal["planned", "rating", "rated", "cancelled"]


@routes.post("/evaluations", status_code=201, summary="Plan an evaluation")
async def plan_evaluation(body: EvaluationIn, session: WriteSession, _: Organiser, response: Response) -> EvaluationOut:
    """Contracts of one framework and stage, a form, a pool of evaluators, a lead. Nothing is assigned yet."""
    made = await service.plan_evaluation(session, body)
    response.headers["Location"] = f"/v1/evaluations/{made.id}"
    return await _out(session, response, made)


@routes.get("/evaluations", summary="List evaluations")
async def list_evaluations(
    *,
    session: ReadSession,
    _: Officer,
    page: PageQuery,
    request: Request,
    response: Response,
    state: Annotated[State | None, Query(description="Only in this state.")] = None,
) -> Page[EvaluationOut]:
    """In the order in which they were planned."""
    found = await queries.list_evaluations(session, state=state, after=after_id(page), limit=page.limit + 1)
    items = await _shown(session, found[: page.limit])
    following = encode_cursor(items[-1].id) if len(found) > page.limit else None
    return page_response(request, response, items, next_cursor=following)


@routes.get("/evaluations/{evaluation_id}", summary="Read an evaluation")
async def get_evaluation(evaluation_id: UUID, session: ReadSession, _: Officer, response: Response) -> EvaluationOut:
    """With how far the rating is: how many assignments are in which state, and no marks."""
    return await _out(session, response, await queries.find_evaluation(session, evaluation_id))


@routes.post("/evaluations/{evaluation_id}/draw", summary="Draw the assignment")
async def draw_assignment(evaluation_id: UUID, session: WriteSession, _: Organiser, response: Response) -> DrawOut:
    """Once: who rates what is random, in a balanced design where one fits. The rating begins."""
    draw = await service.draw_assignment(session, evaluation_id)
    set_region(response, draw.region)
    return DrawOut.model_validate(draw)


@routes.get("/evaluations/{evaluation_id}/draws", summary="The log of draws")
async def list_draws(evaluation_id: UUID, session: ReadSession, _: Officer, response: Response) -> Page[DrawOut]:
    """Seed, algorithm, exclusions with their reasons, and the result: all that is needed to repeat it."""
    set_region(response, (await queries.find_evaluation(session, evaluation_id)).region)
    found = await queries.draws_of(session, evaluation_id)
    return Page(items=[DrawOut.model_validate(each) for each in found], next=None)


@routes.get("/evaluations/{evaluation_id}/acts", summary="The steps of an evaluation")
async def list_acts(
    evaluation_id: UUID,
    session: ReadSession,
    _: Officer,
    response: Response,
    case_id: Annotated[UUID | None, Query(description="Only about this case.")] = None,
) -> Page[ActOut]:
    """Who did what, when and why, in order."""
    set_region(response, (await queries.find_evaluation(session, evaluation_id)).region)
    found = await queries.acts_of(session, evaluation_id, case_id=case_id)
    return Page(items=[ActOut.model_validate(each) for each in found], next=None)


@routes.post("/evaluations/{evaluation_id}/close", summary="Close the rating")
async def close_rating(
    evaluation_id: UUID, body: CloseIn, session: WriteSession, _: Organiser, response: Response
) -> EvaluationOut:
    """Refused while assignments are outstanding, unless they lapse with a reason. Then marks can be seen."""
    return await _out(session, response, await service.close_rating(session, evaluation_id, body))


@routes.post("/evaluations/{evaluation_id}/exchange", summary="Open the exchange of views")
async def open_exchange(
    evaluation_id: UUID, session: WriteSession, _: Organiser, request: Request, response: Response
) -> EvaluationOut:
    """The parties of every preliminary case see its result and are asked for their views."""
    settings: ScoringSettings = request.app.state.settings
    evaluation = await service.open_exchange(
        session, evaluation_id, days=settings.views_days, latest_days=settings.views_latest_days
    )
    return await _out(session, response, evaluation)


@routes.post("/evaluations/{evaluation_id}/cancel", summary="Cancel an evaluation")
async def cancel_evaluation(
    evaluation_id: UUID, body: StepIn, session: WriteSession, _: Organiser, response: Response
) -> EvaluationOut:
    """Before the rating is closed; what was rated stays on record and enters nothing."""
    return await _out(session, response, await service.cancel_evaluation(session, evaluation_id, reason=body.reason))


@routes.get("/evaluations/{evaluation_id}/d-study", summary="How many evaluators are needed")
async def get_d_study(
    evaluation_id: UUID,
    session: ReadSession,
    _: Officer,
    response: Response,
    wanted: Annotated[float, Query(gt=0, lt=1, description="Reliability wanted, 0-1.")] = 0.8,
) -> Page[DStudyOut]:
    """From the variances of this evaluation's marks, once it is rated: for raw means and for calibrated ones."""
    evaluation = await queries.find_evaluation(session, evaluation_id)
    expect(evaluation, "rated")
    set_region(response, evaluation.region)
    form = await queries.find_form(session, evaluation.form_id, evaluation.form_version)
    marks = await queries.submitted_marks(session, [evaluation.id])
    return Page(items=d_study(marks, form=form.document, wanted=wanted), next=None)


async def _out(session: ReadSession, response: Response, evaluation: Evaluation) -> EvaluationOut:
    set_region(response, evaluation.region)
    response.headers["ETag"] = etag(evaluation.version)
    (shown,) = await _shown(session, [evaluation])
    return shown


async def _shown(session: ReadSession, evaluations: Sequence[Evaluation]) -> list[EvaluationOut]:
    cases, ratings = await queries.counts_of(session, [evaluation.id for evaluation in evaluations])
    items = []
    for evaluation in evaluations:
        columns = {column.key: getattr(evaluation, column.key) for column in Evaluation.__table__.columns}
        counts = {"cases": cases.get(evaluation.id, {}), "ratings": ratings.get(evaluation.id, {})}
        items.append(EvaluationOut.model_validate(columns | counts))
    return items
