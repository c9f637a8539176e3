"""Keeping what scoring tells: order and repetition change nothing."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from contracts.register_jobs import refresh_register
from contracts.results.models import ContractResult
from shared.events import EventData

__all__ = ["Told", "keep"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """One thing that was told; a fact has version 1. `about_id` names the determination or thing that it is about."""

    id: UUID
    noun: str
    contract_id: UUID
    region: str
    version: int
    about_id: UUID | None
    recorded_at: datetime
    data: EventData


async def keep(session: AsyncSession, told: Told) -> None:
    """Store it unless a newer version, or the same fact, is stored already."""
    values = {
        "version": told.version,
        "about_id": told.about_id,
        "data": told.data.model_dump(mode="json"),
        "recorded_at": told.recorded_at,
    }
    statement = insert(ContractResult).values(
        id=told.id, noun=told.noun, contract_id=told.contract_id, region=told.region, **values
    )
    await session.execute(
        statement.on_conflict_do_update(
            index_elements=["id"], set_=values, where=ContractResult.version < statement.excluded.version
        )
    )
    if told.noun in ("determination", "result_use", "rectification"):
        await refresh_register(session, contract_id=told.contract_id)
