"""Reading contracts. The whole aggregate and the facts about it come in one statement, from one snapshot."""

from collections.abc import AsyncIterator, Iterable, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession

from contracts.contracts.corrected import corrected_terms
from contracts.contracts.errors import ContractNotFound
from contracts.contracts.models import Contract, Indicator, Milestone
from contracts.contracts.parts import PARTS
from contracts.contracts.records import (
    AmendmentRecord,
    AuditRow,
    ContractRecord,
    CorrectionRecord,
    ExternalIdRecord,
    Observable,
    PinnedRules,
    ReportedMilestone,
)
from contracts.contracts.statement import SELECT, record_of
from contracts.disclosure.queries import sight_sql
from contracts.policies.queries import note_stamp
from shared.auth import SYSTEM
from shared.db import principal_in, scope_sql

__all__ = [
    "PARTS",
    "AmendmentRecord",
    "AuditRow",
    "ContractRecord",
    "CorrectionRecord",
    "ExternalIdRecord",
    "Observable",
    "PinnedRules",
    "ReportedMilestone",
    "amended_milestones",
    "codes_of",
    "corrected_terms",
    "find_contract_id",
    "find_contract_ids",
    "get_contract",
    "get_contracts",
    "history_of",
    "list_contracts",
    "milestone_ids",
    "observables_by_code",
    "observables_of",
    "read_contracts",
    "record_to_tell",
    "regions_of",
    "require_visible",
    "snapshot_contracts",
]

# A filter by a field finds no contract of which the field is withheld from the caller.
_FILTERED = {
    "contract_number": "contractNumber",
    "provider_id": "provider",
    "source": "externalIds",
    "external_id": "externalIds",
}


async def get_contract(session: AsyncSession, *, contract_id: UUID) -> ContractRecord:
    """One contract; ContractNotFound when there is none in the caller's scope."""
    principal = principal_in(session)
    scope, parameters = scope_sql(principal, "contract.region")
    sight, marked = sight_sql(principal)
    statement = text(f"{SELECT} WHERE contract.id = :contract_id AND {scope} AND {sight}")
    row = (await session.execute(statement, parameters | marked | {"contract_id": contract_id})).first()
    if row is None:
        raise _not_found(contract_id)
    note_stamp(session, row.policies_stamp)
    return record_of(row, principal)


async def record_to_tell(session: AsyncSession, *, contract_id: UUID) -> ContractRecord:
    """A contract that changed, for its own event: money of a call-off moves under its framework agreement, too.

    Never for an answer: the caller's scope and what is withheld from it are not asked for.
    """
    row = (
        await session.execute(text(f"{SELECT} WHERE contract.id = :contract_id"), {"contract_id": contract_id})
    ).one()
    return record_of(row, SYSTEM)


async def get_contracts(session: AsyncSession, *, contract_ids: Sequence[UUID]) -> list[ContractRecord]:
    """These contracts in one statement, in the order of their ids; those outside the caller's scope are left out."""
    principal = principal_in(session)
    scope, parameters = scope_sql(principal, "contract.region")
    statement = text(f"{SELECT} WHERE contract.id = ANY(:ids) AND {scope} ORDER BY contract.id")
    rows = await session.execute(statement, parameters | {"ids": list(contract_ids)})
    return [record_of(row, principal) for row in rows]


async def list_contracts(
    session: AsyncSession,
    *,
    limit: int,
    after: UUID | None = None,
    filters: dict[str, Any] | None = None,
    fields: Sequence[str] = (),
) -> list[ContractRecord]:
    """Contracts in the order of their ids; one more than `limit` when there are more.

    `filters`: state, origin, purchaser_id, provider_id, contract_number, service_category, region (with everything
    below it), source and external_id. `fields`: a contract of which one is withheld from the caller is left out.
    """
    principal = principal_in(session)
    scope, parameters = scope_sql(principal, "contract.region")
    asked = {name for name, value in (filters or {}).items() if value is not None}
    sight, marked = sight_sql(principal, *fields, *(field for name, field in _FILTERED.items() if name in asked))
    conditions = [scope, sight]
    parameters |= marked
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
    statement = text(f"{SELECT} WHERE {' AND '.join(conditions)} ORDER BY contract.id LIMIT :limit")
    rows = await session.execute(statement, parameters | {"limit": limit + 1})
    return [record_of(row, principal) for row in rows]


