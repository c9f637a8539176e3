"""Reading acts and handovers; the session's scope holds for each."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import ColumnElement, and_, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from contracts.acts.errors import ActNotFound
from contracts.acts.models import OPEN, Act, ActStep, Handover
from contracts.deputies.queries import lies_in, represented_by
from contracts.disclosure.queries import seen_clause
from shared import clock
from shared.db import principal_in, scope_clause

__all__ = ["get_act", "list_acts", "list_handovers", "lock_act", "open_acts_of", "open_move", "steps_of"]


async def get_act(session: AsyncSession, *, act_id: UUID) -> Act:
    """An act; ActNotFound when there is none in the caller's scope."""
    seen = seen_clause(principal_in(session), "acts.contract_id")
    return _found((await session.execute(select(Act).where(Act.id == act_id, seen))).scalar_one_or_none(), act_id)


async def lock_act(session: AsyncSession, *, act_id: UUID) -> Act:
    """An act, locked until the commit; ActNotFound when there is none in the caller's scope."""
    statement = select(Act).where(Act.id == act_id).with_for_update()
    return _found((await session.execute(statement)).scalar_one_or_none(), act_id)


def _found(act: Act | None, act_id: UUID) -> Act:
    if act is None:
        raise ActNotFound(f"There is no act {act_id} in your regions; GET /v1/acts lists them.")
    return act


async def steps_of(session: AsyncSession, *, act_id: UUID) -> Sequence[ActStep]:
    """What was done with an act, in order."""
    return (await session.execute(select(ActStep).where(ActStep.act_id == act_id).order_by(ActStep.id))).scalars().all()


async def open_move(session: AsyncSession, *, contract_id: UUID, action: str) -> UUID | None:
    """The open act of this action on a contract."""
    statement = select(Act.id).where(Act.contract_id == contract_id, Act.action == action, Act.state.in_(OPEN))
    return (await session.execute(statement.limit(1))).scalar_one_or_none()


async def open_acts_of(session: AsyncSession, *, subject: str, scope: str) -> Sequence[Act]:
    """Open acts of a region in which a person prepares, or is named to review or sign; locked in the order of ids."""
    statement = (
        select(Act)
        .where(
            Act.state.in_(OPEN),
            or_(Act.handler == subject, Act.reviewer == subject, Act.signer == subject),
            lies_in(Act.region, scope),
        )
        .order_by(Act.id)
        .with_for_update()
    )
    return (await session.execute(statement)).scalars().all()


async def list_acts(
    session: AsyncSession,
    *,
    limit: int,
    after: UUID | None = None,
    state: str | None = None,
    action: str | None = None,
    contract_id: UUID | None = None,
    waiting_for_me: bool = False,
) -> Sequence[Act]:
    """Acts by id; one more than `limit` when there are more.

    `waiting_for_me` finds those whose next step the caller may do: one's own, and those of persons whose deputy one is.
    """
    seen = seen_clause(principal_in(session), "acts.contract_id")
    statement = select(Act).where(seen).order_by(Act.id).limit(limit + 1)
    for column, value in ((Act.state, state), (Act.action, action), (Act.contract_id, contract_id)):
        if value is not None:
            statement = statement.where(column == value)
    if waiting_for_me:
        statement = statement.where(await _waiting(session))
    if after is not None:
        statement = statement.where(Act.id > after)
    return (await session.execute(statement)).scalars().all()


async def _waiting(session: AsyncSession) -> ColumnElement[bool]:
    caller = principal_in(session).subject
    persons = [caller, *await represented_by(session, deputy=caller, on=clock.today())]
    prepared = [Act.prepared_by.is_distinct_from(caller), Act.prepared_for.is_distinct_from(caller)]
    reviewed = [Act.reviewed_by.is_distinct_from(caller), Act.reviewed_for.is_distinct_from(caller)]
    return or_(
        and_(Act.state == "prepared", or_(Act.reviewer.is_(None), Act.reviewer.in_(persons)), *prepared),
        and_(Act.state == "reviewed", or_(Act.signer.is_(None), Act.signer.in_(persons)), *prepared, *reviewed),
        and_(Act.state == "returned", Act.handler.in_(persons)),
    )


async def list_handovers(session: AsyncSession, *, limit: int, after: UUID | None = None) -> Sequence[Handover]:
    """Handovers in the caller's regions by id; one more than `limit` when there are more."""
    inside = scope_clause(principal_in(session), Handover.scope)
    statement = select(Handover).where(inside).order_by(Handover.id).limit(limit + 1)
    if after is not None:
        statement = statement.where(Handover.id > after)
    return (await session.execute(statement)).scalars().all()
