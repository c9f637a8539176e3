"""Cases of an evaluation over HTTP: results as far as they may be seen, views, review, conclusion, publication."""

from typing import Annotated
from uuid import UUID

from fastapi import Query, Request, Response

from scoring.evaluations import queries, service
from scoring.evaluations.cases.result import OFFICERS, OPEN_TO_PARTIES, Audience, brief_case, show_case
from scoring.evaluations.cases.schemas import CaseOut
from scoring.evaluations.models import Case
from scoring.evaluations.register.routes import after_id
from scoring.evaluations.schemas import AddEvaluatorIn, ConclusionIn, ReviewIn, ViewIn
from shared.auth import Principal, allow
from shared.db import ReadSession, WriteSession
from shared.pagination import Page, PageQuery, encode_cursor, page_response
from shared.problems import Forbidden
from shared.web import router, set_region

__all__ = ["routes"]

routes = router(tags=["evaluations"])

Anyone = Annotated[Principal, allow("finance", "purchaser", "provider", "evaluator", "auditor", "operator", "public")]
Organiser = Annotated[Principal, allow("finance", "purchaser")]
Party = Annotated[Principal, allow("provider", "purchaser")]
Finance = Annotated[Principal, allow("finance")]
Lead = Annotated[Principal, allow("evaluator")]


@routes.get("/evaluations/cases", summary="List cases")
async def list_cases(
    *,
    session: ReadSession,
    principal: Anyone,
    page: PageQuery,
    request: Request,
    response: Response,
    evaluation_id: Annotated[UUID | None, Query(description="Only of this evaluation.")] = None,
    contract_id: Annotated[UUID | None, Query(description="Only of this contract.")] = None,
) -> Page[CaseOut]:
    """Without marks.

    Officers see those of their regions, lead evaluators those that they lead, providers their own from the exchange of
    views on, everybody those that are published.
    """
    audience, limits = await _limits(session, principal)
    found = await queries.list_cases(
        session,
        evaluation_id=evaluation_id,
        contract_id=contract_id,
        after=after_id(page),
        limit=page.limit + 1,
        **limits,
    )
    shown = found[: page.limit]
    evaluations = await queries.evaluations_of(session, shown)
    items = [brief_case(case, evaluations[case.evaluation_id], audience) for case in shown]
    following = encode_cursor(shown[-1].id) if len(found) > page.limit else None
    return page_response(request, response, items, next_cursor=following)


async def _limits(session: ReadSession, principal: Principal) -> tuple[Audience, queries.Limits]:
    if principal.roles & OFFICERS:
        return "officer", {}
    if "evaluator" in principal.roles:
        return "lead", {"lead": (await queries.find_evaluator(session, subject=principal.subject)).id}
    if "provider" in principal.roles:
        if principal.organisation is None:
            raise Forbidden("Your token names no organisation, so there is nothing that is about you.")
        return "provider", {"party": principal.organisation, "states": OPEN_TO_PARTIES}
    return "public", {"states": ("published",)}


@routes.get("/evaluations/cases/{case_id}", summary="Read a case")
async def get_case(case_id: UUID, session: ReadSession, principal: Anyone, response: Response) -> CaseOut:
    """With the raw marks as far as the caller may see them; nobody sees any before the rating is closed."""
    return await _answer(session, principal, response, await queries.find_case(session, case_id))


@routes.post("/evaluations/cases/{case_id}/evaluators", summary="Give a case one more evaluator")
async def add_evaluator(
    case_id: UUID, body: AddEvaluatorIn, session: WriteSession, principal: Organiser, response: Response
) -> CaseOut:
    """Drawn from the pool, or named; the case is being rated again until the evaluation is closed again."""
    await service.add_evaluator(session, case_id, reason=body.reason, evaluator_id=body.evaluator_id)
    return await _answer(session, principal, response, await queries.find_case(session, case_id))


@routes.post("/evaluations/cases/{case_id}/views", status_code=201, summary="State a view on a preliminary result")
async def state_view(
    case_id: UUID, body: ViewIn, session: WriteSession, principal: Party, response: Response
) -> CaseOut:
    """By the contract's provider or purchaser; who disagrees sends the case to the level above."""
    return await _answer(session, principal, response, await service.state_view(session, case_id, body))


@routes.post("/evaluations/cases/{case_id}/review", summary="Review a case one level up")
async def review_case(
    case_id: UUID, body: ReviewIn, session: WriteSession, principal: Finance, response: Response
) -> CaseOut:
    """After a party disagreed: uphold the result, or have one more evaluator rate the case."""
    return await _answer(session, principal, response, await service.review_case(session, case_id, body))


@routes.post("/evaluations/cases/{case_id}/conclude", summary="Conclude a case")
async def conclude_case(
    case_id: UUID, body: ConclusionIn, session: WriteSession, principal: Lead, response: Response
) -> CaseOut:
    """The lead evaluator signs the final conclusion, when the parties have spoken or their time is over."""
    return await _answer(session, principal, response, await service.conclude_case(session, case_id, body))


@routes.post("/evaluations/cases/{case_id}/publish", summary="Publish a case")
async def publish_case(case_id: UUID, session: WriteSession, principal: Finance, response: Response) -> CaseOut:
    """Conclusion and means become public; marks and evaluators do not."""
    return await _answer(session, principal, response, await service.publish_case(session, case_id))


async def _answer(session: ReadSession, principal: Principal, response: Response, case: Case) -> CaseOut:
    shown = await show_case(session, principal, case)
    set_region(response, case.region)
    return shown
