"""Risk flags over HTTP: computed when they are asked for, from what is recorded then."""

from typing import Annotated, Literal
from uuid import UUID

from fastapi import Query, Request, Response

from contracts.disclosure.queries import require_disclosed
from contracts.flags import queries
from contracts.flags.schemas import ContractFlagsOut, contract_flags_out
from contracts.lists import id_after
from contracts.regions.queries import parse_region
from shared.auth import Principal, allow
from shared.db import ReadSession
from shared.pagination import Page, PageQuery, encode_cursor, page_response
from shared.problems import Unprocessable
from shared.web import router, set_region

__all__ = ["routes"]

routes = router(tags=["flags"])
# Flags are unanswered questions about named parties: only those who supervise and those who manage see them.
Reader = Annotated[Principal, allow("finance", "purchaser", "auditor", "operator")]
Kind = Literal[
    "singleBid",
    "shortNotice",
    "underThreshold",
    "splitPurchases",
    "amendmentCreep",
    "paidBeforeAccepted",
    "concentration",
]


@routes.get("/contracts/{contract_id}/flags", summary="A contract's risk flags")
async def show_flags(contract_id: UUID, session: ReadSession, response: Response, _: Reader) -> ContractFlagsOut:
    """Every flag of the contract's rule set with its figures and its legal source, the clear ones included."""
    found = await queries.flags_of_contract(session, contract_id=contract_id)
    await require_disclosed(session, *queries.FIELDS, contract_id=contract_id)
    set_region(response, found[0].state.region)
    return contract_flags_out(found)


@routes.get("/flags", summary="Contracts with raised risk flags")
async def list_flags(
    *,
    session: ReadSession,
    _: Reader,
    page: PageQuery,
    request: Request,
    response: Response,
    region: Annotated[str | None, Query(description="Region, with everything below it.", max_length=16)] = None,
    purchaser_id: Annotated[UUID | None, Query(description="Purchaser.")] = None,
    provider_id: Annotated[UUID | None, Query(description="Provider.")] = None,
    kind: Annotated[Kind | None, Query(description="Flags of this kind only.")] = None,
) -> Page[ContractFlagsOut]:
    """A page looks at `limit` contracts and lists those with a raised flag, so that it may be short, even empty.

    Go on while `next` is not null.
    """
    if region is not None:
        try:
            region = parse_region(region)
        except ValueError as error:
            raise Unprocessable(
                f"region: {error}", errors=[{"pointer": "query:region", "detail": str(error)}]
            ) from error
    filters = {"region": region, "purchaser_id": purchaser_id, "provider_id": provider_id}
    found, more = await queries.flagged_contracts(session, limit=page.limit, after=id_after(page), filters=filters)
    items = [contract_flags_out(each, raised_only=True, kind=kind) for each in found]
    next_cursor = encode_cursor(more) if more else None
    return page_response(request, response, [item for item in items if item.raised], next_cursor=next_cursor)
