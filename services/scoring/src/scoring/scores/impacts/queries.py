from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from scoring.frameworks.queries import covers, version_row
from scoring.scores.errors import ImpactNotFound
from scoring.scores.impacts.models import FrameworkImpact, ImpactChange
from shared.auth import Principal

__all__ = ["changes_of", "newest_impact"]


async def newest_impact(
    session: AsyncSession, framework_id: str, framework_version: str, *, principal: Principal
) -> FrameworkImpact:
    """The impact that was asked for last; ImpactNotFound, also outside of the caller's scope."""
    row = await version_row(session, framework_id, framework_version)
    found = None
    if row is not None and covers(principal, row.scope):
        statement = select(FrameworkImpact).where(
            FrameworkImpact.framework_id == framework_id, FrameworkImpact.framework_version == framework_version
        )
        found = (await session.execute(statement.order_by(FrameworkImpact.id.desc()).limit(1))).scalar_one_or_none()
    if found is None:
        raise ImpactNotFound(
            f"No impact of {framework_id} {framework_version} was asked for in your scope: POST to this address."
        )
    return found


async def changes_of(session: AsyncSession, impact_id: UUID, *, after: UUID | None, limit: int) -> list[ImpactChange]:
    """The contracts whose grade changes, by id, of the caller's regions."""
    statement = select(ImpactChange).where(ImpactChange.impact_id == impact_id)
    if after is not None:
        statement = statement.where(ImpactChange.contract_id > after)
    return list((await session.execute(statement.order_by(ImpactChange.contract_id).limit(limit))).scalars())
