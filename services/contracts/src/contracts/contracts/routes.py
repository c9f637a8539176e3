"""Contracts over HTTP."""

from typing import Annotated, Literal
from uuid import UUID

from fastapi import Depends, Request, Response

from contracts.bulk import BulkOut, apply_each
from contracts.contracts import queries, service
from contracts.contracts.answers import ContractOut, HistoryOut, contract_out, history_out
from contracts.contracts.queries import ContractRecord
from contracts.contracts.schemas import (
    ActivateIn,
    ContractBulkIn,
    ContractIn,
    ContractPatch,
    MilestoneReportIn,
    OptionalReasonIn,
    ReasonIn,
    TerminateIn,
)
from shared.auth import Principal, allow
from shared.concurrency import EDITING, IfMatch, etag, if_match_required
from shared.db import ReadSession, WriteSession
from shared.pagination import Page, PageQuery, encode_cursor, page_response
from shared.web import router, set_region

__all__ = ["routes"]

routes = router(tags=["contracts"])

State = Literal["draft", "pending", "active", "suspended", "completed", "terminated", "cancelled"]
Reader = Annotated[Principal, allow("finance", "purchaser", "provider", "evaluator", "auditor", "operator")]
Manager = Annotated[Principal, allow("purchaser", "finance")]
Reporter = Annotated[Principal, allow("purchaser", "provider", "finance")]


def _answer(response: Response, record: ContractRecord) -> ContractOut:
    response.headers["ETag"] = etag(record.state.version)
    set_region(response, record.state.region)
    return contract_out(record)


@routes.post("/contracts", status_code=201, summary="Draft a contract")
async def create_contract(body: ContractIn, session: WriteSession, response: Response, _: Manager) -> ContractOut:
    """403 for a region outside your scope; 409 for parties that are not recorded and for a known external id."""
    record = await service.create_contract(session, body)
    response.headers["Location"] = f"/v1/contracts/{record.state.contract_id}"
    return _answer(response, record)


@routes.post("/contracts:bulk", summary="Draft many contracts, or bring their drafts up to date")
async def bulk_contracts(body: ContractBulkIn, session: WriteSession, request: Request, _: Manager) -> BulkOut:
    """Upsert by `external_id` with a result per item; the same content again changes nothing."""
    limit = request.app.state.settings.max_bulk_contracts
    return await apply_each(session, body.items, service.upsert_contract, limit=limit)


@routes.get("/contracts/{contract_id}", summary="Show a contract")
async def show_contract(contract_id: UUID, session: ReadSession, response: Response, _: Reader) -> ContractOut:
    """The whole contract; its ETag is what `If-Match` of a change wants."""
    return _answer(response, await queries.get_contract(session, contract_id=contract_id))


@routes.patch("/contracts/{contract_id}", summary="Change a draft", openapi_extra=EDITING)
async def update_contract(
    *,
    contract_id: UUID,
    body: ContractPatch,
    session: WriteSession,
    response: Response,
    _: Manager,
    if_match: Annotated[int | None, Depends(if_match_required("/v1/contracts/{contract_id}"))],
) -> ContractOut:
    """What the body does not name stays; lists are replaced whole. 409 unless the contract is a draft."""
    return _answer(response, await service.update_contract(session, body, contract_id=contract_id, if_match=if_match))


@routes.post("/contracts/{contract_id}/submit", summary="Submit a draft for signature")
async def submit_contract(
    contract_id: UUID, session: WriteSession, response: Response, if_match: IfMatch, _: Manager
) -> ContractOut:
    """Draft -> pending."""
    return _answer(response, await service.submit_contract(session, contract_id=contract_id, if_match=if_match))


@routes.post("/contracts/{contract_id}/return", summary="Return a pending contract to draft")
async def return_contract(
    contract_id: UUID,
    session: WriteSession,
    response: Response,
    if_match: IfMatch,
    _: Manager,
    body: OptionalReasonIn | None = None,
) -> ContractOut:
    """Pending -> draft."""
    reason = body.reason if body else None
    return _answer(
        response, await service.return_contract(session, contract_id=contract_id, reason=reason, if_match=if_match)
    )


