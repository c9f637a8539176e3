"""Reading corrections; the session's scope holds for each."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from contracts.corrections.errors import CorrectionNotFound
from contracts.corrections.models import Correction
from contracts.disclosure.queries import seen_clause
from shared.db import principal_in

__all__ = ["corrections_of", "get_correction", "list_corrections", "waiting_correction"]


async def corrections_of(session: AsyncSession, *, contract_id: UUID) -> Sequence[Correction]:
    """Every correction of a contract in the order in which they were asked for."""
    statement = select(Correction).where(Correction.contract_id == contract_id).order_by(Correction.id)
    return (await session.execute(statement)).scalars().all()


async def list_corrections(
    session: AsyncSession, *, limit: int, after: UUID | None = None, state: str | None = None
) -> Sequence[Correction]:
    """Corrections of all contracts in scope by id; one more than `limit` when there are more."""
    seen = seen_clause(principal_in(session), "contract_corrections.contract_id")
    statement = select(Correction).where(seen).order_by(Correction.id).limit(limit + 1)
    if state is not None:
        statement = statement.where(Correction.state == state)
    if after is not None:
        statement = statement.where(Correction.id > after)
    return (await session.execute(statement)).scalars().all()


async def get_correction(session: AsyncSession, *, correction_id: UUID, contract_id: UUID | None = None) -> Correction:
    """A correction, locked; CorrectionNotFound when there is none in scope, or it is another contract's."""
    statement = select(Correction).where(Correction.id == correction_id).with_for_update()
    found = (await session.execute(statement)).scalar_one_or_none()
    if found is None or contract_id not in (None, found.contract_id):
        raise CorrectionNotFound(f"There is no correction {correction_id}; GET .../corrections lists them.")
    return found


async def waiting_correction(session: AsyncSession, *, contract_id: UUID, field: str) -> UUID | None:
    """The correction of a field that waits for its second person."""
    statement = select(Correction.id).where(
        Correction.contract_id == contract_id, Correction.field == field, Correction.state == "requested"
    )
    return (await session.execute(statement)).scalar_one_or_none()
