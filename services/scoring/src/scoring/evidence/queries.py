from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Row, select, text, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from scoring.evidence.models import Contract, Evidence

__all__ = ["IN_FORCE", "contract_of", "evidence_bodies", "list_evidence", "lock_contracts", "next_contracts"]

IN_FORCE: Final = """
    (SELECT json_agg(json_build_array(e.id, e.kind, e.version, e.sha256, e.body))
     FROM evidence e WHERE e.contract_id = c.contract_id AND (e.kind <> 'contract' OR e.version = c.version))
"""
"""SQL expression: the evidence of contract `c` as an array of (id, kind, version, sha256, body), of the contract's own
versions only the newest. For statements that read several contracts in one round trip."""

_LOCK = text(
    "SELECT contract_id FROM contracts WHERE contract_id = ANY(CAST(:ids AS uuid[])) ORDER BY contract_id FOR UPDATE"
)
_NEXT = text(
    "SELECT contract_id FROM contracts WHERE contract_id > :after AND version > 0 "
    "AND get_byte(uuid_send(contract_id), 15) % :lanes = :lane ORDER BY contract_id LIMIT :limit FOR UPDATE"
)


async def lock_contracts(session: AsyncSession, contract_ids: list[UUID]) -> list[UUID]:
    """Lock known contracts in the order of their ids for the rest of the transaction."""
    return list((await session.execute(_LOCK, {"ids": contract_ids})).scalars())


async def next_contracts(session: AsyncSession, *, after: UUID, limit: int, lane: int, lanes: int) -> list[UUID]:
    """The next contracts of a lane by id, locked: the chunks of a bulk re-scoring.

    The last byte of an id is random, so that the lanes are of one size, and no contract is in two.
    """
    values = {"after": after, "limit": limit, "lane": lane, "lanes": lanes}
    return list((await session.execute(_NEXT, values)).scalars())


async def contract_of(session: AsyncSession, contract_id: UUID) -> Contract | None:
    """What is known of a contract, None when it is unknown or of a region outside the caller's scope."""
    return (
        await session.execute(select(Contract).where(Contract.contract_id == contract_id, Contract.version > 0))
    ).scalar_one_or_none()


async def evidence_bodies(session: AsyncSession, *, items: list[tuple[UUID, str]]) -> list[Row[Any]]:
    """Kind, id, hash and body of the items that a score row names; a state once per version that says the same."""
    if not items:
        return []
    statement = select(Evidence.id, Evidence.kind, Evidence.sha256, Evidence.body).where(
        tuple_(Evidence.id, Evidence.sha256).in_(items)
    )
    return list(await session.execute(statement))


async def list_evidence(
    session: AsyncSession,
    *,
    contract_id: UUID,
    kind: str | None,
    known_at: datetime | None,
    after: tuple[datetime, UUID, int] | None,
    limit: int,
) -> list[Evidence]:
    """Evidence of a contract in the order in which it came in; `known_at` asks what was known at an instant."""
    statement = select(Evidence).where(Evidence.contract_id == contract_id)
    if kind is not None:
        statement = statement.where(Evidence.kind == kind)
    if known_at is not None:
        statement = statement.where(Evidence.received_at <= known_at)
    if after is not None:
        statement = statement.where(tuple_(Evidence.received_at, Evidence.id, Evidence.version) > after)
    order = (Evidence.received_at, Evidence.id, Evidence.version)
    return list((await session.execute(statement.order_by(*order).limit(limit))).scalars())