@routes.post("/contracts/{contract_id}/activate", summary="Bring a contract into force")
async def activate_contract(
    contract_id: UUID,
    session: WriteSession,
    response: Response,
    if_match: IfMatch,
    _: Manager,
    body: ActivateIn | None = None,
) -> ContractOut:
    """Pending -> active; 409 names everything that is missing, with its rule and how to mend it."""
    named = body.model_dump() if body else {}
    return _answer(
        response, await service.activate_contract(session, contract_id=contract_id, if_match=if_match, **named)
    )


@routes.post("/contracts/{contract_id}/suspend", summary="Suspend a contract in force")
async def suspend_contract(
    contract_id: UUID, body: ReasonIn, session: WriteSession, response: Response, if_match: IfMatch, _: Manager
) -> ContractOut:
    """Active -> suspended."""
    return _answer(
        response,
        await service.suspend_contract(session, contract_id=contract_id, reason=body.reason, if_match=if_match),
    )


@routes.post("/contracts/{contract_id}/resume", summary="Resume a suspended contract")
async def resume_contract(
    contract_id: UUID,
    session: WriteSession,
    response: Response,
    if_match: IfMatch,
    _: Manager,
    body: OptionalReasonIn | None = None,
) -> ContractOut:
    """Suspended -> active."""
    reason = body.reason if body else None
    return _answer(
        response, await service.resume_contract(session, contract_id=contract_id, reason=reason, if_match=if_match)
    )


@routes.post("/contracts/{contract_id}/complete", summary="Complete a contract")
async def complete_contract(
    contract_id: UUID, session: WriteSession, response: Response, if_match: IfMatch, _: Manager
) -> ContractOut:
    """Active -> completed; 409 names each missing thing, with its rule and how to mend it."""
    return _answer(response, await service.complete_contract(session, contract_id=contract_id, if_match=if_match))


@routes.post("/contracts/{contract_id}/terminate", summary="End a contract before its completion")
async def terminate_contract(
    contract_id: UUID, body: TerminateIn, session: WriteSession, response: Response, if_match: IfMatch, _: Manager
) -> ContractOut:
    """Active | suspended -> terminated."""
    return _answer(
        response,
        await service.terminate_contract(
            session, contract_id=contract_id, reason=body.reason, end_reason=body.end_reason, if_match=if_match
        ),
    )


@routes.post("/contracts/{contract_id}/cancel", summary="Cancel a contract that never came into force")
async def cancel_contract(
    contract_id: UUID, body: ReasonIn, session: WriteSession, response: Response, if_match: IfMatch, _: Manager
) -> ContractOut:
    """Draft | pending -> cancelled."""
    return _answer(
        response, await service.cancel_contract(session, contract_id=contract_id, reason=body.reason, if_match=if_match)
    )


@routes.post("/contracts/{contract_id}/milestones/{milestone_id}/report", summary="Report a milestone")
async def report_milestone(
    *,
    contract_id: UUID,
    milestone_id: UUID,
    body: MilestoneReportIn,
    session: WriteSession,
    response: Response,
    if_match: IfMatch,
    _: Reporter,
) -> ContractOut:
    """While the contract is in force. A second report is a correction: `note` says why."""
    record = await service.report_milestone(
        session, body, contract_id=contract_id, milestone_id=milestone_id, if_match=if_match
    )
    return _answer(response, record)


@routes.get("/contracts/{contract_id}/history", summary="Who did what to a contract")
async def show_history(
    *, contract_id: UUID, session: ReadSession, _: Reader, page: PageQuery, request: Request, response: Response
) -> Page[HistoryOut]:
    """Acts in order, facts about the contract included."""
    set_region(response, await queries.require_visible(session, contract_id=contract_id))
    after = page.cursor[0] if page.cursor and isinstance(page.cursor[0], int) else None
    rows = await queries.history_of(session, contract_id=contract_id, limit=page.limit, after=after)
    shown = rows[: page.limit]
    next_cursor = encode_cursor(shown[-1].n) if len(rows) > page.limit else None
    return page_response(request, response, [history_out(row) for row in shown], next_cursor=next_cursor)
