"""Moving contracts from an organisation to its successor: task and obligations move, what was done stays recorded."""

from collections.abc import Sequence
from datetime import date
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from contracts.contracts.queries import get_contract
from contracts.contracts.service.store import announce
from shared import clock
from shared.events import ContractUpdated

__all__ = ["OPEN_STATES", "OpenContract", "PartyMove", "open_contracts_of", "succeed_parties"]

OPEN_STATES = ("draft", "pending", "active", "suspended")


class OpenContract(NamedTuple):
    """A contract that has not ended, and the side on which an organisation stands in it."""

    contract_id: UUID
    region: str
    side: str
    organisation_id: UUID


class PartyMove(NamedTuple):
    """A contract whose party on one side is another organisation from now on."""

    contract_id: UUID
    side: str
    from_id: UUID
    to_id: UUID


async def open_contracts_of(session: AsyncSession, *, organisation_ids: Sequence[UUID]) -> list[OpenContract]:
    """Open contracts of these organisations in all regions, locked in the order of their ids.

    A succession is a matter of the whole country: the caller must refuse where a region lies outside the scope.
    """
    statement = text(
        "SELECT id, region, purchaser_id, provider_id FROM contracts "
        "WHERE (purchaser_id = ANY(:ids) OR provider_id = ANY(:ids)) AND state = ANY(:states) ORDER BY id FOR UPDATE"
    )
    rows = (await session.execute(statement, {"ids": list(organisation_ids), "states": list(OPEN_STATES)})).all()
    return [
        OpenContract(row.id, row.region, side, party)
        for row in rows
        for side, party in (("purchaser", row.purchaser_id), ("provider", row.provider_id))
        if party in organisation_ids
    ]


_SUCCEED = {
    side: text(
        f"UPDATE contracts SET {side}_id = t.to_id, version = version + 1, updated_at = :now "  # noqa: S608 - constants
        "FROM unnest(CAST(:contracts AS uuid[]), CAST(:tos AS uuid[])) AS t(contract_id, to_id) "
        "WHERE contracts.id = t.contract_id"
    )
    for side in ("purchaser", "provider")
}


async def succeed_parties(
    session: AsyncSession, moves: Sequence[PartyMove], *, succession_id: UUID, effective_on: date
) -> None:
    """Put the successors in their predecessors' places in contracts that `open_contracts_of` has locked."""
    for side, statement in _SUCCEED.items():
        of_side = [move for move in moves if move.side == side]
        if of_side:
            values = {
                "contracts": [move.contract_id for move in of_side],
                "tos": [move.to_id for move in of_side],
                "now": clock.now(),
            }
            await session.execute(statement, values)
    for contract_id in sorted({move.contract_id for move in moves}):
        record = await get_contract(session, contract_id=contract_id)
        told = {
            move.side: {"from": str(move.from_id), "to": str(move.to_id)}
            for move in moves
            if move.contract_id == contract_id
        }
        announce(
            session,
            ContractUpdated,
            record.state,
            action="contract.party_succeeded",
            fields=told | {"succession": str(succession_id), "effective_on": effective_on.isoformat()},
        )
