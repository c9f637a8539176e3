from uuid import UUID

from sqlalchemy import Select, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from scoring.determinations.errors import DeterminationNotFound
from scoring.determinations.models import Determination

__all__ = ["Found", "determination_in_force", "find_determination", "list_determinations"]

Found = tuple[Determination, UUID | None]
"""A determination and the one that replaced it."""


def _visible(provider: UUID | None) -> Select[Determination, UUID]:
    """Determinations with their successors; a provider sees those about itself only."""
    successor = aliased(Determination)
    later = select(successor.id).where(successor.replaces == Determination.id).scalar_subquery()
    statement = select(Determination, later)
    return statement if provider is None else statement.where(Determination.provider_id == provider)


async def find_determination(session: AsyncSession, determination_id: UUID, *, provider: UUID | None = None) -> Found:
    """One determination; DeterminationNotFound when it does not exist in the caller's scope."""
    row = (await session.execute(_visible(provider).where(Determination.id == determination_id))).one_or_none()
    if row is None:
        raise DeterminationNotFound(f"There is no determination {determination_id}, or it lies outside your scope.")
    return row[0], row[1]


async def determination_in_force(
    session: AsyncSession, *, contract_id: UUID, framework_id: str, stage: str
) -> Determination | None:
    """The determination of a contract under a framework and stage that nothing has replaced."""
    successor = aliased(Determination)
    statement = select(Determination).where(
        Determination.contract_id == contract_id,
        Determination.framework_id == framework_id,
        Determination.stage == stage,
        ~select(successor.id).where(successor.replaces == Determination.id).exists(),
    )
    return (await session.execute(statement)).scalar_one_or_none()


async def list_determinations(
    session: AsyncSession, *, contract_id: UUID | None, provider: UUID | None, after: UUID | None, limit: int
) -> list[Found]:
    """Determinations in the order of their issue."""
    statement = _visible(provider)
    if contract_id is not None:
        statement = statement.where(Determination.contract_id == contract_id)
    if after is not None:
        statement = statement.where(Determination.id > after)
    rows = await session.execute(statement.order_by(Determination.id).limit(limit))
    return [(row[0], row[1]) for row in rows]
