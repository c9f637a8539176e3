"""Inspections over HTTP."""

from collections.abc import Sequence
from typing import Annotated
from uuid import UUID

from fastapi import Request, Response
from sqlalchemy.ext.asyncio import AsyncSession

from contracts.disclosure.queries import WITHHELD, marked_documents
from contracts.inspections import queries, service
from contracts.inspections.models import Inspection
from contracts.inspections.schemas import CancelIn, InspectionIn, InspectionOut, VisitIn
from contracts.lists import id_after
from shared.auth import Principal, allow
from shared.concurrency import IfMatch, etag
from shared.db import ReadSession, WriteSession
from shared.pagination import Page, PageQuery, encode_cursor, page_response
from shared.web import router, set_region

__all__ = ["routes"]

routes = router(tags=["inspections"])

Reader = Annotated[Principal, allow("finance", "purchaser", "provider", "evaluator", "auditor", "operator")]
Supervisor = Annotated[Principal, allow("finance", "purchaser", "auditor")]


async def _told(session: AsyncSession, contract_id: UUID, found: Sequence[Inspection]) -> list[InspectionOut]:
    """As the caller may read them: of a document with a mark only the hash is told."""
    marked = await marked_documents(session, contract_id=contract_id)
    told = []
    for each in (InspectionOut.model_validate(one) for one in found):
        documents = [
            one.model_copy(update={"title": WITHHELD, "link": None}) if one.sha256 in marked else one
            for one in each.documents
        ]
        told.append(each.model_copy(update={"documents": documents}) if marked else each)
    return told


def _answer(response: Response, inspection: Inspection) -> InspectionOut:
    set_region(response, inspection.region)
    response.headers["ETag"] = etag(inspection.version)
    return InspectionOut.model_validate(inspection)


@routes.post("/contracts/{contract_id}/inspections", status_code=201, summary="Plan an inspection")
async def plan_inspection(
    contract_id: UUID, body: InspectionIn, session: WriteSession, response: Response, _: Supervisor
) -> InspectionOut:
    """With its checklist. Inspectors are offices; an unannounced one is hidden from the provider until the visit."""
    inspection = await service.plan_inspection(session, body, contract_id=contract_id)
    response.headers["Location"] = f"/v1/inspections/{inspection.id}"
    return _answer(response, inspection)


@routes.get("/contracts/{contract_id}/inspections", summary="List inspections")
async def list_inspections(
    contract_id: UUID, session: ReadSession, _: Reader, page: PageQuery, request: Request, response: Response
) -> Page[InspectionOut]:
    """In the order of planning. A provider sees its own contracts', and unannounced ones once carried out."""
    set_region(response, (await queries.inspected_contract(session, contract_id=contract_id)).state.region)
    found = await queries.list_inspections(session, contract_id=contract_id, limit=page.limit, after=id_after(page))
    shown = found[: page.limit]
    next_cursor = encode_cursor(shown[-1].id) if len(found) > page.limit else None
    items = await _told(session, contract_id, shown)
    return page_response(request, response, items, next_cursor=next_cursor)


@routes.get("/inspections/{inspection_id}", summary="Show an inspection")
async def show_inspection(inspection_id: UUID, session: ReadSession, response: Response, _: Reader) -> InspectionOut:
    """Checklist, results, documents."""
    inspection = await queries.find_inspection(session, inspection_id=inspection_id)
    await queries.inspected_contract(session, contract_id=inspection.contract_id)
    _answer(response, inspection)
    (told,) = await _told(session, inspection.contract_id, [inspection])
    return told


@routes.post("/inspections/{inspection_id}/visit", summary="Record what an inspection found")
async def record_visit(
    *,
    inspection_id: UUID,
    body: VisitIn,
    session: WriteSession,
    response: Response,
    _: Supervisor,
    if_match: IfMatch,
) -> InspectionOut:
    """One result for each point of the checklist; what must be put right is opened as a finding (POST .../findings)."""
    done = await service.record_visit(session, body, inspection_id=inspection_id, if_match=if_match)
    return _answer(response, done)


@routes.post("/inspections/{inspection_id}/cancel", summary="Cancel a planned inspection")
async def cancel_inspection(
    *,
    inspection_id: UUID,
    body: CancelIn,
    session: WriteSession,
    response: Response,
    _: Supervisor,
    if_match: IfMatch,
) -> InspectionOut:
    """With the reason."""
    done = await service.cancel_inspection(session, inspection_id=inspection_id, reason=body.reason, if_match=if_match)
    return _answer(response, done)
