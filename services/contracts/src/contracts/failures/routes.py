"""Performance failures over HTTP."""

from typing import Annotated
from uuid import UUID

from fastapi import Request, Response

from contracts.contracts.queries import require_visible
from contracts.disclosure.queries import require_disclosed
from contracts.failures import queries, service
from contracts.failures.queries import Recorded
from contracts.failures.schemas import FailureIn, FailureOut, PenaltyIn, WithdrawIn
from contracts.lists import id_after
from shared.auth import Principal, allow
from shared.db import ReadSession, WriteSession
from shared.pagination import Page, PageQuery, encode_cursor, page_response
from shared.web import router, set_region

__all__ = ["routes"]

routes = router(tags=["failures"])

Reader = Annotated[Principal, allow("finance", "purchaser", "provider", "evaluator", "auditor", "operator")]
Purchaser = Annotated[Principal, allow("purchaser", "finance")]


def _out(recorded: Recorded) -> FailureOut:
    sums = {"penalty_imposed": recorded.imposed, "penalty_paid": recorded.paid, "penalty_owed": recorded.owed}
    derived = {*sums, "penalties"}
    plain = {name: getattr(recorded.failure, name) for name in FailureOut.model_fields if name not in derived}
    return FailureOut.model_validate(plain | sums | {"penalties": recorded.penalties})


def _answer(response: Response, recorded: Recorded) -> FailureOut:
    set_region(response, recorded.failure.region)
    return _out(recorded)


@routes.post("/contracts/{contract_id}/failures", status_code=201, summary="Record a performance failure")
async def record_failure(
    contract_id: UUID, body: FailureIn, session: WriteSession, response: Response, _: Purchaser
) -> FailureOut:
    """With the penalty that the contract provides, and what is imposed of it at once, booked in the ledger."""
    return _answer(response, await service.record_failure(session, body, contract_id=contract_id))


@routes.get("/contracts/{contract_id}/failures", summary="List performance failures")
async def list_failures(
    contract_id: UUID, session: ReadSession, _: Reader, page: PageQuery, request: Request, response: Response
) -> Page[FailureOut]:
    """Every failure in the order of recording, withdrawn ones included."""
    set_region(response, await require_visible(session, contract_id=contract_id))
    await require_disclosed(session, "money", contract_id=contract_id)
    found = await queries.failures_of(session, contract_id=contract_id, limit=page.limit, after=id_after(page))
    shown = found[: page.limit]
    next_cursor = encode_cursor(shown[-1].failure.id) if len(found) > page.limit else None
    return page_response(request, response, [_out(each) for each in shown], next_cursor=next_cursor)


@routes.post("/contracts/{contract_id}/failures/{failure_id}/penalties", summary="Book a penalty of a failure")
async def book_penalty(
    contract_id: UUID, failure_id: UUID, body: PenaltyIn, session: WriteSession, response: Response, _: Purchaser
) -> FailureOut:
    """A penalty, a deduction, or what was received of a penalty; at most what the contract provides."""
    recorded = await service.book_penalty(session, body, contract_id=contract_id, failure_id=failure_id)
    return _answer(response, recorded)


@routes.post("/contracts/{contract_id}/failures/{failure_id}/withdraw", summary="Withdraw a performance failure")
async def withdraw_failure(
    contract_id: UUID, failure_id: UUID, body: WithdrawIn, session: WriteSession, response: Response, _: Purchaser
) -> FailureOut:
    """With its reason; 409 while money stands booked for it."""
    recorded = await service.withdraw_failure(
        session, contract_id=contract_id, failure_id=failure_id, reason=body.reason
    )
    return _answer(response, recorded)
