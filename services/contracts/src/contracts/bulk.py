"""Batches with a result per item: a refused item is undone alone (a savepoint) and does not stop the others."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any, TypeVar
from uuid import UUID

from pydantic import Field
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from shared.problems import Problem, RecordedAtTheSameTime, TooLarge
from shared.savepoint import savepoint
from shared.web import Out

__all__ = ["BulkOut", "BulkResult", "apply_each"]

Item = TypeVar("Item")


class BulkResult(Out):
    """What became of one item."""

    index: int = Field(description="Position in the request, from 0.")
    outcome: str = Field(description="created | updated | unchanged | failed.")
    id: UUID | None = Field(description="Id of the thing; null when the item failed.")
    problem: dict[str, Any] | None = Field(description="Problem document (RFC 9457) of a failed item; else null.")


class BulkOut(Out):
    """Per-item results, in the order of the request."""

    created: int = Field(description="Items that were recorded.")
    updated: int = Field(description="Items that changed what was recorded.")
    unchanged: int = Field(description="Items that were known as they are.")
    failed: int = Field(description="Items that were refused.")
    items: list[BulkResult] = Field(description="One result per item.")


async def apply_each(
    session: AsyncSession,
    items: Sequence[Item],
    apply: Callable[[AsyncSession, Item], Awaitable[tuple[UUID, str]]],
    *,
    limit: int,
) -> BulkOut:
    """Apply every item in a savepoint of its own; `apply` answers the id and the outcome, or raises a Problem.

    TooLarge for more items than `limit`: they share one transaction.
    """
    if len(items) > limit:
        raise TooLarge(f"{len(items)} items; send at most {limit} in one request.", limit=limit)
    results = []
    for index, item in enumerate(items):
        try:
            async with savepoint(session):
                thing, outcome = await apply(session, item)
            results.append(BulkResult(index=index, outcome=outcome, id=thing, problem=None))
        except (Problem, IntegrityError) as error:
            problem = error if isinstance(error, Problem) else RecordedAtTheSameTime("Send this item once more.")
            results.append(BulkResult(index=index, outcome="failed", id=None, problem=problem.document()))
    counts = {
        name: sum(1 for result in results if result.outcome == name)
        for name in ("created", "updated", "unchanged", "failed")
    }
    return BulkOut(**counts, items=results)
