"""Settlements over HTTP."""

from collections.abc import Sequence
from typing import Annotated
from uuid import UUID

from fastapi import Response
from sqlalchemy.ext.asyncio import AsyncSession

from contracts.contracts.queries import require_visible
from contracts.disclosure.queries import require_disclosed
from contracts.settlements import queries, service
from contracts.settlements.models import Settlement
from contracts.settlements.schemas import ConfirmIn, OrderIn, SettlementIn, SettlementOut, SettlementsOut, WithdrawIn
from contracts.structure.service import agreements
from shared.auth import Principal, allow
from shared.concurrency import IfMatch, etag
from shared.db import ReadSession, WriteSession
from shared.web import router, set_region

__all__ = ["routes"]

routes = router(tags=["settlements"])

Reader = Annotated[Principal, allow("finance", "purchaser", "provider", "evaluator", "auditor", "operator")]
Party = Annotated[Principal, allow("purchaser", "provider", "finance")]
Purchaser = Annotated[Principal, allow("purchaser", "finance")]


async def _all(session: AsyncSession, contract_id: UUID, found: Sequence[Settlement]) -> list[SettlementOut]:
    matters = {one.id: service.sides_agreed(one) if one.state == "proposed" else None for one in found}
    told = await agreements(session, contract_id=contract_id, matters=matters)
    names = [name for name in SettlementOut.model_fields if name != "agreement"]
    return [
        SettlementOut.model_validate({name: getattr(one, name) for name in names} | {"agreement": told[one.id]})
        for one in found
    ]


async def _answer(session: AsyncSession, response: Response, settlement: Settlement) -> SettlementOut:
    response.headers["ETag"] = etag(settlement.version)
    set_region(response, settlement.region)
    (answer,) = await _all(session, settlement.contract_id, [settlement])
    return answer


@routes.post("/contracts/{contract_id}/settlement", status_code=201, summary="Propose a settlement")
async def propose_settlement(
    contract_id: UUID, body: SettlementIn, session: WriteSession, response: Response, _: Party
) -> SettlementOut:
    """Of a terminated contract: ground, fault, damages each way, further claims. Nothing is booked yet."""
    return await _answer(session, response, await service.propose_settlement(session, body, contract_id=contract_id))


@routes.get("/contracts/{contract_id}/settlement", summary="Show the settlement of a contract")
async def show_settlement(contract_id: UUID, session: ReadSession, response: Response, _: Reader) -> SettlementsOut:
    """With those that were withdrawn; empty for a contract without one."""
    set_region(response, await require_visible(session, contract_id=contract_id))
    await require_disclosed(session, "money", contract_id=contract_id)
    found = await queries.list_settlements(session, contract_id=contract_id)
    return SettlementsOut(items=await _all(session, contract_id, found))


@routes.post("/contracts/{contract_id}/settlement/confirm", summary="Confirm the settlement")
async def confirm_settlement(
    *,
    contract_id: UUID,
    session: WriteSession,
    response: Response,
    if_match: IfMatch,
    _: Party,
    body: ConfirmIn | None = None,
) -> SettlementOut:
    """For one party; when all of both sides have, every claim is booked. `If-Match` is the settlement's ETag."""
    settlement = await service.confirm_settlement(
        session,
        contract_id=contract_id,
        side=body.side if body else None,
        organisation_id=body.organisation_id if body else None,
        if_match=if_match,
    )
    return await _answer(session, response, settlement)


@routes.post("/contracts/{contract_id}/settlement/order", summary="Order the settlement without the provider")
async def order_settlement(
    contract_id: UUID, body: OrderIn, session: WriteSession, response: Response, if_match: IfMatch, _: Purchaser
) -> SettlementOut:
    """With its reason and the order that was served; by somebody else than who proposed it."""
    settlement = await service.order_settlement(
        session,
        contract_id=contract_id,
        reason=body.reason,
        document_sha256=body.document_sha256,
        if_match=if_match,
    )
    return await _answer(session, response, settlement)


@routes.post("/contracts/{contract_id}/settlement/settle", summary="Note that nothing is owed any more")
async def settle(
    contract_id: UUID, session: WriteSession, response: Response, if_match: IfMatch, _: Purchaser
) -> SettlementOut:
    """The final value is summed from the ledger; 409 names each thing that is still owed or missing."""
    return await _answer(session, response, await service.settle(session, contract_id=contract_id, if_match=if_match))


@routes.post("/contracts/{contract_id}/settlement/withdraw", summary="Withdraw a proposed settlement")
async def withdraw_settlement(
    contract_id: UUID, body: WithdrawIn, session: WriteSession, response: Response, if_match: IfMatch, _: Party
) -> SettlementOut:
    """Either side may, with a reason, until it is agreed or ordered."""
    settlement = await service.withdraw_settlement(
        session, contract_id=contract_id, reason=body.reason, if_match=if_match
    )
    return await _answer(session, response, settlement)
