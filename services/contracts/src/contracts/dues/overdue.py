"""The list of a purchaser's overdue payments to small and medium enterprises, which it has to publish every year.

Source: 保障中小企业款项支付条例 (2025) art. 18 (number and amount of the payments of the year before, by 31 March):
a duty of the rule set, for which this is the list.
"""

from collections import defaultdict
from datetime import date
from decimal import Decimal
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from contracts.clocks import day_sql
from contracts.contracts.queries import get_contract
from contracts.contracts.service import rules_for
from contracts.disclosure.queries import sight_sql
from contracts.dues.parameters import parameters_in
from contracts.dues.queries import find_terms
from contracts.dues.schemas import OverdueContractOut, OverdueOut, OverdueSumOut
from contracts.dues.service import dues_at
from contracts.structure.shares import WHOLE, parts_of
from shared.db import principal_in, scope_sql
from shared.events import ContractState, MemberState
from shared.problems import TooLarge

__all__ = ["overdue_payments"]

_FIELDS = ("money", "provider", "title", "contractNumber")


async def overdue_payments(session: AsyncSession, *, organisation_id: UUID, as_of: date, limit: int) -> OverdueOut:
    """What a purchaser owes after the due date at the end of a day, in the contracts that the caller may see.

    Contracts with a provider that is known to be large are left out; one of unknown size is listed and marked. A
    contract of several purchasers stands in the list of each, with its share of the money: over all lists each yuan
    once. TooLarge for more than `limit` contracts of which something is open.
    """
    candidates = await _open_contracts(session, organisation_id=organisation_id, as_of=as_of, limit=limit)
    if len(candidates) > limit:
        raise TooLarge(f"More than {limit} contracts have something open; ask for the earlier day.", limit=limit)
    items = []
    for each in candidates:
        found = await _overdue(session, each, organisation_id=organisation_id, as_of=as_of)
        if found is not None:
            items.append(found)
    sums: defaultdict[str, list[OverdueContractOut]] = defaultdict(list)
    for item in items:
        sums[item.currency].append(item)
    return OverdueOut(
        organisation_id=organisation_id,
        as_of=as_of,
        sums=[
            OverdueSumOut(
                currency=currency,
                contracts=len(of),
                payments=sum(item.payments for item in of),
                overdue=sum((item.overdue for item in of), Decimal(0)),
                interest=sum((item.interest for item in of), Decimal(0)),
            )
            for currency, of in sorted(sums.items())
        ],
        items=items,
    )


async def _open_contracts(session: AsyncSession, *, organisation_id: UUID, as_of: date, limit: int) -> list[UUID]:
    """Contracts of which more was accepted than settled on the day; one more than `limit` when there are more."""
    scope, parameters = scope_sql(principal_in(session), "contract.region")
    sight, marked = sight_sql(principal_in(session), *_FIELDS)
    statement = text(
        "SELECT contract.id FROM contracts AS contract WHERE contract.id IN ("  # noqa: S608 - ours
        "SELECT id FROM contracts WHERE purchaser_id = :organisation UNION SELECT contract_id FROM contract_members "
        "WHERE organisation_id = :organisation AND side = 'purchaser') "
        f"AND {scope} AND {sight} AND (SELECT sum(CASE WHEN kind IN ('acceptance', 'refund') THEN amount ELSE -amount "
        "END) FROM ledger_entries AS entry WHERE (entry.call_off_id = contract.id "
        "OR (entry.contract_id = contract.id AND entry.call_off_id IS NULL)) "
        "AND kind IN ('acceptance', 'payment', 'deduction', 'refund') "
        f"AND coalesce(booked_on, {day_sql('recorded_at')}) <= :as_of AND NOT EXISTS (SELECT FROM ledger_entries AS "
        "taken_back WHERE taken_back.reverses = entry.id)) > 0 ORDER BY contract.id LIMIT :limit"
    )
    values = parameters | marked | {"organisation": organisation_id, "as_of": as_of, "limit": limit + 1}
    return list((await session.execute(statement, values)).scalars())


def _standing(state: ContractState, organisation_id: UUID) -> list[MemberState]:
    """The organisation among several purchasers, more than once after a merger; empty where it is alone."""
    return [each for each in state.members if (each.side, each.organisation_id) == ("purchaser", organisation_id)]


def _part(state: ContractState, of: list[MemberState], amount: Decimal) -> Decimal:
    """What a purchaser owes of an amount; over all purchasers each cent once."""
    if not of:
        return amount
    buyers = [each for each in state.members if each.side == "purchaser"]
    parts = parts_of(amount, [each.share for each in buyers])
    return sum((part for part, buyer in zip(parts, buyers, strict=True) if buyer in of), Decimal(0))


async def _overdue(
    session: AsyncSession, contract_id: UUID, *, organisation_id: UUID, as_of: date
) -> OverdueContractOut | None:
    record = await get_contract(session, contract_id=contract_id)
    agreed = await find_terms(session, contract_id=contract_id)
    size = record.clauses.provider_size if record.clauses else None
    small: bool | None = agreed.small_enterprise if agreed else None
    if agreed is None and size is not None:
        small = size in parameters_in((await rules_for(session, record)).rules).sizes
    if small is False:
        return None
    _, dues = await dues_at(session, contract_id=contract_id, as_of=as_of, record=record)
    late = [due for due in dues.dues if due.outstanding > 0 and due.due_on < as_of]
    standing = _standing(record.state, organisation_id)
    owed = _part(record.state, standing, dues.overdue)
    if not late or not owed:
        return None
    return OverdueContractOut(
        contract_id=contract_id,
        contract_number=record.state.contract_number,
        title=record.state.title,
        provider=record.state.provider.name if record.state.provider else None,
        small_enterprise=small,
        currency=dues.currency,
        payments=len(late),
        lead=not standing or any(each.lead for each in standing),
        share=sum((each.share for each in standing), Decimal(0)) if standing else WHOLE,
        overdue=owed,
        contract_overdue=dues.overdue,
        interest=_part(record.state, standing, sum((due.interest for due in late), Decimal(0))),
        due_since=min(due.due_on for due in late),
        rule=dues.rule,
    )
