"""Deleting contracts with everything that hangs on them, by the tables themselves, so that no table is forgotten.

A table with a `contract_id` goes by it, one that refers to such a table goes with what it refers to; where
`contract_id` may be null (a treasury voucher) the row stays and loses the reference.
"""

from collections.abc import Sequence
from functools import cache
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import Table, text
from sqlalchemy.ext.asyncio import AsyncSession

from contracts.base import Base
from contracts.documents.erasing import release_files
from contracts.registers.erasing import take_out_hidden
from contracts.tabular.erasing import forget_references, forget_rows

__all__ = ["allow_erasing", "delete_contracts"]

_ON = text("SELECT set_config('gongping.erasing', 'on', true)")
_OFF = text("SELECT set_config('gongping.erasing', '', true)")
_RELEASES = text(
    "SELECT DISTINCT part.release_id FROM imported_release_contracts AS part WHERE part.contract_id = ANY(:ids)"
)
_ORPHANS = text(
    "DELETE FROM imported_releases AS release WHERE release.id = ANY(:releases) AND NOT EXISTS "
    "(SELECT FROM imported_release_contracts AS part WHERE part.release_id = release.id)"
)


class _Step(NamedTuple):
    table: str
    condition: str
    unlink: bool


@cache
def _steps() -> tuple[_Step, ...]:
    """Children first, the contract last."""
    found: dict[str, _Step] = {"contracts": _Step("contracts", "id = ANY(:ids)", unlink=False)}
    for table in Base.metadata.sorted_tables:
        if table.name not in found and (step := _step_of(table, found)) is not None:
            found[table.name] = step
    return tuple(reversed(found.values()))


def _step_of(table: Table, found: dict[str, _Step]) -> _Step | None:
    column = table.columns.get("contract_id")
    if column is not None:
        return _Step(table.name, "contract_id = ANY(:ids)", unlink=bool(column.nullable))
    conditions = [
        f"{key.parent.name} IN (SELECT {key.column.name} FROM {parent.table} WHERE {parent.condition})"  # noqa: S608 - names of ours
        for key in sorted(table.foreign_keys, key=lambda key: str(key.parent.name))
        if (parent := found.get(key.column.table.name)) is not None and not parent.unlink and not key.parent.nullable
    ]
    return _Step(table.name, " OR ".join(conditions), unlink=False) if conditions else None


async def allow_erasing(session: AsyncSession, *, on: bool) -> None:
    """Open or close the append-only tables for this transaction; only the retention job does so."""
    await session.execute(_ON if on else _OFF)


async def delete_contracts(session: AsyncSession, ids: Sequence[UUID]) -> dict[str, int]:
    """Delete these contracts; answers the number of rows by table. IntegrityError when something else needs them.

    With them go the staged rows of imports that were about them and, after the commit, the files of their documents.
    """
    values = {"ids": list(ids)}
    await take_out_hidden(session, ids)
    staged = sum([await forget_rows(session, contract_id=contract_id) for contract_id in ids])
    told = sum([await forget_references(session, contract_id=contract_id) for contract_id in ids])
    files = await release_files(session, contract_ids=ids)
    releases = list((await session.execute(_RELEASES, values)).scalars())
    found = {"table_import_rows": staged, "table_import_references": told, "files": files}
    counted = {name: count for name, count in found.items() if count}
    for step in _steps():
        verb = f"UPDATE {step.table} SET contract_id = NULL" if step.unlink else f"DELETE FROM {step.table}"  # noqa: S608 - ours
        result = await session.execute(text(f"{verb} WHERE {step.condition}"), values)
        if result.rowcount:  # type: ignore[attr-defined]
            counted[step.table] = result.rowcount  # type: ignore[attr-defined]
    gone = await session.execute(_ORPHANS, {"releases": releases})
    if gone.rowcount:  # type: ignore[attr-defined]
        counted["imported_releases"] = gone.rowcount  # type: ignore[attr-defined]
    return counted
