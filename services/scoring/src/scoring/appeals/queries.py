"""Reading appeals."""

from datetime import date
from uuid import UUID

from sqlalchemy import Select, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from scoring.appeals.errors import AppealNotFound
from scoring.appeals.models import Appeal, AppealEntry

__all__ = ["appeals_against", "awaited_determinations", "find_appeal", "history_of", "list_appeals"]


def _visible(party: UUID | None) -> Select[Appeal]:
    statement = select(Appeal)
    if party is not None:
        statement = statement.where(or_(Appeal.provider_id == party, Appeal.purchaser_id == party))
    return statement


async def find_appeal(
    session: AsyncSession, appeal_id: UUID, *, party: UUID | None = None, for_update: bool = False
) -> Appeal:
    """One appeal, of a party's own case only where `party` is given; AppealNotFound."""
    statement = _visible(party).where(Appeal.id == appeal_id)
    found = (await session.execute(statement.with_for_update() if for_update else statement)).scalar_one_or_none()
    if found is None:
        raise AppealNotFound(f"There is no appeal {appeal_id}, or it lies outside your scope.")
    return found


async def appeals_against(session: AsyncSession, against_id: UUID) -> list[Appeal]:
    """Every appeal against one decision, in the order of filing."""
    statement = select(Appeal).where(Appeal.against_id == against_id).order_by(Appeal.id)
    return list((await session.execute(statement)).scalars())


async def list_appeals(
    session: AsyncSession,
    *,
    limit: int,
    after: UUID | None = None,
    party: UUID | None = None,
    contract_id: UUID | None = None,
    against_id: UUID | None = None,
    state: str | None = None,
    overdue_on: date | None = None,
) -> list[Appeal]:
    """Appeals in the order of filing; one more than `limit` when there are more."""
    statement = _visible(party)
    if contract_id is not None:
        statement = statement.where(Appeal.contract_id == contract_id)
    if against_id is not None:
        statement = statement.where(Appeal.against_id == against_id)
    if state is not None:
        statement = statement.where(Appeal.state == state)
    if overdue_on is not None:
        statement = statement.where(Appeal.due_on < overdue_on)
    if after is not None:
        statement = statement.where(Appeal.id > after)
    return list((await session.execute(statement.order_by(Appeal.id).limit(limit + 1))).scalars())


async def history_of(session: AsyncSession, appeal_id: UUID) -> list[AppealEntry]:
    """The steps of an appeal in order; the caller has made sure that it is visible."""
    statement = select(AppealEntry).where(AppealEntry.appeal_id == appeal_id).order_by(AppealEntry.id)
    return list((await session.execute(statement)).scalars())


async def awaited_determinations(session: AsyncSession, *, after: UUID | None, limit: int) -> list[Appeal]:
    """Appeals that were decided and wait for the determination that carries them out, in the order of ids, locked."""
    statement = select(Appeal).where(Appeal.clock == "refile").order_by(Appeal.id).limit(limit)
    if after is not None:
        statement = statement.where(Appeal.id > after)
    return list((await session.execute(statement.with_for_update(skip_locked=True))).scalars())
