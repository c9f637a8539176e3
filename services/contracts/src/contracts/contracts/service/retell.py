"""Telling a contract again when what is told of it changes, though its terms do not: a mark begins or ends."""

from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from contracts.contracts.queries import get_contract
from contracts.contracts.service.store import announce
from shared import clock
from shared.events import ContractUpdated

__all__ = ["raise_version", "tell_again"]

_RAISE = text("UPDATE contracts SET version = version + 1, updated_at = :now WHERE id = :contract_id")


async def raise_version(session: AsyncSession, *, contract_id: UUID) -> None:
    """Lock the contract and count a change of it, before what is told of it changes."""
    await session.execute(_RAISE, {"contract_id": contract_id, "now": clock.now()})


async def tell_again(session: AsyncSession, *, contract_id: UUID, action: str, fields: dict[str, Any]) -> None:
    """Emit the contract as it is told now, and leave the audit row."""
    record = await get_contract(session, contract_id=contract_id)
    announce(session, ContractUpdated, record.state, action=action, fields=fields)
