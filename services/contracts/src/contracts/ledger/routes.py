"""Reading the ledger over HTTP; the slice `dues` posts to it, for it knows what interest has run."""

from typing import Annotated
from uuid import UUID

from fastapi import Query, Request, Response

from contracts.contracts.queries import require_visible
from contracts.disclosure.queries import require_disclosed
from contracts.ledger import queries
from contracts.ledger.balances import balances_of
from contracts.ledger.schemas import BalancesOut, EntryOut, Kind
from contracts.lists import id_after
from contracts.structure.queries import require_call_offs_disclosed
from shared.auth import Principal, allow
from shared.db import ReadSession
from shared.pagination import Page, PageQuery, encode_cursor, page_response
from shared.web import router, set_region

__all__ = ["routes"]

routes = router(tags=["ledger"])

Reader = Annotated[Principal, allow("finance", "purchaser", "provider", "evaluator", "auditor", "operator")]


@routes.get("/contracts/{contract_id}/ledger", summary="List the ledger's entries")
async def list_entries(
    *,
    contract_id: UUID,
    session: ReadSession,
    _: Reader,
    page: PageQuery,
    request: Request,
    response: Response,
    kind: Annotated[Kind | None, Query(description="Only this kind.")] = None,
) -> Page[EntryOut]:
    """Every entry in the order of posting, those that were taken back included."""
    set_region(response, await require_visible(session, contract_id=contract_id))
    await require_disclosed(session, "money", contract_id=contract_id)
    found = await queries.list_entries(
        session, contract_id=contract_id, limit=page.limit, after=id_after(page), kind=kind
    )
    shown = found[: page.limit]
    next_cursor = encode_cursor(shown[-1].id) if len(found) > page.limit else None
    return page_response(
        request, response, [EntryOut.model_validate(entry) for entry in shown], next_cursor=next_cursor
    )


@routes.get("/contracts/{contract_id}/balances", summary="Show the closing balances")
async def show_balances(contract_id: UUID, session: ReadSession, response: Response, _: Reader) -> BalancesOut:
    """Accounts, budget years and shares of budget projects, and the execution that a score may count."""
    region, balances = await balances_of(session, contract_id=contract_id)
    await require_disclosed(session, "money", contract_id=contract_id)
    await require_call_offs_disclosed(session, framework_id=contract_id)
    set_region(response, region)
    return balances
