"""Asking for a contract's register of rights and duties to be made anew.

Changes that stand in the log of changes are found by the register's own sweep. What does not (publications, payment
terms, alerts, findings, determinations) asks for it here, from slices that come before the register's own.
"""

from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from shared.ids import new_id
from shared.jobs import enqueue

__all__ = ["REGISTER_OF", "refresh_register"]

REGISTER_OF = "contracts.obligations_of"


async def refresh_register(session: AsyncSession, *, contract_id: UUID) -> None:
    """Have the register of a contract made anew after this transaction; each request is a job of its own."""
    payload = {"contract_id": str(contract_id)}
    await enqueue(session, REGISTER_OF, key=f"{contract_id}:{new_id()}", payload=payload)
