"""Rule sets of regions and entries of the calendar: who may write them, and the second person."""

from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from scoring.results import queries
from scoring.results.errors import RuleSetExists, RuleSetStateConflict, SamePerson
from scoring.results.models import CalendarDay, RuleSetRow
from scoring.results.rules import RuleSet, rule_set_hash, shipped_rule_sets
from scoring.results.schemas import CalendarDayIn
from shared import audit, clock
from shared.auth import Principal
from shared.db import principal_in
from shared.problems import Forbidden

__all__ = ["approve_rule_set", "retire_rule_set", "set_calendar_days", "submit_rule_set"]


async def submit_rule_set(session: AsyncSession, rule_set: RuleSet) -> RuleSetRow:
    """Hand in a rule set of the caller's region; it counts when a second person has approved it.

    Forbidden for a region outside the caller's scope; RuleSetExists for a version that is known.
    """
    principal = principal_in(session)
    _require_scope(principal, rule_set.applies_to)
    known = {(each.id, each.version) for each in shipped_rule_sets()}
    known |= {(row.id, row.version) for row in await queries.list_rule_set_rows(session)}
    if (rule_set.id, rule_set.version) in known:
        raise RuleSetExists(f"{rule_set.id} {rule_set.version} exists; a change is a new version.")
    row = RuleSetRow(
        id=rule_set.id,
        version=rule_set.version,
        applies_to=rule_set.applies_to,
        document=rule_set.model_dump(mode="json"),
        sha256=rule_set_hash(rule_set),
        state="submitted",
        submitted_by=principal.subject,
        submitted_at=clock.now(),
    )
    session.add(row)
    _note(session, row, "submitted")
    await session.flush()
    return row


async def approve_rule_set(session: AsyncSession, rule_set_id: str, version: str) -> RuleSetRow:
    """Put a rule set in force for determinations that take effect from now on; its author cannot.

    Raises RuleSetNotFound, RuleSetStateConflict, SamePerson, Forbidden.
    """
    row = await queries.find_rule_set_row(session, rule_set_id, version, for_update=True)
    principal = principal_in(session)
    _require_scope(principal, row.applies_to)
    if row.state != "submitted":
        raise RuleSetStateConflict(f"{row.id} {row.version} is {row.state} already.", state=row.state)
    if principal.subject == row.submitted_by:
        raise SamePerson("You handed it in; a second person approves it.")
    row.state, row.approved_by, row.approved_at = "approved", principal.subject, clock.now()
    _note(session, row, "approved")
    await session.flush()
    return row


async def retire_rule_set(session: AsyncSession, rule_set_id: str, version: str) -> RuleSetRow:
    """Take a rule set out of force; what was opened by it goes on by it. Raises as `approve_rule_set` does."""
    row = await queries.find_rule_set_row(session, rule_set_id, version, for_update=True)
    _require_scope(principal_in(session), row.applies_to)
    if row.state != "approved":
        raise RuleSetStateConflict(
            f"{row.id} {row.version} is {row.state}; only one in force retires.", state=row.state
        )
    row.state = "retired"
    _note(session, row, "retired")
    await session.flush()
    return row


async def set_calendar_days(session: AsyncSession, country: str, days: list[CalendarDayIn]) -> None:
    """Say of days whether offices work on them; it wins over the list that is shipped.

    Time limits that run already keep their last day. Forbidden unless the caller's scope is the whole country.
    """
    principal = principal_in(session)
    _require_scope(principal, country)
    for day in days:
        values = {
            "working": day.working,
            "source": day.source,
            "set_by": principal.subject,
            "set_at": clock.now(),
        }
        await session.execute(
            insert(CalendarDay)
            .values(country=country, day=day.day, **values)
            .on_conflict_do_update(index_elements=["country", "day"], set_=values)
        )
    noted = {"days": [day.day.isoformat() for day in days]}
    audit.record(session, "calendar.changed", noun="calendar", noun_id=country, fields=noted)


def _require_scope(principal: Principal, applies_to: str) -> None:
    covered = principal.may_see(applies_to) if "-" in applies_to else applies_to in principal.regions
    if not (covered or principal.unlimited):
        raise Forbidden(f"{applies_to} lies outside the regions of your token.", region=applies_to)


def _note(session: AsyncSession, row: RuleSetRow, act: str) -> None:
    noted = {"version": row.version, "sha256": row.sha256}
    audit.record(session, f"result_rules.{act}", noun="result_rules", noun_id=row.id, fields=noted)
