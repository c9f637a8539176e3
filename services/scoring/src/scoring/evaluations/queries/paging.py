from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, TypeVar
from uuid import UUID

from sqlalchemy import Select
from sqlalchemy.ext.asyncio import AsyncSession

from shared.auth import SYSTEM
from shared.db import principal_in

__all__ = ["beyond_scope", "locked", "page"]


@contextmanager
def beyond_scope(session: AsyncSession) -> Iterator[None]:
    """Read for the system what a row within the caller's scope refers to."""
    principal = principal_in(session)
    session.info["principal"] = SYSTEM
    try:
        yield
    finally:
        session.info["principal"] = principal


Statement = TypeVar("Statement", bound=Select[Any])


def locked(statement: Statement) -> Statement:
    """The statement with its rows locked for the rest of the transaction, read anew where they were read before.

    FOR NO KEY UPDATE: rows that are being added to a locked evaluation or case by others must not wait for it.
    """
    return statement.with_for_update(key_share=True).execution_options(populate_existing=True)


async def page(
    session: AsyncSession,
    statement: Select[Any],
    key: Any,  # noqa: ANN401 - a mapped attribute
    *,
    after: UUID | None,
    limit: int,
) -> list[Any]:
    """One page of a list by the ids of its items."""
    if after is not None:
        statement = statement.where(key > after)
    return list((await session.execute(statement.order_by(key).limit(limit))).scalars())
