"""Settlements over HTTP."""

from typing import Annotated
from uuid import UUID

from fastapi import Response

from contracts.contracts.queries import require_visible
from contracts.disclosure.queries import require_disclosed
from contracts.settlements import queries, service
from contracts.settlements.models import Settlement
from contracts.settlements.schemas import ConfirmIn, OrderIn, SettlementIn, SettlementOut, SettlementsOut, WithdrawIn
from shared.auth import Principal, allow
from shared.concurrency import IfMatch, etag
from shared.db import ReadSession, WriteSession
from shared.web import router, set_region

__all__ = ["routes"]

routes = router(tags=["settlements"])

Reader = Annotated[Principal, allow("finance", "purchaser", "provider", "evaluator", "auditor", "operator")]
Party = Annotated[Principal, allow("purchaser", "provider", "finance")]
Purchaser = Annotated[Principal, allow("purchaser", "finance")]


def _answer(response: Response, settlement: Settlement) -> SettlementOut:
    response.headers["ETag"] = etag(settlement.version)
    set_region(response, settlement.region)
    return SettlementOut.model_validate(settlement)


@routes.post("/contracts/{contract_id}/settlement", status_code=201, summary="Propose a settlement")
async def propose_settlement(
    contract_id: UUID, body: SettlementIn, session: WriteSession, response: Response, _: Party
) -> SettlementOut:
    """Of a terminated contract: ground, fault, damages each way, further claims. Nothing is booked yet."""
    return _answer(response, await service.propose_settlement(session, body, contract_id=contract_id))


@routes.get("/contracts/{contract_id}/settlement", summary="Show the settlement of a contract")
async def show_settlement(contract_id: UUID, session: ReadSession, response: Response, _: Reader) -> SettlementsOut:
    """With those that were withdrawn; empty for a contract without one."""
    set_region(response, await require_visible(session, contract_id=contract_id))
    await require_disclosed(session, "money", contract_id=contract_id)
    found = await queries.list_settlements(session, contract_id=contract_id)
    return SettlementsOut(items=[SettlementOut.model_validate(each) for each in found])


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
    """For one side; when both have, every claim is booked in the ledger. `If-Match` is the settlement's ETag."""
    settlement = await service.confirm_settlement(
        session, contract_id=contract_id, side=body.side if body else None, if_match=if_match
    )
    return _answer(response, settlement)


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
    return _answer(response, settlement)


@routes.post("/contracts/{contract_id}/settlement/settle", summary="Note that nothing is owed any more")
async def settle(
    contract_id: UUID, session: WriteSession, response: Response, if_match: IfMatch, _: Purchaser
) -> SettlementOut:
    """The final value is summed from the ledger; 409 names each thing that is still owed or missing."""
    return _answer(response, await service.settle(session, contract_id=contract_id, if_match=if_match))


@routes.post("/contracts/{contract_id}/settlement/withdraw", summary="Withdraw a proposed settlement")
async def withdraw_settlement(
    contract_id: UUID, body: WithdrawIn, session: WriteSession, response: Response, if_match: IfMatch, _: Party
) -> SettlementOut:
    """Either side may, with a reason, until it is agreed or ordered."""
    settlement = await service.withdraw_settlement(
        session, contract_id=contract_id, reason=body.reason, if_match=if_match
    )
    return _answer(response, settlement)
