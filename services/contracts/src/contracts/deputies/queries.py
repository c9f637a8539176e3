"""Reading deputies and named persons."""

from collections.abc import Sequence
from datetime import date
from uuid import UUID

from sqlalchemy import ColumnElement, or_, select, true
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute

from contracts.deputies.errors import DeputyNotFound
from contracts.deputies.models import Deputy, Responsibility
from contracts.rules.queries import covers, may_keep
from shared.db import principal_in, scope_clause

__all__ = [
    "deputy_for",
    "get_deputy",
    "lies_in",
    "list_deputies",
    "represented_by",
    "responsibilities_of",
    "responsible_for",
]


async def deputy_for(
    session: AsyncSession, *, deputy: str, subject: str, action: str, region: str, on: date
) -> Deputy | None:
    """The entry by which one person may act for another on a day, in an action and a region."""
    statement = (
        select(Deputy)
        .where(
            Deputy.deputy == deputy,
            Deputy.subject == subject,
            Deputy.starts_on <= on,
            Deputy.ends_on >= on,
            Deputy.revoked_at.is_(None),
        )
        .order_by(Deputy.id)
    )
    found = (await session.execute(statement)).scalars()
    return next((each for each in found if action in each.actions and covers(each.scope, region)), None)


def lies_in(column: InstrumentedAttribute[str], scope: str) -> ColumnElement[bool]:
    """Whether a row's region is `scope` or below it (`*`: any), as `contracts.rules.queries.covers` says it."""
    if scope == "*":
        return true()
    return or_(column == scope, column.startswith(scope if "-" in scope else f"{scope}-", autoescape=True))


async def represented_by(session: AsyncSession, *, deputy: str, on: date) -> list[str]:
    """Persons for whom somebody may act on a day, in whatever."""
    statement = select(Deputy.subject).where(
        Deputy.deputy == deputy, Deputy.starts_on <= on, Deputy.ends_on >= on, Deputy.revoked_at.is_(None)
    )
    return sorted(set((await session.execute(statement)).scalars()))


async def list_deputies(
    session: AsyncSession, *, limit: int, after: UUID | None = None, subject: str | None = None, on: date | None = None
) -> Sequence[Deputy]:
    """Deputies by id: the caller's own, and for finance, auditors and operators those of their regions.

    One more than `limit` when there are more; `on` leaves out who is no deputy on that day.
    """
    principal = principal_in(session)
    statement = select(Deputy).order_by(Deputy.id)
    if subject is not None:
        statement = statement.where(Deputy.subject == subject)
    if on is not None:
        statement = statement.where(Deputy.starts_on <= on, Deputy.ends_on >= on, Deputy.revoked_at.is_(None))
    if after is not None:
        statement = statement.where(Deputy.id > after)
    own = or_(Deputy.subject == principal.subject, Deputy.deputy == principal.subject)
    if not principal.roles & {"finance", "auditor", "operator"}:
        statement = statement.where(own)
    else:
        statement = statement.where(or_(own, scope_clause(principal, Deputy.scope)))
    return (await session.execute(statement.limit(limit + 1))).scalars().all()


async def get_deputy(session: AsyncSession, *, deputy_id: UUID) -> Deputy:
    """An entry, locked; DeputyNotFound unless the caller is one of its persons or its region is the caller's."""
    statement = select(Deputy).where(Deputy.id == deputy_id).with_for_update()
    found = (await session.execute(statement)).scalar_one_or_none()
    principal = principal_in(session)
    seen = found is not None and (
        principal.subject in (found.subject, found.deputy) or may_keep(principal, found.scope)
    )
    if found is None or not seen:
        raise DeputyNotFound(f"There is no deputy {deputy_id}; GET /v1/deputies lists them.")
    return found


async def responsibilities_of(session: AsyncSession, *, contract_id: UUID) -> Sequence[Responsibility]:
    """Who answered for what in a contract, from the beginning."""
    statement = select(Responsibility).where(Responsibility.contract_id == contract_id).order_by(Responsibility.id)
    return (await session.execute(statement)).scalars().all()


async def responsible_for(session: AsyncSession, *, contract_id: UUID) -> dict[str, str]:
    """Who answers for what in a contract now: subject by duty."""
    statement = select(Responsibility.duty, Responsibility.subject).where(
        Responsibility.contract_id == contract_id, Responsibility.ended_at.is_(None)
    )
    return {row.duty: row.subject for row in await session.execute(statement)}
