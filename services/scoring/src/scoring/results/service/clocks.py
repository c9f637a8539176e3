"""Telling that a time limit runs out, or has: each notice once, whatever runs twice."""

from datetime import date, timedelta
from functools import cache
from typing import Protocol
from uuid import UUID

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from scoring.results import queries
from scoring.results.models import ClockTold, ResultUse
from shared import clock
from shared.events import ClockDue, ClockNotice, ClockOverdue
from shared.ids import new_id
from shared.outbox import emit

__all__ = ["CHUNK", "ClockSettings", "Clocked", "clock_settings", "latest_day", "notice_event", "tell", "tell_due_uses"]

CHUNK = 500


class ClockSettings(BaseSettings):
    """Read from the environment as GONGPING_RESULTS_<NAME>."""

    model_config = SettingsConfigDict(env_prefix="GONGPING_RESULTS_", extra="ignore")

    warning_days: int = Field(
        3, ge=0, le=60, description="Days before the last day of a time limit on which its owner is told."
    )


@cache
def clock_settings() -> ClockSettings:
    """The process's settings, read from the environment once."""
    return ClockSettings()


class Clocked(Protocol):
    """What has a clock: a use of a result, a rectification, an appeal (their tables have these columns)."""

    id: UUID
    contract_id: UUID
    region: str
    simulated: bool
    due_on: date | None
    due_told: date | None
    overdue_told: date | None


def latest_day() -> date:
    """The latest `due_on` that anything is to be told about now, wherever on earth its offices are."""
    return clock.today() + timedelta(days=clock_settings().warning_days + 1)


async def tell(session: AsyncSession, thing: Clocked, *, noun: str, limit: str, owner: str, today: date) -> int:
    """Give the notices that are due about one time limit; returns how many were new."""
    if thing.due_on is None:
        return 0
    told = 0
    if thing.due_told != thing.due_on and today >= thing.due_on - timedelta(days=clock_settings().warning_days):
        thing.due_told = thing.due_on
        told += await _tell(session, thing, "due", noun=noun, limit=limit, owner=owner)
    if thing.overdue_told != thing.due_on and today > thing.due_on:
        thing.overdue_told = thing.due_on
        told += await _tell(session, thing, "overdue", noun=noun, limit=limit, owner=owner)
    return told


async def _tell(session: AsyncSession, thing: Clocked, kind: str, *, noun: str, limit: str, owner: str) -> int:
    assert thing.due_on is not None  # noqa: S101 - seen by the caller
    told = ClockTold(
        id=new_id(),
        noun=noun,
        noun_id=thing.id,
        contract_id=thing.contract_id,
        region=thing.region,
        simulated=thing.simulated,
        clock=limit,
        kind=kind,
        owner=owner,
        due_on=thing.due_on,
        recorded_at=clock.now(),
    )
    columns = {column.key: getattr(told, column.key) for column in ClockTold.__table__.columns}
    inserted = await session.execute(insert(ClockTold).values(columns).on_conflict_do_nothing().returning(ClockTold.id))
    if inserted.first() is None:
        return 0
    emit(session, notice_event(told), subject=thing.contract_id, region=thing.region)
    return 1


def notice_event(told: ClockTold) -> ClockNotice:
    """The event of a notice."""
    event = ClockDue if told.kind == "due" else ClockOverdue
    columns = {name: getattr(told, name, None) for name in ClockNotice.model_fields}
    return event(**columns | {"notice_id": told.id})


async def tell_due_uses(session: AsyncSession, *, after: UUID | None) -> UUID | None:
    """Give the notices about uses of results, of a chunk; returns its last id, None at the end."""
    still_open = ResultUse.state == "open"
    uses = await queries.untold(session, ResultUse, still_open, until=latest_day(), after=after, limit=CHUNK)
    for use in uses:
        calendar = await queries.calendar_for(session, use.region)
        await tell(
            session,
            use,
            noun="result_use",
            limit="close",
            owner=use.owner,
            today=calendar.day_of(clock.now()),
        )
    return uses[-1].id if len(uses) == CHUNK else None
