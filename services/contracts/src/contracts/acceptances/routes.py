"""Acceptances over HTTP."""

from typing import Annotated
from uuid import UUID

from fastapi import Request, Response

from contracts.acceptances import queries, service
from contracts.acceptances.schemas import AcceptanceIn, AcceptanceOut
from contracts.contracts.queries import require_visible
from contracts.disclosure.queries import require_disclosed
from contracts.lists import id_after
from shared.auth import Principal, allow
from shared.db import ReadSession, WriteSession
from shared.pagination import Page, PageQuery, encode_cursor, page_response
from shared.web import router, set_region

__all__ = ["routes"]

routes = router(tags=["acceptances"])

Reader = Annotated[Principal, allow("finance", "purchaser", "provider", "evaluator", "auditor", "operator")]
Acceptor = Annotated[Principal, allow("purchaser", "finance")]


@routes.post("/contracts/{contract_id}/acceptances", status_code=201, summary="Record a result of acceptance")
async def record_acceptance(
    contract_id: UUID, body: AcceptanceIn, session: WriteSession, response: Response, _: Acceptor
) -> AcceptanceOut:
    """Books its value in the ledger; for public services it carries the recipients' opinion."""
    acceptance = await service.record_acceptance(session, body, contract_id=contract_id)
    set_region(response, acceptance.region)
    return AcceptanceOut.model_validate(acceptance)


@routes.get("/contracts/{contract_id}/acceptances", summary="List acceptances")
async def list_acceptances(
    contract_id: UUID, session: ReadSession, _: Reader, page: PageQuery, request: Request, response: Response
) -> Page[AcceptanceOut]:
    """Every acceptance in the order of recording."""
    set_region(response, await require_visible(session, contract_id=contract_id))
    await require_disclosed(session, "money", "opinion", contract_id=contract_id)
    found = await queries.list_acceptances(session, contract_id=contract_id, limit=page.limit, after=id_after(page))
    shown = found[: page.limit]
    next_cursor = encode_cursor(shown[-1].id) if len(found) > page.limit else None
    items = [AcceptanceOut.model_validate(acceptance) for acceptance in shown]
    return page_response(request, response, items, next_cursor=next_cursor)
