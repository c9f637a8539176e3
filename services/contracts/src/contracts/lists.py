"""Keyset lists whose sort key is the id (UUIDv7: the order of recording)."""

from collections.abc import AsyncIterator
from typing import Any, TypeVar
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from contracts.base import Base
from shared.pagination import Paging
from shared.problems import Unprocessable

__all__ = ["every_row", "id_after"]

Row = TypeVar("Row", bound=Base)


def id_after(page: Paging) -> UUID | None:
    """The id that the next page begins after; 422 when the cursor belongs to another list."""
    if page.cursor is None:
        return None
    try:
        (value,) = page.cursor
        return UUID(value)
    except (AttributeError, TypeError, ValueError) as error:
        raise Unprocessable(
            "The cursor belongs to another list.",
            errors=[{"pointer": "query:cursor", "detail": "not a cursor of this list"}],
        ) from error


async def every_row(session: AsyncSession, table: type[Row], *, chunk: int = 500) -> AsyncIterator[Row]:
    """Every row of a table in the order of its ids, read chunk by chunk (for `replay --snapshot`)."""
    key: Any = table.__mapper__.primary_key[0]
    after: UUID | None = None
    while True:
        statement = select(table).order_by(key).limit(chunk)
        if after is not None:
            statement = statement.where(key > after)
        rows = list((await session.execute(statement)).scalars())
        for row in rows:
            yield row
        if len(rows) < chunk:
            return
        after = rows[-1].id  # type: ignore[attr-defined]
        session.expunge_all()
