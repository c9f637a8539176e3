"""Raising a contract's version for a part of it that a later slice keeps."""

from typing import Any
from uuid import UUID

from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncSession

from contracts.contracts.models import Contract
from shared import clock

__all__ = ["touch_contract"]


async def touch_contract(session: AsyncSession, *, contract_id: UUID, **columns: Any) -> None:  # noqa: ANN401
    """Write these columns of a contract that the caller has locked, at its next version."""
    await session.execute(
        update(Contract)
        .where(Contract.id == contract_id)
        .values(**columns, version=Contract.version + 1, updated_at=clock.now())
        .execution_options(synchronize_session=False)
    )
