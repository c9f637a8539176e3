"""Reading the use of results: rule sets, calendars, what is demanded and what became of it."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import TypeVar
from uuid import UUID

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from scoring.base import TimeLimited
from scoring.results.calendar import Calendar, shipped_calendar
from scoring.results.errors import ResultUseNotFound, RuleSetNotFound
from scoring.results.models import (
    OPEN_STATES,
    CalendarDay,
    ClockTold,
    ResultOpening,
    ResultUse,
    RuleSetRow,
)
from scoring.results.rules import RuleSet, shipped_rule_sets
from shared import clock

__all__ = [
    "OPEN_STATES",
    "calendar_days",
    "calendar_for",
    "contract_of_use",
    "find_rule_set",
    "find_rule_set_row",
    "find_use",
    "kept_back",
    "list_rule_set_rows",
    "list_uses",
    "next_told",
    "opened_among",
    "opening_of",
    "rule_set_for",
    "rule_set_of",
    "rule_sets_of",
    "untold",
    "uses_of",
]

Limited = TypeVar("Limited", bound=TimeLimited)


async def calendar_for(session: AsyncSession, region: str) -> Calendar:
    """The working days of a region's country, officers' entries included."""
    country = region.partition("-")[0]
    entries = await session.execute(select(CalendarDay.day, CalendarDay.working).where(CalendarDay.country == country))
    return shipped_calendar(country).corrected({row.day: row.working for row in entries})


async def calendar_days(session: AsyncSession, *, country: str, first: date, last: date) -> list[CalendarDay]:
    """Officers' entries of a period, in the order of the days."""
    statement = (
        select(CalendarDay)
        .where(CalendarDay.country == country, CalendarDay.day.between(first, last))
        .order_by(CalendarDay.day)
    )
    return list((await session.execute(statement)).scalars())


async def rule_sets_of(session: AsyncSession) -> list[RuleSet]:
    """Every rule set in force: the approved rows, of each id the newest version, then the shipped ones."""
    rows = await session.execute(select(RuleSetRow).where(RuleSetRow.state == "approved"))
    own = sorted((_read(row.id, row.version, row) for row in rows.scalars()), key=_order, reverse=True)
    newest = {rule_set.id: rule_set for rule_set in reversed(own)}
    return [*newest.values(), *(each for each in shipped_rule_sets() if each.id not in newest)]


async def rule_set_for(session: AsyncSession, region: str) -> RuleSet:
    """The rule set of a region: the most specific one that applies; RuleSetNotFound.

    A region's own one goes before a shipped one that is as specific.
    """
    applicable = [rule_set for rule_set in await rule_sets_of(session) if rule_set.applies(region)]
    if not applicable:
        raise RuleSetNotFound(f"No rule set applies to {region}; submit one: POST /v1/results/rules.")
    return max(applicable, key=lambda each: len(each.applies_to))


async def find_rule_set(session: AsyncSession, rule_set_id: str, version: str) -> RuleSet:
    """A rule set in a version, whatever its state; RuleSetNotFound."""
    for rule_set in shipped_rule_sets():
        if (rule_set.id, rule_set.version) == (rule_set_id, version):
            return rule_set
    row = await find_rule_set_row(session, rule_set_id, version)
    return _read(rule_set_id, version, row)


async def find_rule_set_row(
    session: AsyncSession, rule_set_id: str, version: str, *, for_update: bool = False
) -> RuleSetRow:
    """The row of a region's own rule set; RuleSetNotFound."""
    statement = select(RuleSetRow).where(RuleSetRow.id == rule_set_id, RuleSetRow.version == version)
    row = (await session.execute(statement.with_for_update() if for_update else statement)).scalar_one_or_none()
    if row is None:
        raise RuleSetNotFound(f"There is no rule set {rule_set_id} {version} that was submitted here.")
    return row


async def list_rule_set_rows(session: AsyncSession) -> list[RuleSetRow]:
    """Every rule set that was submitted here."""
    return list((await session.execute(select(RuleSetRow).order_by(RuleSetRow.id, RuleSetRow.submitted_at))).scalars())


_CACHE: dict[tuple[str, str, str], RuleSet] = {}


def _read(rule_set_id: str, version: str, row: RuleSetRow) -> RuleSet:
    # A version never changes; its hash is part of the key all the same.
    key = (rule_set_id, version, row.sha256)
    if key not in _CACHE:
        _CACHE[key] = RuleSet.model_validate(row.document)
    return _CACHE[key]


def _order(rule_set: RuleSet) -> tuple[int, ...]:
    return tuple(int(part) for part in rule_set.version.split("."))


async def opening_of(session: AsyncSession, determination_id: UUID) -> ResultOpening | None:
    """Whether and by which rules a determination's consequences were opened."""
    statement = select(ResultOpening).where(ResultOpening.determination_id == determination_id)
    return (await session.execute(statement)).scalar_one_or_none()


