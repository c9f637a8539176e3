"""Many rows in one statement: the database reads them from one JSON text, typed by the table itself."""

from collections.abc import Mapping, Sequence
from typing import Any

from pydantic_core import to_json
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

__all__ = ["insert_rows", "update_rows"]


async def insert_rows(session: AsyncSession, table: str, rows: Sequence[Mapping[str, Any]], *, tail: str = "") -> None:
    """Insert rows that all have the same columns; columns that are not named take their defaults.

    `table` and `tail` (an ON CONFLICT clause) are constants of ours, never a caller's text.
    """
    if rows:
        columns = ", ".join(rows[0])
        statement = text(
            f"INSERT INTO {table} ({columns}) "  # noqa: S608 - names are ours
            f"SELECT {columns} FROM json_populate_recordset(CAST(NULL AS {table}), CAST(:rows AS json)) {tail}"
        )
        await session.execute(statement, {"rows": to_json(list(rows)).decode()})


async def update_rows(
    session: AsyncSession, table: str, rows: Sequence[Mapping[str, Any]], *, key: str = "id", also: str = ""
) -> None:
    """Set the named columns of the rows that `key` names; `also` is more to set (`version = version + 1`)."""
    if rows:
        names = [name for name in rows[0] if name != key]
        settings = ", ".join([*(f"{name} = fresh.{name}" for name in names), *([also] if also else [])])
        statement = text(
            f"UPDATE {table} SET {settings} "  # noqa: S608 - names are ours
            f"FROM json_populate_recordset(CAST(NULL AS {table}), CAST(:rows AS json)) AS fresh "
            f"WHERE {table}.{key} = fresh.{key}"
        )
        await session.execute(statement, {"rows": to_json(list(rows)).decode()})
