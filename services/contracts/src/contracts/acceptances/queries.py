"""Reading acceptances."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from contracts.acceptances.models import Acceptance

__all__ = ["list_acceptances"]


async def list_acceptances(
    session: AsyncSession, *, contract_id: UUID, limit: int, after: UUID | None
) -> Sequence[Acceptance]:
    """Acceptances of a contract in the order of recording; one more than `limit` when there are more."""
    statement = select(Acceptance).where(Acceptance.contract_id == contract_id)
    if after is not None:
        statement = statement.where(Acceptance.id > after)
    return (await session.execute(statement.order_by(Acceptance.id).limit(limit + 1))).scalars().all()
