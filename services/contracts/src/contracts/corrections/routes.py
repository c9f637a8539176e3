"""Corrections over HTTP."""

from typing import Annotated, Literal
from uuid import UUID

from fastapi import Query, Request, Response
from sqlalchemy.ext.asyncio import AsyncSession

from contracts.bulk import BulkOut, apply_each
from contracts.contracts.answers import contract_out
from contracts.contracts.queries import get_contract, require_visible
from contracts.corrections import queries, service
from contracts.corrections.fields import CORRECTABLE, NOT_CORRECTABLE
from contracts.corrections.schemas import (
    CorrectableOut,
    CorrectionApprovalIn,
    CorrectionBulkIn,
    CorrectionIn,
    CorrectionLine,
    CorrectionOut,
    CorrectionsOut,
    FieldsOut,
    NoteIn,
    RejectionIn,
    correction_out,
)
from contracts.disclosure.queries import FIELDS
from contracts.lists import id_after
from shared.auth import Principal, allow
from shared.concurrency import IfMatch
from shared.db import ReadSession, WriteSession
from shared.pagination import Page, PageQuery, encode_cursor, page_response
from shared.web import router, set_region

__all__ = ["routes"]

routes = router(tags=["corrections"])

Reader = Annotated[Principal, allow("finance", "purchaser", "provider", "evaluator", "auditor", "operator")]
Supervisor = Annotated[Principal, allow("finance", "purchaser", "auditor", "operator")]
Manager = Annotated[Principal, allow("purchaser", "finance")]


@routes.get("/corrections/fields", summary="List what can be corrected")
async def list_fields(_: Reader) -> FieldsOut:
    """What a correction is for, field by field, and what is done instead where there is none."""
    shown = [
        CorrectableOut(field=name, correctable=correctable, reason=reason)
        for correctable, fields in ((True, CORRECTABLE), (False, NOT_CORRECTABLE))
        for name, reason in fields.items()
    ]
    return FieldsOut(items=shown)


@routes.get("/corrections", summary="List corrections of all contracts")
async def list_corrections(
    *,
    session: ReadSession,
    _: Supervisor,
    page: PageQuery,
    request: Request,
    response: Response,
    state: Annotated[
        Literal["requested", "approved", "rejected"] | None, Query(description="Only in this state.")
    ] = None,
) -> Page[CorrectionLine]:
    """Without their values, which stand with the contract: GET /v1/contracts/{id}/corrections."""
    found = await queries.list_corrections(session, limit=page.limit, after=id_after(page), state=state)
    shown = found[: page.limit]
    next_cursor = encode_cursor(shown[-1].id) if len(found) > page.limit else None
    items = [CorrectionLine.model_validate(each) for each in shown]
    return page_response(request, response, items, next_cursor=next_cursor)


@routes.post("/corrections:bulk", summary="Ask for many corrections")
async def bulk_corrections(body: CorrectionBulkIn, session: WriteSession, request: Request, _: Manager) -> BulkOut:
    """A result per item; what is refused stops none of the others. A second person approves (POST ...:approve)."""
    limit = request.app.state.settings.max_bulk_corrections
    return await apply_each(session, body.items, service.request_item, limit=limit)


@routes.post("/corrections:approve", summary="Approve many corrections")
async def approve_corrections(
    body: CorrectionApprovalIn, session: WriteSession, request: Request, _: Manager
) -> BulkOut:
    """A result per correction, as a second person; `updated` is one that was made."""

    async def approve(inner: AsyncSession, correction_id: UUID) -> tuple[UUID, str]:
        return (await service.approve_correction(inner, correction_id=correction_id, note=body.note)).id, "updated"

    return await apply_each(session, body.ids, approve, limit=request.app.state.settings.max_bulk_corrections)


@routes.post("/contracts/{contract_id}/corrections", status_code=201, summary="Ask for a correction")
async def request_correction(
    contract_id: UUID, body: CorrectionIn, session: WriteSession, response: Response, if_match: IfMatch, _: Manager
) -> CorrectionOut:
    """In every state after the draft, the end included. 409 when `old` is not what is recorded."""
    correction = await service.request_correction(session, body, contract_id=contract_id, if_match=if_match)
    set_region(response, correction.region)
    return correction_out(correction)


@routes.get("/contracts/{contract_id}/corrections", summary="List a contract's corrections")
async def list_contract_corrections(
    contract_id: UUID, session: ReadSession, response: Response, _: Reader
) -> CorrectionsOut:
    """Old, new, reason, proof and the two persons; what is withheld from you is left out."""
    record = await get_contract(session, contract_id=contract_id)
    set_region(response, record.state.region)
    withheld = {key for name in contract_out(record).withheld for key in FIELDS[name].keys}
    found = await queries.corrections_of(session, contract_id=contract_id)
    return CorrectionsOut(
        items=[correction_out(each, withheld=each.field.partition(".")[0] in withheld) for each in found]
    )


@routes.post("/contracts/{contract_id}/corrections/{correction_id}/approve", summary="Approve a correction")
async def approve_correction(
    *,
    contract_id: UUID,
    correction_id: UUID,
    session: WriteSession,
    response: Response,
    _: Manager,
    body: NoteIn | None = None,
) -> CorrectionOut:
    """By a second person: the term is corrected, the event tells the whole contract, a determined score is marked."""
    set_region(response, await require_visible(session, contract_id=contract_id))
    note = body.note if body else None
    return correction_out(
        await service.approve_correction(session, correction_id=correction_id, contract_id=contract_id, note=note)
    )


@routes.post("/contracts/{contract_id}/corrections/{correction_id}/reject", summary="Reject a correction")
async def reject_correction(
    contract_id: UUID, correction_id: UUID, body: RejectionIn, session: WriteSession, response: Response, _: Manager
) -> CorrectionOut:
    """By a second person, or by whoever asked for it and takes it back."""
    set_region(response, await require_visible(session, contract_id=contract_id))
    return correction_out(
        await service.reject_correction(
            session, correction_id=correction_id, contract_id=contract_id, reason=body.reason
        )
    )
