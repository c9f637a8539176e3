"""Deputies and named persons over HTTP."""

from datetime import date
from typing import Annotated
from uuid import UUID

from fastapi import Query, Request, Response

from contracts.contracts.queries import require_visible
from contracts.deputies import queries, service
from contracts.deputies.schemas import (
    DeputyIn,
    DeputyOut,
    ResponsibilitiesOut,
    ResponsibilityIn,
    ResponsibilityOut,
    RevocationIn,
)
from contracts.lists import id_after
from shared.auth import Principal, allow
from shared.db import ReadSession, WriteSession
from shared.pagination import Page, PageQuery, encode_cursor, page_response
from shared.web import router, set_region

__all__ = ["routes"]

routes = router(tags=["acts"])

Supervisor = Annotated[Principal, allow("finance", "purchaser", "auditor", "operator")]
Staff = Annotated[Principal, allow("finance", "purchaser", "operator")]
Manager = Annotated[Principal, allow("purchaser", "finance")]


@routes.post("/deputies", status_code=201, summary="Name a deputy")
async def name_deputy(body: DeputyIn, session: WriteSession, principal: Staff) -> DeputyOut:
    """By the person itself or an operator. A deputy's act names both persons."""
    fields = body.model_dump(exclude={"region", "subject"})
    entry = await service.name_deputy(session, subject=body.subject or principal.subject, scope=body.region, **fields)
    return DeputyOut.model_validate(entry)


@routes.get("/deputies", summary="List deputies")
async def list_deputies(
    *,
    session: ReadSession,
    _: Supervisor,
    page: PageQuery,
    request: Request,
    response: Response,
    subject: Annotated[str | None, Query(description="Only of this person.", max_length=200)] = None,
    on: Annotated[date | None, Query(description="Only those who are deputies on this day.")] = None,
) -> Page[DeputyOut]:
    """Your own, on either side; finance, auditors and operators see those of their regions."""
    found = await queries.list_deputies(session, limit=page.limit, after=id_after(page), subject=subject, on=on)
    shown = found[: page.limit]
    next_cursor = encode_cursor(shown[-1].id) if len(found) > page.limit else None
    return page_response(request, response, [DeputyOut.model_validate(each) for each in shown], next_cursor=next_cursor)


@routes.post("/deputies/{deputy_id}/revoke", summary="End a deputy's right early")
async def revoke_deputy(deputy_id: UUID, body: RevocationIn, session: WriteSession, _: Staff) -> DeputyOut:
    """By either person or an operator; what was done by it stands."""
    return DeputyOut.model_validate(await service.revoke_deputy(session, deputy_id=deputy_id, reason=body.reason))


@routes.post("/contracts/{contract_id}/responsibilities", status_code=201, summary="Say who answers for a duty")
async def name_responsible(
    contract_id: UUID, body: ResponsibilityIn, session: WriteSession, response: Response, _: Manager
) -> ResponsibilityOut:
    """From now on, in place of whoever did before."""
    named = await service.name_responsible(session, contract_id=contract_id, duty=body.duty, subject=body.subject)
    set_region(response, named.region)
    return ResponsibilityOut.model_validate(named)


@routes.get("/contracts/{contract_id}/responsibilities", summary="List who answers for what")
async def list_responsibilities(
    contract_id: UUID, session: ReadSession, response: Response, _: Supervisor
) -> ResponsibilitiesOut:
    """From the beginning; entries without an end hold now."""
    set_region(response, await require_visible(session, contract_id=contract_id))
    found = await queries.responsibilities_of(session, contract_id=contract_id)
    return ResponsibilitiesOut(items=[ResponsibilityOut.model_validate(each) for each in found])
