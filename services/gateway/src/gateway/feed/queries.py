from collections.abc import Collection, Iterable
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import func, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from gateway.feed.models import ScoreChange
from shared.auth import Principal
from shared.db import scope_clause

__all__ = ["BLOCK", "Change", "changes_after", "last_position", "stored_versions"]

BLOCK = 2**40
"""Positions from one restore of the database to the next; 8,192 of them leave the ids exact in JavaScript."""


class Change(NamedTuple):
    """One event, ready to be streamed: `data` is the JSON of scoring's event."""

    position: int
    region: str
    event: str
    data: str


async def changes_after(
    session: AsyncSession, *, after: int, limit: int, principal: Principal, events: Collection[str] | None = None
) -> list[Change]:
    """Changes above a position in their order, those of the principal's regions; of some kinds of event, or of all."""
    statement = select(ScoreChange.position, ScoreChange.region, ScoreChange.event, ScoreChange.data).where(
        ScoreChange.position > after, scope_clause(principal, ScoreChange.region)
    )
    if events is not None:
        statement = statement.where(ScoreChange.event.in_(events))
    rows = await session.execute(statement.order_by(ScoreChange.position).limit(limit))
    return [Change(*row) for row in rows]


async def last_position(session: AsyncSession, *, like: int | None = None) -> int:
    """The highest position of all regions, 0 when there is none.

    With `like`, the highest of the block of that position; where a restore ended the block, what was given out behind
    it is lost.
    """
    statement = select(func.max(ScoreChange.position))
    if like is not None:
        statement = statement.where(ScoreChange.position < (like // BLOCK + 1) * BLOCK)
    return (await session.scalar(statement)) or 0


async def stored_versions(session: AsyncSession, keys: Iterable[tuple[UUID, str]]) -> dict[tuple[UUID, str], int]:
    """The highest version stored of each contract and framework."""
    contracts, frameworks = zip(*keys, strict=True)
    rows = await session.execute(
        text(
            "SELECT contract_id, framework_id, max(version) AS version FROM score_change "
            "WHERE (contract_id, framework_id) IN "
            "(SELECT * FROM unnest(CAST(:contracts AS uuid[]), CAST(:frameworks AS text[]))) GROUP BY 1, 2"
        ),
        {"contracts": list(contracts), "frameworks": list(frameworks)},
    )
    return {(row.contract_id, row.framework_id): row.version for row in rows}
