"""Reading disclosure marks."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession

from contracts.disclosure.queries import sight_sql
from contracts.marks.errors import MarkNotFound
from contracts.marks.models import DisclosureMark
from shared.db import principal_in

__all__ = ["get_mark", "list_marks", "marks_of"]


async def marks_of(session: AsyncSession, *, contract_id: UUID) -> Sequence[DisclosureMark]:
    """Every mark of a contract, ended ones too, in the order of setting."""
    statement = select(DisclosureMark).where(DisclosureMark.contract_id == contract_id).order_by(DisclosureMark.id)
    return (await session.execute(statement)).scalars().all()


async def get_mark(session: AsyncSession, *, contract_id: UUID, mark_id: UUID) -> DisclosureMark:
    """One mark of a contract, locked; MarkNotFound."""
    statement = select(DisclosureMark).where(DisclosureMark.id == mark_id, DisclosureMark.contract_id == contract_id)
    mark = (await session.execute(statement.with_for_update())).scalar_one_or_none()
    if mark is None:
        raise MarkNotFound(f"The contract {contract_id} has no disclosure mark {mark_id}.")
    return mark


async def list_marks(
    session: AsyncSession, *, limit: int, after: UUID | None, unreviewed: bool
) -> Sequence[DisclosureMark]:
    """Marks of the caller's regions that stand, in the order of setting; one more than `limit` when there are more."""
    statement = select(DisclosureMark).where(DisclosureMark.ended_at.is_(None))
    sight, marked = sight_sql(principal_in(session))
    if marked:
        seen = f"SELECT FROM contracts AS contract WHERE contract.id = disclosure_marks.contract_id AND {sight}"
        statement = statement.where(text(f"EXISTS ({seen})")).params(**marked)
    if unreviewed:
        statement = statement.where(DisclosureMark.reviewed_by.is_(None))
    if after is not None:
        statement = statement.where(DisclosureMark.id > after)
    return (await session.execute(statement.order_by(DisclosureMark.id).limit(limit + 1))).scalars().all()
