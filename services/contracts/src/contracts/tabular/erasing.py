"""Erasing what tables of imports still hold of a file: rows, parts, and a source's references to what is gone."""

from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from shared import clock

__all__ = ["TARGETS", "erase_import", "forget_references", "forget_rows"]

# What rows of an import may have written about a contract, by `target_id`. Organisations and budget projects are no
# part of a contract; rows of them go with their import.
TARGETS = """
    SELECT CAST(:id AS uuid) AS id
    UNION ALL SELECT id FROM contract_indicators WHERE contract_id = :id
    UNION ALL SELECT id FROM contract_milestones WHERE contract_id = :id
    UNION ALL SELECT id FROM observations WHERE contract_id = :id
    UNION ALL SELECT id FROM ledger_entries WHERE contract_id = :id
    UNION ALL SELECT id FROM evaluation_reports WHERE contract_id = :id
"""
_ROWS = text(f"DELETE FROM table_import_rows WHERE target_id IN ({TARGETS})")  # noqa: S608 - a constant
_REFERENCES = text(f"DELETE FROM table_import_references WHERE target_id IN ({TARGETS})")  # noqa: S608 - a constant
_PARTS = text("DELETE FROM table_import_parts WHERE import_id = :id")
_ALL_ROWS = text("DELETE FROM table_import_rows WHERE import_id = :id")
_HEAD = text(
    "UPDATE table_imports SET state = 'erased', version = version + 1, updated_at = :now WHERE id = :id "
    "AND state IN ('receiving', 'checked', 'applied', 'undone', 'refused')"
)


async def forget_rows(session: AsyncSession, *, contract_id: UUID) -> int:
    """Delete the staged rows that wrote something about a contract; the counts of their imports stay."""
    return _count(await session.execute(_ROWS, {"id": contract_id}))


async def forget_references(session: AsyncSession, *, contract_id: UUID) -> int:
    """Delete what a source's own references to the contract's facts stood for, before the facts go."""
    return _count(await session.execute(_REFERENCES, {"id": contract_id}))


async def erase_import(session: AsyncSession, *, import_id: UUID) -> dict[str, int]:
    """Delete an import's rows and parts; its head stays, with what was counted. Nothing while it runs."""
    if not _count(await session.execute(_HEAD, {"id": import_id, "now": clock.now()})):
        return {}
    rows = _count(await session.execute(_ALL_ROWS, {"id": import_id}))
    parts = _count(await session.execute(_PARTS, {"id": import_id}))
    return {"table_imports": 1, "table_import_rows": rows, "table_import_parts": parts}


def _count(result: Any) -> int:  # noqa: ANN401 - the driver's result
    rows: int = result.rowcount
    return rows
