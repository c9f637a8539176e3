"""Reading contracts. The whole aggregate and the facts about it come in one statement, from one snapshot."""

from collections.abc import AsyncIterator, Iterable, Sequence
from typing import Any
from uuid import UUID

from pydantic import TypeAdapter
from sqlalchemy import Row, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from contracts.contracts.errors import ContractNotFound
from contracts.contracts.facts import COLUMNS, JOINS, Facts
from contracts.contracts.models import Indicator, Milestone
from contracts.contracts.records import (
    AmendmentRecord,
    AuditRow,
    ContractRecord,
    ExternalIdRecord,
    PinnedRules,
    ReportedMilestone,
)
from contracts.organisations.queries import party_sql
from contracts.rules.queries import Clauses, Competition
from shared.db import principal_in, scope_sql
from shared.events import AgreedIndicator, ContractState, NeedsBasis, PartyRef

__all__ = [
    "AmendmentRecord",
    "AuditRow",
    "ContractRecord",
    "ExternalIdRecord",
    "PinnedRules",
    "ReportedMilestone",
    "codes_of",
    "find_contract_id",
    "find_contract_ids",
    "get_contract",
    "history_of",
    "indicator_codes",
    "list_contracts",
    "milestone_ids",
    "regions_of",
    "require_visible",
    "snapshot_contracts",
]


_INDICATORS = TypeAdapter(tuple[AgreedIndicator, ...])
_MILESTONES = TypeAdapter(tuple[ReportedMilestone, ...])
_AMENDMENTS = TypeAdapter(list[AmendmentRecord])
_EXTERNAL_IDS = TypeAdapter(list[ExternalIdRecord])
_PINNED = TypeAdapter(PinnedRules)
_WARNINGS = TypeAdapter(list[dict[str, str]])

# The columns of the contract's own row that go into `ContractState` as they are.
_PLAIN = (
    "version",
    "region",
    "contract_number",
    "title",
    "state",
    "origin",
    "simulated",
    "service_category",
    "currency",
    "value",
    "budget",
    "signed_on",
    "starts_on",
    "ends_on",
    "ended_at",
    "end_reason",
    "procurement_method",
    "tenderers",
    "beneficiary_population",
)

# Decimals travel as text inside JSON: a JSON number would come back as a float. The JSON itself is fetched as text, for
# pydantic reads it faster than the driver's decoder. A scalar sub-select per part is cheaper than grouping the row.
_SELECT = f"""
SELECT contract.id, {", ".join(f"contract.{name}" for name in _PLAIN)},
    contract.facts_version, contract.state_reason, contract.moved_at, contract.final_value, contract.gaps,
    contract.value_at_signing, contract.competition::text AS competition, contract.clauses::text AS clauses,
    CASE WHEN contract.rules_sha256 IS NOT NULL THEN json_build_object(
        'id', contract.rules_id, 'version', contract.rules_version, 'sha256', contract.rules_sha256,
        'pinned_at', contract.rules_pinned_at, 'at_signing', contract.rules_at_signing) END::text AS rules,
    contract.created_at, contract.updated_at,
    contract.needs_basis::text AS needs_basis, contract.warnings::text AS warnings,
    {party_sql("contract.purchaser_id")}::text AS purchaser,
    {party_sql("contract.provider_id")}::text AS provider,
    (SELECT json_agg(json_build_object(
        'indicator_id', id, 'code', code, 'name', name, 'level', level, 'aspect', aspect, 'unit', unit,
        'direction', direction, 'target', target::text, 'zero_at', zero_at::text, 'baseline', baseline::text,
        'standard', standard, 'weight', weight::text, 'accountable', accountable, 'missing', missing)
        ORDER BY position)
     FROM contract_indicators WHERE contract_id = contract.id)::text AS indicators,
    (SELECT json_agg(json_build_object(
        'milestone_id', id, 'code', code, 'title', title, 'kind', kind, 'percentage', percentage::text,
        'due_on', due_on, 'status', status, 'met_on', met_on, 'note', note, 'reported_at', reported_at)
        ORDER BY position)
     FROM contract_milestones WHERE contract_id = contract.id)::text AS milestones,
    (SELECT json_agg(json_build_object(
        'number', number, 'external_id', external_id, 'amended_on', amended_on, 'rationale', rationale,
        'description', description) ORDER BY number)
     FROM contract_amendments WHERE contract_id = contract.id)::text AS amendments,
    (SELECT json_agg(json_build_object('source', source, 'id', external_id) ORDER BY source, external_id)
     FROM contract_external_ids WHERE contract_id = contract.id)::text AS external_ids,
    {COLUMNS}
FROM contracts AS contract {JOINS}
"""  # noqa: S608 - constants only


