"""A contract's structure and its confirmation over HTTP."""

from typing import Annotated
from uuid import UUID

from fastapi import Depends, Response

from contracts.contracts.answers import ContractOut, contract_out
from contracts.contracts.queries import ContractRecord, get_contract
from contracts.contracts.service import called_off
from contracts.disclosure.queries import FIELDS, require_disclosed
from contracts.lists import id_after
from contracts.structure import queries, service
from contracts.structure.errors import FrameworkNotUsable
from contracts.structure.schemas import (
    CallOffOut,
    CallOffsOut,
    ConfirmationsOut,
    ConfirmIn,
    ConfirmOut,
    StructureIn,
    WaitingOut,
    WithdrawIn,
)
from shared.auth import Principal, allow
from shared.concurrency import EDITING, IfMatch, etag, if_match_required
from shared.db import ReadSession, WriteSession
from shared.pagination import PageQuery, encode_cursor
from shared.web import router, set_region

__all__ = ["routes"]

routes = router(tags=["contracts"])

Reader = Annotated[Principal, allow("finance", "purchaser", "provider", "evaluator", "auditor", "operator")]
Manager = Annotated[Principal, allow("purchaser", "finance")]
Party = Annotated[Principal, allow("purchaser", "provider", "finance")]


def _answer(response: Response, record: ContractRecord) -> ContractOut:
    response.headers["ETag"] = etag(record.state.version)
    set_region(response, record.state.region)
    return contract_out(record)


@routes.put(
    "/contracts/{contract_id}/structure",
    summary="Agree lots, several parties and regions, a framework",
    openapi_extra=EDITING,
)
async def put_structure(
    *,
    contract_id: UUID,
    body: StructureIn,
    session: WriteSession,
    response: Response,
    _: Manager,
    if_match: Annotated[int | None, Depends(if_match_required("/v1/contracts/{contract_id}"))],
) -> ContractOut:
    """The whole structure of a draft. The lead of a side becomes the contract's purchaser or provider."""
    return _answer(response, await service.put_structure(session, body, contract_id=contract_id, if_match=if_match))


@routes.get("/contracts/{contract_id}/confirmations", summary="Terms to confirm, and who has confirmed them")
async def show_confirmations(
    contract_id: UUID, session: ReadSession, response: Response, _: Reader
) -> ConfirmationsOut:
    """The terms in the form that is hashed, every party, and all confirmations that were ever given."""
    region, found = await service.confirmations_out(session, contract_id=contract_id)
    await require_disclosed(session, *FIELDS, contract_id=contract_id)
    set_region(response, region)
    return found


@routes.post("/contracts/{contract_id}/confirm", summary="Confirm the terms for a party")
async def confirm_terms(
    contract_id: UUID, body: ConfirmIn, session: WriteSession, response: Response, if_match: IfMatch, _: Party
) -> ConfirmOut:
    """With the last party's confirmation a pending contract comes into force by itself, under the guards of `activate`.

    What they miss stands in `missing`; the confirmations stay. Confirming the same terms once more only tries again.
    """
    confirmed = await service.confirm_terms(
        session,
        contract_id=contract_id,
        terms=body.terms_sha256,
        organisation_id=body.organisation_id,
        side=body.side,
        signed_on=body.signed_on,
        contract_number=body.contract_number,
        if_match=if_match,
    )
    state = confirmed.record.state
    response.headers["ETag"] = etag(state.version)
    set_region(response, state.region)
    return ConfirmOut(
        contract_id=contract_id,
        version=state.version,
        state=state.state,
        terms_sha256=confirmed.terms_sha256,
        waiting=[WaitingOut(**party._asdict()) for party in confirmed.waiting],
        missing=confirmed.missing,
    )


@routes.post("/contracts/{contract_id}/confirm:withdraw", summary="Take a party's confirmation back")
async def withdraw_confirmation(
    contract_id: UUID, body: WithdrawIn, session: WriteSession, response: Response, if_match: IfMatch, _: Party
) -> ContractOut:
    """Pending -> draft; the other parties' confirmations lapse, for the terms may change now."""
    record = await service.withdraw_confirmation(
        session,
        contract_id=contract_id,
        reason=body.reason,
        organisation_id=body.organisation_id,
        side=body.side,
        if_match=if_match,
    )
    return _answer(response, record)


@routes.get("/contracts/{contract_id}/call-offs", summary="A framework agreement's ceiling and call-offs")
async def show_call_offs(
    contract_id: UUID, session: ReadSession, response: Response, _: Reader, page: PageQuery
) -> CallOffsOut:
    """Figures over all regions; the call-offs that are listed are those of your regions. 409 for other contracts."""
    record = await get_contract(session, contract_id=contract_id)
    state = record.state
    if state.kind != "framework":
        raise FrameworkNotUsable(f"The contract is of kind {state.kind}; only a framework agreement has call-offs.")
    found = await queries.call_offs_of(session, framework_id=contract_id, limit=page.limit, after=id_after(page))
    hidden = await queries.withheld_call_offs(session, framework_id=contract_id)
    called = None if hidden else await called_off(session, framework_id=contract_id)
    ceiling = state.value if state.ceiling is None else state.ceiling
    await require_disclosed(session, "money", contract_id=contract_id)
    set_region(response, state.region)
    shown = found[: page.limit]
    return CallOffsOut(
        contract_id=contract_id,
        currency=state.currency,
        ceiling=ceiling,
        called_off=called,
        left=None if ceiling is None or called is None else ceiling - called,
        items=[CallOffOut.model_validate(one) for one in shown],
        next=encode_cursor(shown[-1].contract_id) if len(found) > page.limit else None,
    )