async def rule_set_of(session: AsyncSession, determination_id: UUID, *, region: str) -> RuleSet:
    """The rule set that a determination's consequences were opened by; before that the one that applies to its region.

    Rules that come into force later change no time limit of what is in effect.
    """
    opening = await opening_of(session, determination_id)
    if opening is None:
        return await rule_set_for(session, region)
    return await find_rule_set(session, opening.rule_set_id, opening.rule_set_version)


async def opened_among(session: AsyncSession, determination_ids: Sequence[UUID]) -> set[UUID]:
    """Which of these determinations have an opening."""
    statement = select(ResultOpening.determination_id).where(ResultOpening.determination_id.in_(determination_ids))
    return set((await session.execute(statement)).scalars())


async def find_use(
    session: AsyncSession, use_id: UUID, *, provider: UUID | None = None, for_update: bool = False
) -> ResultUse:
    """One use of a result; ResultUseNotFound when it does not exist in the caller's scope."""
    statement = select(ResultUse).where(ResultUse.id == use_id)
    if provider is not None:
        statement = statement.where(ResultUse.provider_id == provider)
    found = (await session.execute(statement.with_for_update() if for_update else statement)).scalar_one_or_none()
    if found is None:
        raise ResultUseNotFound(f"There is no use of a result {use_id}, or it lies outside your scope.")
    return found


async def contract_of_use(session: AsyncSession, use_id: UUID) -> UUID:
    """The contract of a use of a result, read without loading it; ResultUseNotFound."""
    found = (await session.execute(select(ResultUse.contract_id).where(ResultUse.id == use_id))).scalar_one_or_none()
    if found is None:
        raise ResultUseNotFound(f"There is no use of a result {use_id}, or it lies outside your scope.")
    return found


async def kept_back(session: AsyncSession, contract_id: UUID, *, kinds: Sequence[str], without: UUID | None) -> Decimal:
    """Money of a contract that applied uses of these kinds keep back; `without` the one that a new one takes over."""
    statement = select(func.coalesce(func.sum(ResultUse.amount), 0)).where(
        ResultUse.contract_id == contract_id, ResultUse.kind.in_(kinds), ResultUse.state == "applied"
    )
    if without is not None:
        statement = statement.where(ResultUse.id != without)
    return Decimal((await session.execute(statement)).scalar_one() or 0)


async def uses_of(session: AsyncSession, determination_id: UUID, *, for_update: bool = False) -> list[ResultUse]:
    """Everything that a determination demands, in the order of opening."""
    statement = select(ResultUse).where(ResultUse.determination_id == determination_id).order_by(ResultUse.id)
    return list((await session.execute(statement.with_for_update() if for_update else statement)).scalars())


async def list_uses(
    session: AsyncSession,
    *,
    limit: int,
    after: UUID | None = None,
    provider: UUID | None = None,
    contract_id: UUID | None = None,
    determination_id: UUID | None = None,
    purchaser_id: UUID | None = None,
    kind: str | None = None,
    state: str | None = None,
    owner: str | None = None,
    overdue_on: date | None = None,
) -> list[ResultUse]:
    """Uses of results in the order of opening; one more than `limit` when there are more."""
    statement = select(ResultUse)
    filters = {
        ResultUse.provider_id: provider,
        ResultUse.contract_id: contract_id,
        ResultUse.determination_id: determination_id,
        ResultUse.purchaser_id: purchaser_id,
        ResultUse.kind: kind,
        ResultUse.state: state,
        ResultUse.owner: owner,
    }
    for column, value in filters.items():
        if value is not None:
            statement = statement.where(column == value)
    if overdue_on is not None:
        statement = statement.where(ResultUse.state == "open", ResultUse.due_on < overdue_on)
    if after is not None:
        statement = statement.where(ResultUse.id > after)
    return list((await session.execute(statement.order_by(ResultUse.id).limit(limit + 1))).scalars())


async def next_told(session: AsyncSession, *, after: UUID, limit: int) -> Sequence[ClockTold]:
    """The next notices about clocks, by id."""
    statement = select(ClockTold).where(ClockTold.id > after).order_by(ClockTold.id).limit(limit)
    return (await session.execute(statement)).scalars().all()


async def untold(
    session: AsyncSession, noun: type[Limited], *also: ColumnElement[bool], until: date, after: UUID | None, limit: int
) -> list[Limited]:
    """What of a noun has its last day by `until` and a notice of it to come, by id, locked.

    A pass over all of them begins with `after` None and goes on behind the last one: whether the day of a notice has
    come depends on the calendar of the region, so that some of them stay as they are.
    """
    statement = (
        select(noun)
        .where(
            noun.due_on <= until,
            noun.overdue_told.is_distinct_from(noun.due_on),
            or_(noun.due_on <= clock.today(), noun.due_told.is_distinct_from(noun.due_on)),
            *also,
        )
        .order_by(noun.id)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    if after is not None:
        statement = statement.where(noun.id > after)
    return list((await session.execute(statement)).scalars())
