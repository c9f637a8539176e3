"""Putting an amendment that both parties confirmed into force; every rule has been asked before."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import Update, func, insert, select, text, update
from sqlalchemy.ext.asyncio import AsyncSession

from contracts.contracts.models import Amendment, Contract, Milestone
from contracts.contracts.queries import ContractRecord, get_contract, record_to_tell
from contracts.contracts.service.store import announce
from shared import clock
from shared.events import ContractUpdated
from shared.ids import new_id

__all__ = ["AmendedMilestone", "AmendedTerms", "amend_terms", "follow_final_value", "set_final_value"]

_CHANGE = text(
    "UPDATE contract_milestones SET title = :title, percentage = :percentage, due_on = :due_on WHERE id = :milestone_id"
)
_LOT = text("UPDATE contract_lots SET value = :value WHERE contract_id = :contract_id AND code = :code")


@dataclass(frozen=True, slots=True)
class AmendedMilestone:
    """A milestone as agreed anew; without an id it is added."""

    milestone_id: UUID | None
    code: str
    title: str
    kind: str
    percentage: Decimal
    due_on: date | None


@dataclass(frozen=True, slots=True, kw_only=True)
class AmendedTerms:
    """What an amendment changes, with what it replaces. Values in the contract's currency."""

    reason_code: str
    rationale: str
    description: str | None
    amended_on: date
    value_before: Decimal | None
    value_after: Decimal | None
    starts_on_before: date | None
    starts_on_after: date | None
    ends_on_before: date | None
    ends_on_after: date | None
    milestones: Sequence[AmendedMilestone] = ()
    lots: Sequence[tuple[str, Decimal]] = ()


async def amend_terms(
    session: AsyncSession, record: ContractRecord, terms: AmendedTerms, *, amendment_id: UUID
) -> tuple[ContractRecord, int]:
    """Change value, term and milestones of a contract that the caller has locked; answers it and the number.

    The row in `contract_amendments` names the contract's version, by which the change is told to be an amendment.
    """
    contract_id, moment = record.state.contract_id, clock.now()
    version = record.state.version + 1
    counted = select(func.coalesce(func.max(Amendment.number), 0) + 1).where(Amendment.contract_id == contract_id)
    number: int = (await session.execute(counted)).scalar_one()
    told = ("reason_code", "rationale", "description", "amended_on", "value_before", "value_after")
    period = ("starts_on_before", "starts_on_after", "ends_on_before", "ends_on_after")
    row: dict[str, Any] = {name: getattr(terms, name) for name in (*told, *period)}
    row |= {"id": amendment_id, "contract_id": contract_id, "number": number, "contract_version": version}
    await session.execute(insert(Amendment), [row | {"agreed_at": moment}])
    await _put_milestones(session, terms.milestones, contract_id=contract_id, position=len(record.state.milestones))
    for code, value in terms.lots:
        await session.execute(_LOT, {"contract_id": contract_id, "code": code, "value": value})
    await session.execute(
        update(Contract)
        .where(Contract.id == contract_id)
        .values(
            value=terms.value_after,
            starts_on=terms.starts_on_after,
            ends_on=terms.ends_on_after,
            version=version,
            updated_at=moment,
        )
        .execution_options(synchronize_session=False)
    )
    amended = await get_contract(session, contract_id=contract_id)
    fields = {"number": number, "reason_code": terms.reason_code, "amendment_id": str(amendment_id)}
    announce(session, ContractUpdated, amended.state, action="contract.amended", fields=fields)
    return amended, number


async def _put_milestones(
    session: AsyncSession, milestones: Sequence[AmendedMilestone], *, contract_id: UUID, position: int
) -> None:
    for milestone in milestones:
        values = {"title": milestone.title, "percentage": milestone.percentage, "due_on": milestone.due_on}
        if milestone.milestone_id is not None:
            await session.execute(_CHANGE, values | {"milestone_id": milestone.milestone_id})
            continue
        new = {"id": new_id(), "contract_id": contract_id, "code": milestone.code, "kind": milestone.kind}
        await session.execute(insert(Milestone), [new | values | {"position": position, "status": "scheduled"}])
        position += 1


async def set_final_value(session: AsyncSession, *, contract_id: UUID, value: Decimal) -> ContractRecord:
    """Note what a terminated contract cost in all, in its currency; the caller has locked it and summed its ledger."""
    await session.execute(_final_value(contract_id, value))
    return await _told_final_value(session, contract_id=contract_id, action="contract.settled")


async def follow_final_value(session: AsyncSession, *, contract_id: UUID, value: Decimal) -> None:
    """Let the final value of an ended contract follow its ledger, of which the caller has the sum under its lock.

    One that is not there yet is not made here (a settlement makes it), and what an import's source states is kept.
    """
    stale = (Contract.final_value.is_not(None), Contract.final_value != value, Contract.origin == "native")
    ended = Contract.state.in_(("completed", "terminated"))
    changed = await session.execute(_final_value(contract_id, value).where(ended, *stale).returning(Contract.id))
    if changed.first() is not None:
        await _told_final_value(session, contract_id=contract_id, action="contract.final_value_followed")


def _final_value(contract_id: UUID, value: Decimal) -> Update:
    return (
        update(Contract)
        .where(Contract.id == contract_id)
        .values(final_value=value, version=Contract.version + 1, updated_at=clock.now())
        .execution_options(synchronize_session=False)
    )


async def _told_final_value(session: AsyncSession, *, contract_id: UUID, action: str) -> ContractRecord:
    told = await record_to_tell(session, contract_id=contract_id)
    announce(session, ContractUpdated, told.state, action=action, fields=["final_value"])
    return told
