"""Reading what the flags need, for many contracts at once.

Neighbours and bookings come in one statement each, over tables of earlier slices: the flags compare contracts, which no
single one of those slices does. Both statements carry the caller's scope, so that a purchaser's year is counted as far
as the caller sees it (a purchaser's contracts lie in its own region as a rule).
"""

from collections.abc import Iterable, Sequence
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from pydantic import TypeAdapter
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from contracts.contracts.queries import ContractRecord, get_contract, list_contracts, read_contracts
from contracts.contracts.service import facts_for_rules
from contracts.disclosure.queries import sight_sql
from contracts.flags.engine import Flag, FlagFacts, Neighbour, flags_of, largest_excess
from contracts.rules.queries import KnownRuleSet, RuleSet, choose, list_rule_sets, rule_set_by_hash
from shared import clock
from shared.db import principal_in, scope_sql
from shared.events import ContractState

__all__ = ["FIELDS", "FlaggedContract", "flagged_contracts", "flags_of_contract", "flags_of_contracts"]

FIELDS = ("money", "provider", "competition")
"""What a flag's figures tell: a contract of which one is withheld from the caller is not listed."""
_JOINT = TypeAdapter(dict[UUID, Decimal])
FlaggedContract = tuple[ContractRecord, RuleSet, list[Flag]]


async def flags_of_contract(session: AsyncSession, *, contract_id: UUID) -> FlaggedContract:
    """Every flag about one contract; ContractNotFound when there is none in the caller's scope."""
    (found,) = await _flags(session, [await get_contract(session, contract_id=contract_id)])
    return found


async def flags_of_contracts(session: AsyncSession, *, contract_ids: Sequence[UUID]) -> list[FlaggedContract]:
    """Every flag about those of these contracts that the caller may see."""
    return await _flags(session, await read_contracts(session, contract_ids=contract_ids))


async def flagged_contracts(
    session: AsyncSession, *, limit: int, after: UUID | None, filters: dict[str, Any]
) -> tuple[list[FlaggedContract], UUID | None]:
    """The next `limit` contracts in the order of their ids with their flags, and the id to go on after (null: end)."""
    records = await list_contracts(session, limit=limit, after=after, filters=filters, fields=FIELDS)
    shown = records[:limit]
    more = shown[-1].state.contract_id if len(records) > limit else None
    return await _flags(session, shown), more


async def _flags(session: AsyncSession, records: Sequence[ContractRecord]) -> list[FlaggedContract]:
    sets = await list_rule_sets(session, viewer=None)
    neighbours = await _neighbours(session, records)
    bookings = await _bookings(session, [record.state.contract_id for record in records])
    found = []
    for record in records:
        state = record.state
        rules = await _rules_of(session, record, sets)
        key = (state.purchaser.organisation_id, state.signed_on.year) if state.signed_on else None
        seen = FlagFacts(
            contract_id=state.contract_id,
            facts=facts_for_rules(record),
            providers=_providers(state),
            neighbours=neighbours.get(key, []) if key else [],
            excess=largest_excess(bookings.get(state.contract_id, [])),
        )
        found.append((record, rules, flags_of(rules, seen)))
    return found


def _providers(state: ContractState) -> list[UUID]:
    """Every provider: the members of a joint one, else the only one."""
    joint = list(dict.fromkeys(member.organisation_id for member in state.members if member.side == "provider"))
    return joint or ([state.provider.organisation_id] if state.provider else [])


async def _rules_of(session: AsyncSession, record: ContractRecord, sets: Iterable[KnownRuleSet]) -> RuleSet:
    if record.rules is not None:
        return await rule_set_by_hash(session, sha256=record.rules.sha256)
    return choose(sets, region=record.state.region, signed_on=record.state.signed_on or clock.today()).rules


async def _neighbours(
    session: AsyncSession, records: Sequence[ContractRecord]
) -> dict[tuple[UUID, int], list[Neighbour]]:
    """Contracts in force or once in force, by purchaser and calendar year of signature."""
    wanted = sorted(
        {
            (record.state.purchaser.organisation_id, record.state.signed_on.year)
            for record in records
            if record.state.signed_on
        }
    )
    scope, parameters = scope_sql(principal_in(session), "contract.region")
    sight, marked = sight_sql(principal_in(session), *FIELDS)
    statement = text(
        "SELECT contract.id, contract.purchaser_id, wanted.year, left(contract.service_category, 3) AS item, "  # noqa: S608 - scope is ours
        "contract.provider_id, contract.procurement_method, contract.currency, "
        "coalesce(contract.value_at_signing, contract.value) AS value, contract.kind, "
        "CASE WHEN contract.has_parts THEN ("
        "SELECT json_object_agg(joint.organisation_id, CAST(joint.part AS text))::text FROM ("
        "SELECT member.organisation_id, sum(share_of(coalesce(contract.value_at_signing, contract.value), "
        "member.share_before, member.share)) AS part FROM contract_members AS member "
        "WHERE member.contract_id = contract.id AND member.side = 'provider' GROUP BY 1) AS joint) END "
        "AS joint "
        "FROM unnest(CAST(:purchasers AS uuid[]), CAST(:years AS int[])) AS wanted(purchaser_id, year) "
        "JOIN contracts AS contract ON contract.purchaser_id = wanted.purchaser_id "
        "AND contract.signed_on BETWEEN make_date(wanted.year, 1, 1) AND make_date(wanted.year, 12, 31) "
        "WHERE contract.state IN ('active', 'suspended', 'completed', 'terminated') "
        f"AND coalesce(contract.value_at_signing, contract.value) IS NOT NULL AND {scope} AND {sight} "
        "ORDER BY contract.id"
    )
    keys = {"purchasers": [purchaser for purchaser, _ in wanted], "years": [year for _, year in wanted]}
    found: dict[tuple[UUID, int], list[Neighbour]] = {}
    for row in await session.execute(statement, parameters | marked | keys):
        neighbour = Neighbour(row.id, row.item, _money(row), row.procurement_method, row.currency, row.value, row.kind)
        found.setdefault((row.purchaser_id, row.year), []).append(neighbour)
    return found


def _money(row: Any) -> dict[UUID, Decimal]:  # noqa: ANN401 - a database row
    """Whose money a neighbour's value is."""
    if row.joint:
        return _JOINT.validate_json(row.joint)
    return {row.provider_id: row.value} if row.provider_id else {}


async def _bookings(session: AsyncSession, contract_ids: Sequence[UUID]) -> dict[UUID, list[tuple[date, str, Decimal]]]:
    """Dated acceptances, payments and refunds that were not taken back; a call-off's in whichever ledger they stand."""
    scope, parameters = scope_sql(principal_in(session), "entry.region")
    statement = text(
        "SELECT coalesce(entry.call_off_id, entry.contract_id) AS contract_id, entry.booked_on, entry.kind, "  # noqa: S608 - scope is ours
        "entry.amount FROM ledger_entries AS entry "
        "WHERE (entry.call_off_id = ANY(:ids) OR (entry.contract_id = ANY(:ids) AND entry.call_off_id IS NULL)) "
        "AND entry.kind IN ('acceptance', 'payment', 'refund') "
        "AND entry.booked_on IS NOT NULL "
        f"AND NOT EXISTS (SELECT FROM ledger_entries AS taken_back WHERE taken_back.reverses = entry.id) AND {scope}"
    )
    found: dict[UUID, list[tuple[date, str, Decimal]]] = {}
    for row in await session.execute(statement, parameters | {"ids": list(contract_ids)}):
        found.setdefault(row.contract_id, []).append((row.booked_on, row.kind, row.amount))
    return found
