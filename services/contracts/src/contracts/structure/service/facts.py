"""The part of a contract that a fact belongs to: a lot, a call-off of a framework agreement, or a member."""

from typing import NamedTuple
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from contracts.contracts.service import ContractHead
from contracts.contracts.transitions import OPEN_FOR_FACTS
from contracts.structure.errors import CallOffNotInForce, PartNotInContract
from contracts.structure.queries import FactPart, call_off_head, lot_part, member_part

__all__ = ["NamedParts", "require_parts"]


class NamedParts(NamedTuple):
    """The parts that a fact names; the names are the columns of the fact's row."""

    lot_id: UUID | None = None
    call_off_id: UUID | None = None
    member_id: UUID | None = None


async def require_parts(session: AsyncSession, head: ContractHead, named: NamedParts) -> dict[str, FactPart]:
    """The parts that a fact about this contract names, by column; no statement runs when it names none.

    PartNotInContract for one that the contract does not have, CallOffNotInForce for a call-off that never was in force.
    """
    found: dict[str, FactPart] = {}
    contract_id = head.contract_id
    if named.lot_id is not None:
        lot = await lot_part(session, contract_id=contract_id, lot_id=named.lot_id)
        found["lot_id"] = _known(lot, "lot", named.lot_id)
    if named.member_id is not None:
        member = await member_part(session, contract_id=contract_id, member_id=named.member_id, value=head.value)
        found["member_id"] = _known(member, "member", named.member_id)
    if named.call_off_id is not None:
        call_off = await call_off_head(session, framework_id=contract_id, call_off_id=named.call_off_id)
        part = FactPart(f"call-off {named.call_off_id}", call_off[1]) if call_off else None
        found["call_off_id"] = _known(part, "call-off", named.call_off_id)
        if call_off and call_off[0] not in OPEN_FOR_FACTS:
            raise CallOffNotInForce(
                f"The call-off is {call_off[0]}; facts are recorded about call-offs that are or were in force.",
                state=call_off[0],
            )
    return found


def _known(part: FactPart | None, what: str, part_id: UUID) -> FactPart:
    if part is None:
        where = "GET /v1/contracts/{id}/call-offs" if what == "call-off" else "GET /v1/contracts/{id}"
        raise PartNotInContract(f"The contract has no {what} {part_id}; {where} lists what it has.", part=what)
    return part
