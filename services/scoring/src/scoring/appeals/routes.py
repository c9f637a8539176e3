"""Appeals over HTTP."""

from typing import Annotated, Literal
from uuid import UUID

from fastapi import Query, Request, Response
from sqlalchemy.ext.asyncio import AsyncSession

from scoring.appeals import queries, service
from scoring.appeals.case import marks_of
from scoring.appeals.models import Appeal
from scoring.appeals.schemas import (
    AppealEntryOut,
    AppealIn,
    AppealOut,
    DecisionIn,
    MarksOut,
    NewDeterminationIn,
    ServiceOfDecisionIn,
    SuspensionIn,
    WithdrawalIn,
)
from scoring.results.scope import id_after, own_side
from shared import clock
from shared.auth import Principal, allow
from shared.concurrency import IfMatch, etag
from shared.db import ReadSession, WriteSession
from shared.pagination import Page, PageQuery, encode_cursor, page_response
from shared.web import router, set_region

__all__ = ["routes"]

routes = router(tags=["appeals"])

Reader = Annotated[Principal, allow("finance", "purchaser", "auditor", "operator", "provider")]
Party = Annotated[Principal, allow("provider", "purchaser")]
Decider = Annotated[Principal, allow("finance")]
Authority = Annotated[Principal, allow("finance", "purchaser")]


@routes.post("/appeals", status_code=201, summary="Appeal")
async def file_appeal(body: AppealIn, session: WriteSession, principal: Party, response: Response) -> AppealOut:  # noqa: ARG001
    """By the provider or the purchaser of the case, within the time that begins with the service of the decision.

    It suspends the publication and the money effects of a determination unless a reasoned order says otherwise.
    """
    appeal = await service.file_appeal(session, body)
    response.headers["Location"] = f"/v1/appeals/{appeal.id}"
    return await _answer(response, session, appeal)


@routes.get("/appeals", summary="List appeals")
async def list_appeals(
    *,
    session: ReadSession,
    principal: Reader,
    page: PageQuery,
    request: Request,
    response: Response,
    contract_id: Annotated[UUID | None, Query(description="Only of this contract.")] = None,
    against_id: Annotated[UUID | None, Query(description="Only against this decision.")] = None,
    state: Annotated[Literal["filed", "decided", "withdrawn"] | None, Query(description="Only in this state.")] = None,
    overdue: Annotated[bool, Query(description="Only those whose time has run out.")] = False,
) -> Page[AppealOut]:
    """In the order of filing; a provider sees those of its own cases, whoever filed them."""
    found = await queries.list_appeals(
        session,
        limit=page.limit,
        after=id_after(page),
        party=own_side(principal),
        contract_id=contract_id,
        against_id=against_id,
        state=state,
        overdue_on=clock.today() if overdue else None,
    )
    shown = found[: page.limit]
    next_cursor = encode_cursor(shown[-1].id) if len(found) > page.limit else None
    return page_response(request, response, [_out(each, None) for each in shown], next_cursor=next_cursor)


@routes.get("/appeals/{appeal_id}", summary="Read an appeal")
async def get_appeal(appeal_id: UUID, session: ReadSession, principal: Reader, response: Response) -> AppealOut:
    """With its history."""
    return await _answer(response, session, await queries.find_appeal(session, appeal_id, party=own_side(principal)))


@routes.get("/appeals/{appeal_id}/marks", summary="The marks of the case")
async def get_marks(appeal_id: UUID, session: ReadSession, principal: Reader, response: Response) -> MarksOut:
    """Every evaluator's marks as they were given, and what calibration made of them; evaluators are pseudonymous."""
    appeal = await queries.find_appeal(session, appeal_id, party=own_side(principal))
    set_region(response, appeal.region)
    return await marks_of(session, appeal.contract_id)


@routes.post("/appeals/{appeal_id}/withdraw", summary="Withdraw an appeal")
async def withdraw_appeal(  # noqa: PLR0917 - FastAPI calls it by name
    appeal_id: UUID,
    body: WithdrawalIn,
    session: WriteSession,
    principal: Party,
    if_match: IfMatch,
    response: Response,
) -> AppealOut:
    """By the side that filed it; what it suspended goes on."""
    if "purchaser" not in principal.roles:
        await queries.find_appeal(session, appeal_id, party=own_side(principal))
    appeal = await service.withdraw_appeal(session, appeal_id, reason=body.reason, if_match=if_match)
    return await _answer(response, session, appeal)


@routes.post("/appeals/{appeal_id}/suspension", summary="Order about the suspension")
async def order_suspension(  # noqa: PLR0917 - FastAPI calls it by name
    appeal_id: UUID,
    body: SuspensionIn,
    session: WriteSession,
    principal: Decider,  # noqa: ARG001
    if_match: IfMatch,
    response: Response,
) -> AppealOut:
    """With reasons; by none of those who decided first."""
    appeal = await service.order_suspension(session, appeal_id, body, if_match=if_match)
    return await _answer(response, session, appeal)


@routes.post("/appeals/{appeal_id}/decide", summary="Decide an appeal")
async def decide_appeal(  # noqa: PLR0917 - FastAPI calls it by name
    appeal_id: UUID,
    body: DecisionIn,
    session: WriteSession,
    principal: Decider,  # noqa: ARG001
    if_match: IfMatch,
    response: Response,
) -> AppealOut:
    """Upheld, changed, annulled or remitted, with reasons; 409 for anybody who took part in the first decision.

    Corrected marks enter the evidence as the round's own parameters make them, and the score follows by itself.
    """
    appeal = await service.decide_appeal(session, appeal_id, body, if_match=if_match)
    return await _answer(response, session, appeal)


@routes.post("/appeals/{appeal_id}/determination", status_code=201, summary="Carry out a decision")
async def determine_on_appeal(  # noqa: PLR0917 - FastAPI calls it by name
    appeal_id: UUID,
    body: NewDeterminationIn,
    session: WriteSession,
    principal: Authority,  # noqa: ARG001
    if_match: IfMatch,
    response: Response,
) -> AppealOut:
    """Issue the determination that replaces the one appealed against, after `changed` or `remitted`."""
    appeal = await service.determine_on_appeal(session, appeal_id, body, if_match=if_match)
    response.headers["Location"] = f"/v1/determinations/{appeal.new_determination_id}"
    return await _answer(response, session, appeal)


@routes.post("/appeals/{appeal_id}/serve", summary="Record the service of the decision")
async def serve_decision(  # noqa: PLR0917 - FastAPI calls it by name
    appeal_id: UUID,
    body: ServiceOfDecisionIn,
    session: WriteSession,
    principal: Decider,  # noqa: ARG001
    if_match: IfMatch,
    response: Response,
) -> AppealOut:
    """On the side that appealed, with proof."""
    return await _answer(response, session, await service.serve_decision(session, appeal_id, body, if_match=if_match))


async def _answer(response: Response, session: AsyncSession, appeal: Appeal) -> AppealOut:
    await session.flush()
    set_region(response, appeal.region)
    response.headers["ETag"] = etag(appeal.version)
    entries = [AppealEntryOut.model_validate(each) for each in await queries.history_of(session, appeal.id)]
    return _out(appeal, entries)


def _out(appeal: Appeal, history: list[AppealEntryOut] | None) -> AppealOut:
    columns = {column.key: getattr(appeal, column.key) for column in Appeal.__table__.columns}
    return AppealOut.model_validate(columns | {"history": history})