async def read_contracts(session: AsyncSession, *, contract_ids: Sequence[UUID]) -> list[ContractRecord]:
    """Those of these contracts that the caller may see, in the order of the ids given."""
    principal = principal_in(session)
    scope, parameters = scope_sql(principal, "contract.region")
    sight, marked = sight_sql(principal)
    statement = text(f"{SELECT} WHERE contract.id = ANY(:ids) AND {scope} AND {sight}")
    rows = await session.execute(statement, parameters | marked | {"ids": list(contract_ids)})
    found = {row.id: record_of(row, principal) for row in rows}
    return [found[each] for each in contract_ids if each in found]


async def require_visible(session: AsyncSession, *, contract_id: UUID) -> str:
    """The region of a contract; ContractNotFound when there is none in the caller's scope."""
    principal = principal_in(session)
    scope, parameters = scope_sql(principal)
    sight, marked = sight_sql(principal, contract="contracts")
    statement = text(f"SELECT region FROM contracts WHERE id = :contract_id AND {scope} AND {sight}")  # noqa: S608 - ours
    region: str | None = (
        await session.execute(statement, parameters | marked | {"contract_id": contract_id})
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


async def observables_of(session: AsyncSession, *, contract_id: UUID) -> dict[UUID, Observable]:
    """A contract's indicators by id, as observations of them are read; the caller made sure that it is visible."""
    columns = [getattr(Indicator, name) for name in ("code", "unit", "level", "target", "zero_at")]
    statement = (
        select(Indicator.id, *columns, Contract.starts_on, Contract.ends_on)
        .join(Contract, Contract.id == Indicator.contract_id)
        .where(Indicator.contract_id == contract_id)
    )
    return {row[0]: Observable(*row[1:]) for row in await session.execute(statement)}


async def observables_by_code(
    session: AsyncSession, *, keys: Iterable[tuple[UUID, str]]
) -> dict[tuple[UUID, str], tuple[UUID, Observable]]:
    """Ids of these indicators by (contract, code), each as its observations are read; the caller has found them."""
    wanted = sorted(set(keys))
    statement = text(
        "SELECT indicator.contract_id, indicator.id, indicator.code, unit, level, target, zero_at, starts_on, ends_on "
        "FROM contract_indicators AS indicator "
        "JOIN unnest(CAST(:contracts AS uuid[]), CAST(:codes AS text[])) AS wanted(contract_id, code) "
        "USING (contract_id, code) JOIN contracts ON contracts.id = indicator.contract_id"
    )
    columns = {"contracts": [contract for contract, _ in wanted], "codes": [code for _, code in wanted]}
    rows = await session.execute(statement, columns)
    return {(contract_id, told[0]): (found, Observable(*told)) for contract_id, found, *told in rows}


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


# Milestones that an amendment in force changed or added; the amendments are a later slice's, and named here only.
_AMENDED = text(
    "SELECT DISTINCT proposal.contract_id, changed ->> 'code' AS code FROM amendment_proposals AS proposal "
    "CROSS JOIN LATERAL jsonb_array_elements(proposal.milestones) AS changed "
    "WHERE proposal.contract_id = ANY(:ids) AND proposal.state = 'inForce'"
)


async def amended_milestones(session: AsyncSession, *, contract_ids: Sequence[UUID]) -> set[tuple[UUID, str]]:
    """(contract, code) of the milestones that amendments agreed here; the caller has found the contracts."""
    rows = await session.execute(_AMENDED, {"ids": list(contract_ids)})
    return {(row.contract_id, row.code) for row in rows}
