"""Names of the parties of contracts."""

from collections.abc import Collection
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from scoring.evidence.models import Contract

__all__ = ["party_names"]


async def party_names(session: AsyncSession, organisation_ids: Collection[UUID]) -> dict[UUID, str]:
    """Names of purchasers and providers as the newest contract in the caller's scope states each."""
    names: dict[UUID, str] = {}
    for party, name in (
        (Contract.provider_id, Contract.provider_name),
        (Contract.purchaser_id, Contract.purchaser_name),
    ):
        statement = select(party, name).where(party.in_(organisation_ids), name.is_not(None))
        found = await session.execute(statement.order_by(Contract.updated_at))
        names |= {organisation_id: said for organisation_id, said in found if organisation_id and said}
    return names
