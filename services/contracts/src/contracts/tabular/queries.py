"""Reading imports of tables, and finding at once what the rows of a chunk name."""

from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Any, NamedTuple
from uuid import UUID

from pydantic_core import from_json
from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession

from contracts.contracts.service import ContractHead
from contracts.tabular.errors import ImportMappingNotFound, TableImportNotFound
from contracts.tabular.models import EvaluationReport, ImportMapping, ImportRow, TableImport
from contracts.tabular.sight import sent_by
from shared.auth import Principal
from shared.db import principal_in, scope_sql

__all__ = [
    "KnownContract",
    "RowRecord",
    "StagedRow",
    "agreed_codes",
    "contract_head",
    "contracts_by_key",
    "count_not_evaluable",
    "get_mapping",
    "get_table_import",
    "known_amounts",
    "list_evaluation_reports",
    "list_mappings",
    "list_rows",
    "list_table_imports",
    "references_of",
    "reports_by_reference",
    "rows_to_do",
    "rows_to_undo",
    "standing_observations",
    "units_named",
]

_AMOUNTS = {
    "contracts": "SELECT value AS amount FROM contracts AS one WHERE value > 0",
    "projects": "SELECT initial_amount AS amount FROM budget_projects AS one WHERE initial_amount > 0",
    "payments": "SELECT amount FROM ledger_entries AS one WHERE kind = 'payment'",
    "deductions": "SELECT amount FROM ledger_entries AS one WHERE kind = 'deduction'",
}


class KnownContract(NamedTuple):
    """What the rows about a contract have to know of it; the caller may act for it."""

    head: ContractHead
    origin: str
    signed_on: Any
    starts_on: Any

    def open_to(self, principal: Principal, *sides: str) -> bool:
        """Whether a caller may record facts about it, as `require_party` has it."""
        if principal.organisation is None or principal.roles & {"finance", "operator"}:
            return True
        standing = {"purchaser": self.head.purchaser_id, "provider": self.head.provider_id}
        return any(side in principal.roles and standing[side] == principal.organisation for side in sides)


class RowRecord(NamedTuple):
    """A row as it is stored."""

    line: int
    cells: list[str]
    outcome: str | None
    target_id: UUID | None
    problems: list[dict[str, Any]] | None
    before: dict[str, Any] | None
    duplicate_of: int | None


class StagedRow(NamedTuple):
    """A row as it was read from the file."""

    line: int
    cells: list[str]
    duplicate_of: int | None


async def get_table_import(session: AsyncSession, *, import_id: UUID, lock: bool = False) -> TableImport:
    """One import of the caller's regions; TableImportNotFound."""
    statement = select(TableImport).where(TableImport.id == import_id, sent_by(principal_in(session)))
    if lock:
        statement = statement.with_for_update()
    found = (await session.execute(statement)).scalar_one_or_none()
    if found is None:
        raise TableImportNotFound(f"There is no import {import_id} in your regions.")
    return found


async def list_table_imports(session: AsyncSession, *, limit: int, after: UUID | None) -> Sequence[TableImport]:
    """Imports of the caller's regions, the newest first; one more than `limit` when there are more."""
    statement = select(TableImport).where(sent_by(principal_in(session)))
    if after is not None:
        statement = statement.where(TableImport.id < after)
    return (await session.execute(statement.order_by(TableImport.id.desc()).limit(limit + 1))).scalars().all()


async def get_mapping(session: AsyncSession, *, name: str) -> ImportMapping:
    """A kept mapping; ImportMappingNotFound."""
    found = await session.get(ImportMapping, name)
    if found is None:
        raise ImportMappingNotFound(f"No mapping of columns is kept as {name}; GET /v1/imports/mappings lists them.")
    return found


async def list_mappings(session: AsyncSession, *, noun: str | None) -> Sequence[ImportMapping]:
    """Kept mappings by name."""
    statement = select(ImportMapping).order_by(ImportMapping.name)
    if noun is not None:
        statement = statement.where(ImportMapping.noun == noun)
    return (await session.execute(statement)).scalars().all()


_ROW = (
    ImportRow.line,
    ImportRow.cells,
    ImportRow.outcome,
    ImportRow.target_id,
    ImportRow.problems,
    ImportRow.before,
    ImportRow.duplicate_of,
)