def _record(row: Row[Any]) -> ContractRecord:
    return ContractRecord(
        state=ContractState(
            contract_id=row.id,
            **{name: getattr(row, name) for name in _PLAIN},
            purchaser=PartyRef.model_validate_json(row.purchaser),
            provider=PartyRef.model_validate_json(row.provider) if row.provider else None,
            needs_basis=NeedsBasis.model_validate_json(row.needs_basis) if row.needs_basis else None,
            indicators=_INDICATORS.validate_json(row.indicators) if row.indicators else (),
            milestones=_MILESTONES.validate_json(row.milestones) if row.milestones else (),
        ),
        facts=Facts(
            row.committed,
            row.accepted,
            row.paid,
            row.deducted,
            row.refunded,
            row.payments,
            row.acceptances,
            row.opinions,
            tuple(row.unobserved),
        ),
        facts_version=row.facts_version,
        state_reason=row.state_reason,
        moved_at=row.moved_at,
        final_value=row.final_value,
        value_at_signing=row.value_at_signing,
        competition=Competition.model_validate_json(row.competition) if row.competition else None,
        clauses=Clauses.model_validate_json(row.clauses) if row.clauses else None,
        rules=_PINNED.validate_json(row.rules) if row.rules else None,
        gaps=row.gaps,
        warnings=_WARNINGS.validate_json(row.warnings),
        amendments=_AMENDMENTS.validate_json(row.amendments) if row.amendments else [],
        external_ids=_EXTERNAL_IDS.validate_json(row.external_ids) if row.external_ids else [],
        created_at=row.created_at,
        updated_at=row.updated_at,
    )


async def get_contract(session: AsyncSession, *, contract_id: UUID) -> ContractRecord:
    """One contract; ContractNotFound when there is none in the caller's scope."""
    scope, parameters = scope_sql(principal_in(session), "contract.region")
    statement = text(f"{_SELECT} WHERE contract.id = :contract_id AND {scope}")
    row = (await session.execute(statement, parameters | {"contract_id": contract_id})).first()
    if row is None:
        raise _not_found(contract_id)
    return _record(row)


async def list_contracts(
    session: AsyncSession, *, limit: int, after: UUID | None = None, filters: dict[str, Any] | None = None
) -> list[ContractRecord]:
    """Contracts in the order of their ids; one more than `limit` when there are more.

    `filters`: state, origin, purchaser_id, provider_id, contract_number, service_category, region (with everything
    below it), source and external_id.
    """
    scope, parameters = scope_sql(principal_in(session), "contract.region")
    conditions = [scope]
    for name, value in (filters or {}).items():
        if value is None:
            continue
        if name == "region":
            conditions.append("contract.region LIKE :region")
            value = f"{value}%"  # noqa: PLW2901 - a prefix: a province names all its counties
        elif name in ("source", "external_id"):
            conditions.append(
                "EXISTS (SELECT FROM contract_external_ids AS known "
                f"WHERE known.contract_id = contract.id AND known.{name} = :{name})"
            )
        else:
            conditions.append(f"contract.{name} = :{name}")
        parameters[name] = value
    if after is not None:
        conditions.append("contract.id > :after")
        parameters["after"] = after
    statement = text(f"{_SELECT} WHERE {' AND '.join(conditions)} ORDER BY contract.id LIMIT :limit")
    rows = await session.execute(statement, parameters | {"limit": limit + 1})
    return [_record(row) for row in rows]


async def require_visible(session: AsyncSession, *, contract_id: UUID) -> str:
    """The region of a contract; ContractNotFound when there is none in the caller's scope."""
    scope, parameters = scope_sql(principal_in(session))
    statement = text(f"SELECT region FROM contracts WHERE id = :contract_id AND {scope}")  # noqa: S608 - scope is ours
    region: str | None = (
        await session.execute(statement, parameters | {"contract_id": contract_id})
    ).scalar_one_or_none()
    if region is None:
        raise _not_found(contract_id)
    return region


