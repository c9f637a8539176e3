from datetime import date, datetime
from typing import Annotated, Literal
from uuid import UUID

from fastapi import Query, Request, Response
from pydantic import AwareDatetime

from scoring.evidence import queries, service
from scoring.evidence.errors import EvidenceNotFound
from scoring.evidence.schemas import EvidenceIn, EvidenceOut
from scoring.evidence.visibility import may_know
from shared.auth import Principal, allow
from shared.db import ReadSession, WriteSession
from shared.pagination import Page, PageQuery, Paging, encode_cursor, page_response
from shared.problems import Unprocessable
from shared.web import router, set_region

__all__ = ["routes"]

routes = router(tags=["evidence"])

# What a live score rests on is seen by those who see the live score: the officers of the tenant.
Officer = Annotated[Principal, allow("finance", "purchaser", "auditor", "operator")]
Recorder = Annotated[Principal, allow("finance", "purchaser")]
Kind = Literal["contract", "observation", "ledger", "acceptance", "wave", "manual", "statistic", "rating"]


@routes.get("/evidence", summary="List the evidence of a contract")
async def list_evidence(
    *,
    session: ReadSession,
    principal: Officer,
    page: PageQuery,
    request: Request,
    response: Response,
    contract_id: Annotated[UUID, Query(description="The contract.")],
    kind: Annotated[Kind | None, Query(description="Only this kind.")] = None,
    known_at: Annotated[
        AwareDatetime | None, Query(description="Only what had come in by this instant (RFC 3339 with its zone).")
    ] = None,
    valid_at: Annotated[
        date | None, Query(description="Only what speaks of this day or an earlier one and had not run out by then.")
    ] = None,
    in_force: Annotated[
        bool, Query(description="Leave out what a later item replaces, as far as that was known by `known_at`.")
    ] = False,
) -> Page[EvidenceOut]:
    """Everything known of a contract in the order in which it came in, corrected and late items included.

    `known_at` and `valid_at` together ask what was known on one day about another.
    """
    contract = await queries.contract_of(session, contract_id)
    if contract is None or not may_know(principal, contract):
        raise EvidenceNotFound(f"Contract {contract_id} is unknown here, or of another region.")
    set_region(response, contract.region)
    found = await queries.list_evidence(
        session,
        contract_id=contract_id,
        kind=kind,
        known_at=known_at,
        valid_at=valid_at,
        in_force=in_force,
        after=_after(page),
        limit=page.limit + 1,
    )
    shown = found[: page.limit]
    last = shown[-1] if len(found) > page.limit else None
    next_cursor = encode_cursor(last.received_at, last.id, last.version) if last else None
    items = [EvidenceOut.model_validate(item) for item in shown]
    return page_response(request, response, items, next_cursor=next_cursor)


@routes.get("/evidence/{evidence_id}", summary="Read one item of evidence")
async def get_evidence(evidence_id: UUID, session: ReadSession, principal: Officer, response: Response) -> EvidenceOut:
    """The newest version of the item."""
    item = await queries.item_of(session, evidence_id)
    contract = None if item is None else await queries.contract_of(session, item.contract_id)
    if item is None or (contract is not None and not may_know(principal, contract)):
        raise EvidenceNotFound(f"There is no evidence {evidence_id}, or it is of another region.")
    set_region(response, item.region)
    return EvidenceOut.model_validate(item)


@routes.post("/evidence", status_code=201, summary="State evidence that no event brings")
async def add_evidence(body: EvidenceIn, session: WriteSession, _: Recorder, response: Response) -> EvidenceOut:
    """A manual fact with its document, or a statistic; the contract is scored again right after.

    Nothing is overwritten: a correction names the statement that it supersedes.
    """
    item = await service.state_evidence(session, body)
    set_region(response, item.region)
    response.headers["Location"] = f"/v1/evidence/{item.id}"
    return EvidenceOut.model_validate(item)


def _after(page: Paging) -> tuple[datetime, UUID, int] | None:
    if page.cursor is None:
        return None
    try:
        received_at, item_id, version = page.cursor
        return datetime.fromisoformat(received_at), UUID(item_id), int(version)
    except (TypeError, ValueError, AttributeError) as error:
        raise Unprocessable(
            "The cursor is not one of this list.", errors=[{"pointer": "query:cursor", "detail": "of another list"}]
        ) from error
