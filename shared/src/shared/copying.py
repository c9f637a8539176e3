"""COPY into a table inside the session's transaction: for batches, where arrays of parameters would cost more."""

from collections.abc import Iterable, Sequence
from typing import Any

import asyncpg
from sqlalchemy import text
from sqlalchemy.exc import DataError, IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

__all__ = ["copy_in"]

_BEGIN = text("SELECT")


async def copy_in(
    session: AsyncSession, table: str, *, columns: Sequence[str], records: Iterable[Sequence[Any]]
) -> None:
    """Add records to a table by COPY; they are committed or undone with everything else of the transaction.

    The values are of the driver's own types (UUID, Decimal, aware datetime, str for json). What the database refuses is
    SQLAlchemy's IntegrityError or DataError, as of any other statement.
    """
    raw = (await (await session.connection()).get_raw_connection()).driver_connection
    if raw is None:
        raise ConnectionError("the session has no connection")
    if not raw.is_in_transaction():
        # SQLAlchemy begins with the first statement that it sees itself: without one, COPY would commit on its own.
        await session.execute(_BEGIN)
    try:
        await raw.copy_records_to_table(table, columns=list(columns), records=records)
    except asyncpg.IntegrityConstraintViolationError as error:
        raise IntegrityError(f"COPY {table}", None, error) from error
    except asyncpg.DataError as error:
        raise DataError(f"COPY {table}", None, error) from error