async def find_contract_id(session: AsyncSession, *, source: str, external_id: str) -> tuple[UUID, str | None] | None:
    """Id and last content hash of the contract that a source system calls so, locked; in any region."""
    statement = text(
        "SELECT contract_id, content_hash FROM contract_external_ids "
        "WHERE source = :source AND external_id = :external_id FOR UPDATE"
    )
    row = (await session.execute(statement, {"source": source, "external_id": external_id})).first()
    return (row.contract_id, row.content_hash) if row else None


async def find_contract_ids(
    session: AsyncSession, keys: Sequence[tuple[str, str]]
) -> dict[tuple[str, str], tuple[UUID, str | None]]:
    """As `find_contract_id`, for many (source, id there) at once and locked in one order; the unknown are left out."""
    statement = text(
        "SELECT known.source, known.external_id, contract_id, content_hash FROM contract_external_ids AS known "
        "JOIN unnest(CAST(:sources AS text[]), CAST(:ids AS text[])) AS wanted(source, external_id) "
        "USING (source, external_id) ORDER BY known.source, known.external_id FOR UPDATE OF known"
    )
    columns = {"sources": [source for source, _ in keys], "ids": [external_id for _, external_id in keys]}
    rows = await session.execute(statement, columns)
    return {(row.source, row.external_id): (row.contract_id, row.content_hash) for row in rows}


async def regions_of(session: AsyncSession, *, contract_ids: Sequence[UUID]) -> dict[UUID, str]:
    """The regions of those contracts that are in the caller's scope."""
    scope, parameters = scope_sql(principal_in(session))
    statement = text(f"SELECT id, region FROM contracts WHERE id = ANY(:ids) AND {scope}")  # noqa: S608 - scope is ours
    rows = await session.execute(statement, parameters | {"ids": list(contract_ids)})
    return {row.id: row.region for row in rows}


async def indicator_codes(session: AsyncSession, *, contract_id: UUID) -> dict[UUID, str]:
    """Codes of a contract's indicators by id; the caller has made sure that the contract is visible."""
    statement = select(Indicator.id, Indicator.code).where(Indicator.contract_id == contract_id)
    return {row.id: row.code for row in await session.execute(statement)}


async def codes_of(session: AsyncSession, *, indicator_ids: Iterable[UUID]) -> dict[UUID, str]:
    """Codes of these indicators by id."""
    statement = select(Indicator.id, Indicator.code).where(Indicator.id.in_(list(indicator_ids)))
    return {row.id: row.code for row in await session.execute(statement)}


async def milestone_ids(session: AsyncSession, *, contract_id: UUID) -> dict[str, UUID]:
    """Ids of a contract's milestones by code; the caller has made sure that the contract is visible."""
    statement = select(Milestone.code, Milestone.id).where(Milestone.contract_id == contract_id)
    return {row.code: row.id for row in await session.execute(statement)}


async def history_of(session: AsyncSession, *, contract_id: UUID, limit: int, after: int | None) -> list[AuditRow]:
    """Acts on a contract in the order of their audit rows; one more than `limit` when there are more."""
    statement = text(
        "SELECT n, id, at, subject, organisation, action, fields FROM audit "
        "WHERE noun = 'contract' AND noun_id = :contract_id AND n > :after ORDER BY n LIMIT :limit"
    )
    rows = await session.execute(statement, {"contract_id": str(contract_id), "after": after or 0, "limit": limit + 1})
    return [AuditRow(*row) for row in rows]


async def snapshot_contracts(session: AsyncSession, *, chunk: int = 200) -> AsyncIterator[ContractRecord]:
    """Every contract, chunk by chunk in the order of their ids."""
    after: UUID | None = None
    while True:
        records = await list_contracts(session, limit=chunk, after=after)
        for record in records[:chunk]:
            yield record
        if len(records) <= chunk:
            return
        after = records[chunk - 1].state.contract_id


def _not_found(contract_id: UUID) -> ContractNotFound:
    return ContractNotFound(f"There is no contract {contract_id} in your regions.")