async def rows_to_do(session: AsyncSession, *, import_id: UUID, after: int, limit: int) -> list[StagedRow]:
    """The next rows of an import in the order of their lines."""
    # As text: pydantic reads JSON in a fraction of the driver's time.
    statement = text(
        "SELECT line, cells::text, duplicate_of FROM table_import_rows "
        "WHERE import_id = :import_id AND line > :after ORDER BY line LIMIT :limit"
    )
    rows = await session.execute(statement, {"import_id": import_id, "after": after, "limit": limit})
    return [StagedRow(line, from_json(cells), duplicate_of) for line, cells, duplicate_of in rows]


async def rows_to_undo(session: AsyncSession, *, import_id: UUID, before: int, limit: int) -> list[RowRecord]:
    """The next rows that changed something, from the last line to the first: what came last goes first."""
    statement = select(*_ROW).where(
        ImportRow.import_id == import_id, ImportRow.line < before, ImportRow.outcome.in_(("created", "updated"))
    )
    return [RowRecord(*row) for row in await session.execute(statement.order_by(ImportRow.line.desc()).limit(limit))]


async def list_rows(
    session: AsyncSession, *, import_id: UUID, outcome: str | None, problems: bool, after: int, limit: int
) -> list[RowRecord]:
    """Rows of an import by line, of one outcome or only with problems; one more than `limit` when there are more."""
    statement = select(*_ROW).where(ImportRow.import_id == import_id, ImportRow.line > after)
    if outcome is not None:
        statement = statement.where(ImportRow.outcome == outcome)
    if problems:
        statement = statement.where(ImportRow.problems.is_not(None))
    return [RowRecord(*row) for row in await session.execute(statement.order_by(ImportRow.line).limit(limit + 1))]


async def contracts_by_key(session: AsyncSession, *, source: str, keys: Iterable[str]) -> dict[str, KnownContract]:
    """Contracts in the caller's scope by their id in the source, else by a contract number that one of them has.

    They are locked in the order of their ids: their facts may be added until the commit.
    """
    wanted = sorted(set(keys))
    principal = principal_in(session)
    scope, parameters = scope_sql(principal, "contract.region")
    statement = text(
        f"""
        SELECT contract.id, contract.region, contract.state, contract.currency, contract.value, contract.purchaser_id,
            contract.provider_id, contract.service_category, contract.origin, contract.signed_on, contract.starts_on,
            known.external_id, contract.contract_number
        FROM contracts AS contract
        LEFT JOIN contract_external_ids AS known ON known.contract_id = contract.id AND known.source = :source
            AND known.external_id = ANY(:keys)
        WHERE {scope} AND (contract.id IN (SELECT contract_id FROM contract_external_ids
                                           WHERE source = :source AND external_id = ANY(:keys))
            OR (contract.contract_number = ANY(:keys) AND contract.state <> 'cancelled'))
        ORDER BY contract.id FOR UPDATE OF contract
        """  # noqa: S608 - scope is ours
    )
    rows = list(await session.execute(statement, parameters | {"source": source, "keys": wanted}))
    found: dict[str, KnownContract] = {}
    by_number: dict[str, list[KnownContract]] = {}
    for row in rows:
        known = KnownContract(ContractHead(*row[:8]), row.origin, row.signed_on, row.starts_on)
        if row.external_id is not None:
            found[row.external_id] = known
        if row.contract_number is not None:
            by_number.setdefault(row.contract_number, []).append(known)
    return {number: those[0] for number, those in by_number.items() if len(those) == 1} | found


async def agreed_codes(
    session: AsyncSession, *, keys: Iterable[tuple[UUID, str]], table: str
) -> dict[tuple[UUID, str], UUID]:
    """Ids of these indicators or milestones by (contract, code). `table` is one of ours."""
    wanted = sorted(set(keys))
    statement = text(
        f"SELECT contract_id, code, id FROM {table} "  # noqa: S608 - ours
        "JOIN unnest(CAST(:contracts AS uuid[]), CAST(:codes AS text[])) AS wanted(contract_id, code) "
        "USING (contract_id, code)"
    )
    columns = {"contracts": [contract for contract, _ in wanted], "codes": [code for _, code in wanted]}
    return {(row[0], row[1]): row[2] for row in await session.execute(statement, columns)}


async def references_of(
    session: AsyncSession, *, source: str, noun: str, references: Iterable[str]
) -> dict[str, tuple[UUID, str]]:
    """What a source's own references stand for: (id of the fact, hash of what the source said last)."""
    statement = text(
        "SELECT reference, target_id, content_hash FROM table_import_references "
        "WHERE source = :source AND noun = :noun AND reference = ANY(:references)"
    )
    rows = await session.execute(statement, {"source": source, "noun": noun, "references": sorted(set(references))})
    return {row.reference: (row.target_id, row.content_hash) for row in rows}


