"""Agreeing the structure of a draft: kind, framework agreement, lots, members, shares of regions."""

from typing import Any
from uuid import UUID

from sqlalchemy import delete, insert
from sqlalchemy.ext.asyncio import AsyncSession

from contracts.contracts.queries import ContractRecord, get_contract
from contracts.contracts.service import announce, framework_for, lock_contract, require_editable, touch_contract
from contracts.organisations.queries import require_role
from contracts.structure.errors import FrameworkNotUsable
from contracts.structure.models import Lot, Member, RegionShare
from contracts.structure.schemas import StructureIn
from contracts.structure.shares import befores
from shared.auth import require_region
from shared.db import principal_in
from shared.events import ContractState, ContractUpdated
from shared.ids import new_id

__all__ = ["put_structure"]


async def put_structure(
    session: AsyncSession, body: StructureIn, *, contract_id: UUID, if_match: int | None
) -> ContractRecord:
    """Replace the whole structure of a draft; a lot keeps its id by its code, a member by side and organisation.

    Raises:
        ContractNotEditable: the contract is no draft; ContractConfirmed once a party has confirmed it.
        FrameworkNotUsable: `framework_id` is no framework agreement in force.
        OrganisationUnknown: a member is not recorded in the role of its side.
        Forbidden: a region outside the scope.
        PreconditionFailed: `if_match` is stale.
    """
    await lock_contract(session, contract_id=contract_id)
    state = (await get_contract(session, contract_id=contract_id)).state
    require_editable(session, state, if_match)
    await _require_framework(session, body, contract_id=contract_id)
    for place in body.regions:
        require_region(principal_in(session), place.region)
    for member in sorted(body.members, key=lambda one: one.organisation_id):
        await require_role(session, organisation_id=member.organisation_id, role=member.side)
    leads = {f"{member.side}_id": member.organisation_id for member in body.members if member.lead}
    await touch_contract(
        session,
        contract_id=contract_id,
        kind=body.kind,
        framework_id=body.framework_id,
        ceiling=body.ceiling,
        has_parts=bool(body.lots or body.members or body.regions),
        **leads,
    )
    await _put_lots(session, body, state)
    await _put_members(session, body, state)
    await _put_regions(session, body, contract_id=contract_id)
    record = await get_contract(session, contract_id=contract_id)
    fields = sorted(body.model_fields_set)
    announce(session, ContractUpdated, record.state, action="contract.structured", fields=fields)
    return record


async def _require_framework(session: AsyncSession, body: StructureIn, *, contract_id: UUID) -> None:
    if body.framework_id is None:
        return
    found = await framework_for(session, framework_id=body.framework_id)
    if found is None or found.kind != "framework" or found.state not in ("active", "suspended"):
        raise FrameworkNotUsable(
            f"{body.framework_id} is no framework agreement in force; a call-off names one that is "
            "(PUT /v1/contracts/{id}/structure with kind framework while that one is a draft).",
            framework_id=str(body.framework_id),
            contract_id=str(contract_id),
        )


async def _put_lots(session: AsyncSession, body: StructureIn, state: ContractState) -> None:
    known = {lot.code: lot.lot_id for lot in state.lots}
    if known:
        await session.execute(delete(Lot).where(Lot.contract_id == state.contract_id))
    rows = [
        lot.model_dump() | {"id": known.get(lot.code) or new_id(), "contract_id": state.contract_id, "position": n}
        for n, lot in enumerate(body.lots)
    ]
    if rows:
        await session.execute(insert(Lot), rows)


async def _put_members(session: AsyncSession, body: StructureIn, state: ContractState) -> None:
    known = {(member.side, member.organisation_id): member.member_id for member in state.members}
    if known:
        await session.execute(delete(Member).where(Member.contract_id == state.contract_id))
    rows: list[dict[str, Any]] = []
    for side in ("purchaser", "provider"):
        members = [member for member in body.members if member.side == side]
        sums = befores([member.share for member in members])
        rows += [
            member.model_dump()
            | {
                "id": known.get((side, member.organisation_id)) or new_id(),
                "contract_id": state.contract_id,
                "position": position,
                "share_before": before,
            }
            for position, (member, before) in enumerate(zip(members, sums, strict=True))
        ]
    if rows:
        await session.execute(insert(Member), rows)


async def _put_regions(session: AsyncSession, body: StructureIn, *, contract_id: UUID) -> None:
    await session.execute(delete(RegionShare).where(RegionShare.contract_id == contract_id))
    sums = befores([place.share for place in body.regions])
    rows = [
        {
            "contract_id": contract_id,
            "region_code": place.region,
            "position": position,
            "share": place.share,
            "share_before": before,
        }
        for position, (place, before) in enumerate(zip(body.regions, sums, strict=True))
    ]
    if rows:
        await session.execute(insert(RegionShare), rows)
