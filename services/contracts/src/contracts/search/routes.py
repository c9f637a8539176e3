"""The list of contracts over HTTP: every filter, full text, pages in the order of recording."""

from datetime import date
from typing import Annotated, Literal
from uuid import UUID

from fastapi import Depends, Query, Request, Response

from contracts.contracts.answers import ContractOut, contract_out
from contracts.contracts.queries import read_contracts
from contracts.lists import id_after
from contracts.regions.queries import parse_region
from contracts.search import queries
from contracts.search.filters import Filters
from shared.auth import Principal, allow
from shared.db import ReadSession
from shared.pagination import Page, PageQuery, encode_cursor, page_response
from shared.problems import Forbidden, Unprocessable
from shared.web import Money, router

__all__ = ["routes"]

routes = router(tags=["contracts"])

State = Literal["draft", "pending", "active", "suspended", "completed", "terminated", "cancelled"]
Flag = Literal[
    "singleBid",
    "shortNotice",
    "underThreshold",
    "splitPurchases",
    "amendmentCreep",
    "paidBeforeAccepted",
    "concentration",
]
Reader = Annotated[Principal, allow("finance", "purchaser", "provider", "evaluator", "auditor", "operator")]
# Flags are unanswered questions about named parties (contracts.flags.routes).
FLAG_READERS = frozenset({"finance", "purchaser", "auditor", "operator"})
Amount = Annotated[Money | None, Query(ge=0, lt=10**16, description="Contract value at least, two decimals.")]


def _refused(name: str, reason: str) -> Unprocessable:
    return Unprocessable(f"{name}: {reason}", errors=[{"pointer": f"query:{name}", "detail": reason}])


async def _filters(
    *,
    principal: Reader,
    state: Annotated[State | None, Query(description="State.")] = None,
    origin: Annotated[Literal["native", "import"] | None, Query(description="native | import.")] = None,
    region: Annotated[str | None, Query(description="Region, with everything below it.", max_length=16)] = None,
    shared_region: Annotated[
        bool, Query(description="With `region`: also contracts of which the region, or one below it, has a share.")
    ] = False,
    purchaser_id: Annotated[UUID | None, Query(description="Purchaser; of several, the lead.")] = None,
    provider_id: Annotated[UUID | None, Query(description="Provider; of several, the lead.")] = None,
    service_category: Annotated[str | None, Query(description="Exactly this catalogue item.", max_length=8)] = None,
    category: Annotated[
        str | None,
        Query(description="Catalogue item with everything below it.", pattern=r"^[A-Z][0-9]{0,6}$", examples=["A04"]),
    ] = None,
    procurement_method: Annotated[
        Literal["open", "selective", "limited", "direct"] | None,
        Query(description="As in OCDS."),
    ] = None,
    year: Annotated[
        int | None, Query(ge=1900, le=2200, description="Year of the signature, else of the term's begin.")
    ] = None,
    signed_from: Annotated[date | None, Query(description="Signed on this day or later.")] = None,
    signed_to: Annotated[date | None, Query(description="Signed on this day or earlier.")] = None,
    in_force_from: Annotated[date | None, Query(description="The term ends on this day or later.")] = None,
    in_force_to: Annotated[date | None, Query(description="The term begins on this day or earlier.")] = None,
    value_from: Amount = None,
    value_to: Annotated[Money | None, Query(ge=0, lt=10**16, description="Contract value at most.")] = None,
    currency: Annotated[str | None, Query(pattern=r"^[A-Z]{3}$", description="Currency of the value.")] = None,
    contract_number: Annotated[str | None, Query(description="Number on the contract.", max_length=100)] = None,
    source: Annotated[str | None, Query(description="Source system of an external id.", max_length=100)] = None,
    external_id: Annotated[str | None, Query(description="Id in that source system.", max_length=200)] = None,
    flag: Annotated[
        Flag | None, Query(description="With this risk flag raised, at its last computation; for those who see flags.")
    ] = None,
    text: Annotated[
        str | None,
        Query(
            max_length=200,
            description="Words of number, title or parties' names, all of them: Chinese anywhere in the text, letters "
            "and digits from the beginning of a word.",
            examples=["养老 服务中心"],
        ),
    ] = None,
    simulated: Annotated[bool | None, Query(description="Only contracts made up for a demonstration, or none.")] = None,
) -> Filters:
    if region is not None:
        try:
            region = parse_region(region)
        except ValueError as error:
            raise _refused("region", str(error)) from error
    if shared_region and region is None:
        raise _refused("shared_region", "name the region, too")
    if text is not None and not queries.searchable(text):
        raise _refused("text", "name a word to search for: a letter, a digit or a character")
    for low, high, names in (
        (signed_from, signed_to, "signed"),
        (value_from, value_to, "value"),
    ):
        if low is not None and high is not None and low > high:  # type: ignore[operator]
            raise _refused(f"{names}_to", f"is below {names}_from: no contract lies between")
    if flag is not None and not principal.roles & FLAG_READERS:
        raise Forbidden("Risk flags are seen by those who supervise and those who manage; leave `flag` out.")
    return Filters(
        state=state,
        origin=origin,
        region=region,
        shared_region=shared_region,
        purchaser_id=purchaser_id,
        provider_id=provider_id,
        service_category=service_category,
        category=category,
        method=procurement_method,
        year=year,
        signed_from=signed_from,
        signed_to=signed_to,
        in_force_from=in_force_from,
        in_force_to=in_force_to,
        value_from=value_from,
        value_to=value_to,
        currency=currency,
        contract_number=contract_number,
        source=source,
        external_id=external_id,
        flag=flag,
        text=text,
        simulated=simulated,
    )


@routes.get("/contracts", summary="List and search contracts")
async def list_contracts(
    *,
    session: ReadSession,
    _: Reader,
    page: PageQuery,
    filters: Annotated[Filters, Depends(_filters)],
    request: Request,
    response: Response,
    order: Annotated[
        Literal["oldest", "newest"], Query(description="Order of recording: oldest | newest first.")
    ] = "oldest",
) -> Page[ContractOut]:
    """Contracts of your regions that meet every filter. A page costs the same wherever it is in the list."""
    found = await queries.find_contracts(
        session, filters=filters, limit=page.limit, after=id_after(page), newest_first=order == "newest"
    )
    shown = found[: page.limit]
    records = await read_contracts(session, contract_ids=shown) if shown else []
    next_cursor = encode_cursor(shown[-1]) if len(found) > page.limit else None
    return page_response(request, response, [contract_out(record) for record in records], next_cursor=next_cursor)
