"""Amendments over HTTP."""

from collections.abc import Sequence
from typing import Annotated, Any
from uuid import UUID

from fastapi import Response
from sqlalchemy.ext.asyncio import AsyncSession

from contracts.amendments import queries, service
from contracts.amendments.limits import value_at_signing
from contracts.amendments.models import AmendmentProposal
from contracts.amendments.reasons import reasons
from contracts.amendments.schemas import (
    AmendmentIn,
    AmendmentOut,
    AmendmentsOut,
    ConfirmIn,
    ReasonOut,
    ReasonsOut,
    WithdrawIn,
)
from contracts.amendments.terms import increases_of
from contracts.contracts.queries import get_contract
from contracts.disclosure.queries import require_disclosed
from contracts.structure.schemas import AgreementOut
from contracts.structure.service import agreements
from shared.auth import Principal, allow
from shared.concurrency import IfMatch
from shared.db import ReadSession, WriteSession
from shared.web import router, set_region

__all__ = ["routes"]

routes = router(tags=["amendments"])

Anyone = Annotated[Principal, allow("finance", "purchaser", "provider", "evaluator", "auditor", "operator", "public")]
Reader = Annotated[Principal, allow("finance", "purchaser", "provider", "evaluator", "auditor", "operator")]
Party = Annotated[Principal, allow("purchaser", "provider", "finance")]


def _out(amendment: AmendmentProposal, agreement: AgreementOut) -> AmendmentOut:
    sides: dict[str, Any] = {
        side: {"by": getattr(amendment, f"{side}_by"), "at": getattr(amendment, f"{side}_at")}
        if getattr(amendment, f"{side}_at")
        else None
        for side in ("purchaser", "provider")
    }
    made = {"agreement": agreement, **sides}
    plain = {name: getattr(amendment, name) for name in AmendmentOut.model_fields if name not in made}
    return AmendmentOut.model_validate(plain | made)


async def _all(session: AsyncSession, contract_id: UUID, found: Sequence[AmendmentProposal]) -> list[AmendmentOut]:
    matters = {one.id: service.sides_agreed(one) if one.state == "proposed" else None for one in found}
    told = await agreements(session, contract_id=contract_id, matters=matters)
    return [_out(amendment, told[amendment.id]) for amendment in found]


async def _answer(session: AsyncSession, response: Response, amendment: AmendmentProposal) -> AmendmentOut:
    set_region(response, amendment.region)
    (answer,) = await _all(session, amendment.contract_id, [amendment])
    return answer


@routes.get("/amendments/reasons", summary="Reasons for which a contract may be amended")
async def list_reasons(_: Anyone) -> ReasonsOut:
    """Each with what it may change, where that comes from, and how surely it is known."""
    return ReasonsOut(items=[ReasonOut.model_validate(reason) for reason in reasons().values()])


@routes.post("/contracts/{contract_id}/amendments", status_code=201, summary="Propose an amendment")
async def propose_amendment(
    contract_id: UUID, body: AmendmentIn, session: WriteSession, response: Response, if_match: IfMatch, _: Party
) -> AmendmentOut:
    """Of a contract in force; nothing changes until both sides have confirmed. `If-Match` is the contract's ETag.

    409 for what changes nothing, for dates out of order, a reason that does not fit, a value under what is booked, and
    what a confirmed rule of the contract's pinned set does not allow: all supplements together, the longest term.
    """
    proposal = await service.propose_amendment(session, body, contract_id=contract_id, if_match=if_match)
    return await _answer(session, response, proposal)


@routes.get("/contracts/{contract_id}/amendments", summary="List amendments")
async def list_amendments(contract_id: UUID, session: ReadSession, response: Response, _: Reader) -> AmendmentsOut:
    """Those in force with their numbers, the open proposal, and what was withdrawn."""
    record = await get_contract(session, contract_id=contract_id)
    await require_disclosed(session, "money", "amendments", contract_id=contract_id)
    set_region(response, record.state.region)
    found = await queries.list_amendments(session, contract_id=contract_id)
    return AmendmentsOut(
        items=await _all(session, contract_id, found),
        value_at_signing=value_at_signing(record),
        increases=increases_of(record.amendments),
    )


@routes.post("/contracts/{contract_id}/amendments/{amendment_id}/confirm", summary="Confirm an amendment")
async def confirm_amendment(
    *,
    contract_id: UUID,
    amendment_id: UUID,
    session: WriteSession,
    response: Response,
    if_match: IfMatch,
    _: Party,
    body: ConfirmIn | None = None,
) -> AmendmentOut:
    """For one party; when all of both sides have, it is in force. 409 when the contract's terms changed meanwhile."""
    amendment = await service.confirm_amendment(
        session,
        contract_id=contract_id,
        amendment_id=amendment_id,
        side=body.side if body else None,
        organisation_id=body.organisation_id if body else None,
        if_match=if_match,
    )
    return await _answer(session, response, amendment)


@routes.post("/contracts/{contract_id}/amendments/{amendment_id}/withdraw", summary="Withdraw or decline a proposal")
async def withdraw_amendment(
    contract_id: UUID, amendment_id: UUID, body: WithdrawIn, session: WriteSession, response: Response, _: Party
) -> AmendmentOut:
    """Either side may, with a reason; another can be proposed then."""
    amendment = await service.withdraw_amendment(
        session, contract_id=contract_id, amendment_id=amendment_id, reason=body.reason
    )
    return await _answer(session, response, amendment)