async def standing_observations(session: AsyncSession, *, ids: Iterable[UUID]) -> set[UUID]:
    """Those of these observations that nobody corrected or withdrew."""
    statement = text(
        "SELECT id FROM observations AS one WHERE id = ANY(:ids) "
        "AND NOT EXISTS (SELECT FROM observation_withdrawals AS withdrawn WHERE withdrawn.observation_id = one.id) "
        "AND NOT EXISTS (SELECT FROM observations AS later WHERE later.supersedes = one.id)"
    )
    return {row.id for row in await session.execute(statement, {"ids": list(ids)})}


async def known_amounts(session: AsyncSession, *, noun: str, region: str) -> tuple[int, Decimal | None]:
    """How many amounts of a noun are known in a region and their median, over the newest 2,000."""
    if noun not in _AMOUNTS:
        return 0, None
    statement = text(
        "SELECT count(*) AS number, percentile_disc(0.5) WITHIN GROUP (ORDER BY amount) "  # noqa: S608 - ours
        f"AS median FROM ({_AMOUNTS[noun]} AND region LIKE :region ORDER BY one.id DESC LIMIT 2000) AS newest"
    )
    row = (await session.execute(statement, {"region": f"{region}%"})).one()
    return row.number, row.median


async def list_evaluation_reports(session: AsyncSession, *, contract_id: UUID) -> Sequence[EvaluationReport]:
    """Evaluation reports of the past about a contract that is visible, by year."""
    statement = select(EvaluationReport).where(EvaluationReport.contract_id == contract_id)
    return (await session.execute(statement.order_by(EvaluationReport.year, EvaluationReport.id))).scalars().all()


async def count_not_evaluable(session: AsyncSession, *, region: str, year: int | None) -> tuple[int, dict[str, int]]:
    """Contracts of the past in a region and below, and of these the not evaluable by reason; by year of signature."""
    scope, parameters = scope_sql(principal_in(session))
    statement = text(
        "SELECT not_evaluable AS reason, count(*) AS number FROM contracts "  # noqa: S608 - scope is ours
        "WHERE origin = 'import' AND state <> 'cancelled' AND region LIKE :region "
        "AND (CAST(:year AS int) IS NULL OR extract(year FROM signed_on) = CAST(:year AS int)) "
        f"AND {scope} GROUP BY not_evaluable ORDER BY number DESC"
    )
    rows = list(await session.execute(statement, parameters | {"region": f"{region}%", "year": year}))
    return sum(row.number for row in rows), {row.reason: row.number for row in rows if row.reason is not None}


async def contract_head(session: AsyncSession, *, contract_id: UUID) -> ContractHead | None:
    """The head of a contract in the caller's scope, locked."""
    scope, parameters = scope_sql(principal_in(session))
    statement = text(
        "SELECT id, region, state, currency, value, purchaser_id, provider_id, service_category, kind, framework_id, "  # noqa: S608 - ours
        f"ceiling, origin FROM contracts WHERE id = :contract_id AND {scope} FOR UPDATE"
    )
    row = (await session.execute(statement, parameters | {"contract_id": contract_id})).first()
    return ContractHead(*row) if row else None


async def units_named(session: AsyncSession, *, names: Iterable[str]) -> dict[str, list[UUID]]:
    """Active organisations by credit code or by name."""
    statement = text(
        "SELECT id, name, uscc FROM organisations "
        "WHERE status = 'active' AND (uscc = ANY(:names) OR name = ANY(:names))"
    )
    wanted = sorted(set(names))
    found: dict[str, list[UUID]] = {}
    for row in await session.execute(statement, {"names": wanted}):
        for name in {row.name, row.uscc} & set(wanted):
            found.setdefault(name, []).append(row.id)
    return found


async def reports_by_reference(
    session: AsyncSession, *, source: str, references: Iterable[str], columns: Sequence[str]
) -> dict[str, dict[str, Any]]:
    """Evaluation reports of a source in the caller's scope by their references, with these columns."""
    scope, parameters = scope_sql(principal_in(session))
    statement = text(
        f"SELECT id, reference, {', '.join(columns)} FROM evaluation_reports "  # noqa: S608 - names are ours
        f"WHERE source = :source AND reference = ANY(:references) AND {scope}"
    )
    wanted = parameters | {"source": source, "references": sorted(set(references))}
    return {row["reference"]: dict(row) for row in (await session.execute(statement, wanted)).mappings()}
