"""Reading rectifications."""

from datetime import date
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from scoring.rectifications.errors import RectificationNotFound
from scoring.rectifications.models import Rectification, RectificationEntry

__all__ = [
    "find_rectification",
    "history_of",
    "list_rectifications",
    "rectification_of_use",
]


async def find_rectification(
    session: AsyncSession, rectification_id: UUID, *, provider: UUID | None = None, for_update: bool = False
) -> Rectification:
    """One rectification; RectificationNotFound when it is not in the caller's scope; a provider sees no drafts."""
    statement = select(Rectification).where(Rectification.id == rectification_id)
    if provider is not None:
        statement = statement.where(
            Rectification.provider_id == provider, Rectification.state.not_in(("draft", "cancelled"))
        )
    found = (await session.execute(statement.with_for_update() if for_update else statement)).scalar_one_or_none()
    if found is None:
        raise RectificationNotFound(f"There is no rectification {rectification_id}, or it lies outside your scope.")
    return found


async def rectification_of_use(session: AsyncSession, use_id: UUID) -> Rectification | None:
    """The rectification that a use of a result opened, locked."""
    statement = select(Rectification).where(Rectification.use_id == use_id).with_for_update()
    return (await session.execute(statement)).scalar_one_or_none()


async def list_rectifications(
    session: AsyncSession,
    *,
    limit: int,
    after: UUID | None = None,
    provider: UUID | None = None,
    contract_id: UUID | None = None,
    state: str | None = None,
    responsible: str | None = None,
    overdue_on: date | None = None,
) -> list[Rectification]:
    """Rectifications in the order of opening; one more than `limit` when there are more."""
    statement = select(Rectification)
    if provider is not None:
        statement = statement.where(
            Rectification.provider_id == provider, Rectification.state.not_in(("draft", "cancelled"))
        )
    if contract_id is not None:
        statement = statement.where(Rectification.contract_id == contract_id)
    if state is not None:
        statement = statement.where(Rectification.state == state)
    if responsible is not None:
        statement = statement.where(Rectification.responsible == responsible)
    if overdue_on is not None:
        statement = statement.where(Rectification.due_on < overdue_on)
    if after is not None:
        statement = statement.where(Rectification.id > after)
    return list((await session.execute(statement.order_by(Rectification.id).limit(limit + 1))).scalars())


async def history_of(session: AsyncSession, rectification_id: UUID) -> list[RectificationEntry]:
    """The steps of a rectification in order; the caller has made sure that it is visible."""
    statement = (
        select(RectificationEntry)
        .where(RectificationEntry.rectification_id == rectification_id)
        .order_by(RectificationEntry.id)
    )
    return list((await session.execute(statement)).scalars())
