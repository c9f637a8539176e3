"""Moving contracts from an organisation to its successor: task and obligations move, what was done stays recorded."""

from collections.abc import Sequence
from datetime import date
from typing import Any, NamedTuple
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
    values = {"ids": list(organisation_ids), "states": list(OPEN_STATES)}
    rows = (await session.execute(_OPEN, values)).all()
    members = (await session.execute(_MEMBERS, {"ids": values["ids"], "contracts": [row.id for row in rows]})).all()
    found = [
        OpenContract(row.id, row.region, side, party)
        for row in rows
        for side, party in (("purchaser", row.purchaser_id), ("provider", row.provider_id))
        if party in organisation_ids
    ]
    regions = {row.id: row.region for row in rows}
    found += [OpenContract(row.contract_id, regions[row.contract_id], row.side, row.organisation_id) for row in members]
    return sorted(dict.fromkeys(found), key=lambda one: (one.contract_id, one.side == "provider"))


_OPEN = text(
    "SELECT id, region, purchaser_id, provider_id FROM contracts WHERE id IN ("
    "SELECT id FROM contracts WHERE purchaser_id = ANY(:ids) "
    "UNION SELECT id FROM contracts WHERE provider_id = ANY(:ids) "
    "UNION SELECT contract_id FROM contract_members WHERE organisation_id = ANY(:ids)) "
    "AND state = ANY(:states) ORDER BY id FOR UPDATE"
)
_MEMBERS = text(
    "SELECT contract_id, side, organisation_id FROM contract_members "
    "WHERE organisation_id = ANY(:ids) AND contract_id = ANY(:contracts)"
)
_SUCCEED = {
    side: text(
        f"UPDATE contracts SET {side}_id = t.to_id, version = version + 1, updated_at = :now "  # noqa: S608 - constants
        "FROM unnest(CAST(:contracts AS uuid[]), CAST(:froms AS uuid[]), CAST(:tos AS uuid[])) "
        "AS t(contract_id, from_id, to_id) "
        f"WHERE contracts.id = t.contract_id AND contracts.{side}_id = t.from_id RETURNING contracts.id"
    )
    for side in ("purchaser", "provider")
}
# A member that goes on for two keeps both shares: it then stands twice, and every fact stays with its share.
_SUCCEED_MEMBERS = text(
    "UPDATE contract_members AS member SET organisation_id = t.to_id "
    "FROM unnest(CAST(:contracts AS uuid[]), CAST(:sides AS text[]), CAST(:froms AS uuid[]), CAST(:tos AS uuid[])) "
    "AS t(contract_id, side, from_id, to_id) WHERE member.contract_id = t.contract_id AND member.side = t.side "
    "AND member.organisation_id = t.from_id"
)
_RAISE = text("UPDATE contracts SET version = version + 1, updated_at = :now WHERE id = ANY(:contracts)")
_LAPSE = text(
    "UPDATE contract_confirmations AS confirmation SET ended_at = :now, ended_as = 'lapsed', reason = 'succession' "
    "FROM contracts AS contract "
    "WHERE contract.id = confirmation.contract_id AND contract.state IN ('draft', 'pending') "
    "AND confirmation.contract_id = ANY(:contracts) AND confirmation.ended_at IS NULL"
)


async def succeed_parties(
    session: AsyncSession, moves: Sequence[PartyMove], *, succession_id: UUID, effective_on: date
) -> None:
    """Put the successors in their predecessors' places in contracts that `open_contracts_of` has locked.

    Confirmations of terms that are not in force yet lapse: another party has to confirm them.
    """
    now, touched = clock.now(), {move.contract_id for move in moves}
    raised: set[UUID] = set()
    for side, statement in _SUCCEED.items():
        of_side = [move for move in moves if move.side == side]
        if of_side:
            values = {
                "contracts": [move.contract_id for move in of_side],
                "froms": [move.from_id for move in of_side],
                "tos": [move.to_id for move in of_side],
                "now": now,
            }
            raised |= set((await session.execute(statement, values)).scalars())
    await session.execute(
        _SUCCEED_MEMBERS,
        {
            "contracts": [move.contract_id for move in moves],
            "sides": [move.side for move in moves],
            "froms": [move.from_id for move in moves],
            "tos": [move.to_id for move in moves],
        },
    )
    await session.execute(_RAISE, {"contracts": sorted(touched - raised), "now": now})
    await session.execute(_LAPSE, {"contracts": sorted(touched), "now": now})
    for contract_id in sorted({move.contract_id for move in moves}):
        record = await get_contract(session, contract_id=contract_id)
        of_contract = [move for move in moves if move.contract_id == contract_id]
        told: dict[str, Any] = {
            move.side: {"from": str(move.from_id), "to": str(move.to_id)} for move in reversed(of_contract)
        }
        if len(of_contract) > len(told):
            told["members"] = [[move.side, str(move.from_id), str(move.to_id)] for move in of_contract]
        announce(
            session,
            ContractUpdated,
            record.state,
            action="contract.party_succeeded",
            fields=told | {"succession": str(succession_id), "effective_on": effective_on.isoformat()},
        )
