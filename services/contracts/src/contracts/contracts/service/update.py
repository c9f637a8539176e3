"""Changing the terms of a draft."""

from typing import Any
from uuid import UUID

from pydantic import TypeAdapter
from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncSession

from contracts.contracts.errors import ContractNotEditable
from contracts.contracts.models import Contract
from contracts.contracts.queries import ContractRecord, get_contract
from contracts.contracts.schemas import ContractPatch, IndicatorIn, MilestoneIn
from contracts.contracts.service.create import require_parties
from contracts.contracts.service.facts import require_party
from contracts.contracts.service.moves import confirmed
from contracts.contracts.service.store import announce, lock_contract, put_indicators, put_milestones, require_period
from contracts.contracts.transitions import allowed_actions
from contracts.disclosure.service import CODE as SUSPECTED
from contracts.disclosure.service import secrecy_warnings
from shared import clock
from shared.concurrency import check_version
from shared.db import principal_in
from shared.events import ContractState, ContractUpdated

__all__ = ["replace_terms", "require_editable", "update_contract"]


async def update_contract(
    session: AsyncSession, body: ContractPatch, *, contract_id: UUID, if_match: int | None
) -> ContractRecord:
    """Change what the body names. ContractNotEditable unless a draft; PreconditionFailed if `if_match` is stale."""
    named = {name: getattr(body, name) for name in body.model_fields_set}
    return await replace_terms(session, named, contract_id=contract_id, if_match=if_match)


async def replace_terms(
    session: AsyncSession, named: dict[str, Any], *, contract_id: UUID, if_match: int | None
) -> ContractRecord:
    """Replace the named terms of a draft; the same as now changes nothing but the version."""
    await lock_contract(session, contract_id=contract_id)
    record = await get_contract(session, contract_id=contract_id)
    state = record.state
    require_editable(session, state, if_match)
    columns = dict(named)
    indicators: list[IndicatorIn] | None = columns.pop("indicators", None)
    milestones: list[MilestoneIn] | None = columns.pop("milestones", None)
    for part in ("needs_basis", "competition", "clauses"):
        if columns.get(part) is not None:
            columns[part] = columns[part].model_dump(mode="json")
    require_period(columns.get("starts_on", state.starts_on), columns.get("ends_on", state.ends_on))
    if "purchaser_id" in columns or "provider_id" in columns:
        _require_leads(state, columns)
        await require_parties(
            session,
            purchaser_id=columns.get("purchaser_id", state.purchaser.organisation_id),
            provider_id=columns.get("provider_id", state.provider.organisation_id if state.provider else None),
        )
    if not named:
        return record
    columns["warnings"] = _warnings(record, named)
    await session.execute(
        update(Contract)
        .where(Contract.id == contract_id)
        .values(**columns, version=Contract.version + 1, updated_at=clock.now())
        .execution_options(synchronize_session=False)
    )
    if indicators is not None:
        known = {indicator.code: indicator.indicator_id for indicator in state.indicators}
        await put_indicators(session, contract_id=contract_id, indicators=indicators, known=known)
    if milestones is not None:
        stages = {milestone.code: milestone.milestone_id for milestone in state.milestones}
        await put_milestones(session, contract_id=contract_id, milestones=milestones, known=stages)
    updated = await get_contract(session, contract_id=contract_id)
    announce(session, ContractUpdated, updated.state, action="contract.updated", fields=named)
    return updated


def _warnings(record: ContractRecord, named: dict[str, Any]) -> list[dict[str, str]]:
    """The draft's warnings: those of the fields that are named are made anew."""
    told = secrecy_warnings(TypeAdapter(dict[str, Any]).dump_python(named, mode="json"))
    kept = [
        warning
        for warning in record.warnings
        if warning["code"] != SUSPECTED or warning["detail"].split("/", 2)[1].partition(":")[0] not in named
    ]
    return [*kept, *told]


def require_editable(session: AsyncSession, state: ContractState, if_match: int | None) -> None:
    """Refuse who is no purchaser (403), a stale version (412), confirmed terms and all but drafts (409)."""
    require_party(
        principal_in(session),
        purchaser_id=state.purchaser.organisation_id,
        provider_id=state.provider.organisation_id if state.provider else None,
        members=state.members,
    )
    check_version(if_match, state.version)
    if state.state == "pending" and state.confirmations:
        raise confirmed(state)
    if state.state != "draft":
        actions = allowed_actions(state.state)
        how = "return it to draft first (POST .../return)" if "return" in actions else "its terms stand"
        raise ContractNotEditable(f"The contract is {state.state}: {how}.", state=state.state, actions=actions)


def _require_leads(state: ContractState, columns: dict[str, Any]) -> None:
    """A side with several members changes its lead where its members are agreed."""
    for side in ("purchaser", "provider"):
        leads = [one.organisation_id for one in state.members if one.side == side and one.lead]
        if leads and f"{side}_id" in columns and columns[f"{side}_id"] != leads[0]:
            raise ContractNotEditable(
                f"The contract has several members as {side}; change its lead with PUT /v1/contracts/{{id}}/structure.",
                state=state.state,
                actions=allowed_actions(state.state),
            )
