"""Subcontracts over HTTP."""

from decimal import Decimal
from typing import Annotated
from uuid import UUID

from fastapi import Response

from contracts.contracts.queries import get_contract
from contracts.disclosure.queries import require_disclosed
from contracts.subcontracts import queries, service
from contracts.subcontracts.models import Subcontract
from contracts.subcontracts.schemas import ConsentIn, ReasonIn, SubcontractIn, SubcontractOut, SubcontractsOut
from shared.auth import Principal, allow
from shared.concurrency import IfMatch, etag
from shared.db import ReadSession, WriteSession
from shared.web import router, set_region

__all__ = ["routes"]

routes = router(tags=["subcontracts"])

Reader = Annotated[Principal, allow("finance", "purchaser", "provider", "evaluator", "auditor", "operator")]
Party = Annotated[Principal, allow("purchaser", "provider", "finance")]
Purchaser = Annotated[Principal, allow("purchaser", "finance")]


def _answer(response: Response, subcontract: Subcontract) -> SubcontractOut:
    response.headers["ETag"] = etag(subcontract.version)
    set_region(response, subcontract.region)
    return SubcontractOut.model_validate(subcontract)


@routes.post("/contracts/{contract_id}/subcontracts", status_code=201, summary="Propose a subcontract")
async def propose_subcontract(
    contract_id: UUID, body: SubcontractIn, session: WriteSession, response: Response, _: Party
) -> SubcontractOut:
    """Of a part, never of the whole; it needs the purchaser's consent, and the provider stays liable (GPL art. 48)."""
    return _answer(response, await service.propose_subcontract(session, body, contract_id=contract_id))


@routes.get("/contracts/{contract_id}/subcontracts", summary="List subcontracts")
async def list_subcontracts(contract_id: UUID, session: ReadSession, response: Response, _: Reader) -> SubcontractsOut:
    """With the share of the contract's value that was given to others."""
    state = (await get_contract(session, contract_id=contract_id)).state
    set_region(response, state.region)
    await require_disclosed(session, "money", "provider", contract_id=contract_id)
    found = await queries.list_subcontracts(session, contract_id=contract_id)
    given = await queries.consented_value(session, contract_id=contract_id)
    return SubcontractsOut(
        items=[SubcontractOut.model_validate(each) for each in found],
        consented=given,
        share_percent=(given * 100 / state.value).quantize(Decimal("0.01")) if state.value else None,
        liable=state.provider.organisation_id if state.provider else None,
    )


@routes.post("/contracts/{contract_id}/subcontracts/{subcontract_id}/consent", summary="Consent to a subcontract")
async def consent_to_subcontract(
    *,
    contract_id: UUID,
    subcontract_id: UUID,
    session: WriteSession,
    response: Response,
    if_match: IfMatch,
    _: Purchaser,
    body: ConsentIn | None = None,
) -> SubcontractOut:
    """By the purchaser. `If-Match` is the subcontract's ETag."""
    subcontract = await service.consent_to_subcontract(
        session,
        contract_id=contract_id,
        subcontract_id=subcontract_id,
        document_sha256=body.document_sha256 if body else None,
        if_match=if_match,
    )
    return _answer(response, subcontract)


@routes.post("/contracts/{contract_id}/subcontracts/{subcontract_id}/refuse", summary="Refuse a subcontract")
async def refuse_subcontract(
    *,
    contract_id: UUID,
    subcontract_id: UUID,
    body: ReasonIn,
    session: WriteSession,
    response: Response,
    if_match: IfMatch,
    _: Purchaser,
) -> SubcontractOut:
    """By the purchaser, with a reason."""
    subcontract = await service.refuse_subcontract(
        session, contract_id=contract_id, subcontract_id=subcontract_id, reason=body.reason, if_match=if_match
    )
    return _answer(response, subcontract)


@routes.post("/contracts/{contract_id}/subcontracts/{subcontract_id}/end", summary="End a subcontract")
async def end_subcontract(
    *,
    contract_id: UUID,
    subcontract_id: UUID,
    body: ReasonIn,
    session: WriteSession,
    response: Response,
    if_match: IfMatch,
    _: Party,
) -> SubcontractOut:
    """Or withdraw its proposal, with a reason. What was given away counts on towards the whole."""
    subcontract = await service.end_subcontract(
        session, contract_id=contract_id, subcontract_id=subcontract_id, reason=body.reason, if_match=if_match
    )
    return _answer(response, subcontract)
