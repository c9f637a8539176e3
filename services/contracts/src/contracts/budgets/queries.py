"""Reading budget projects.

The sums come from the ledger, whose slice stands later and uses this one. So its table is named here inside the
statements, instead of a call upwards.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import RowMapping, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from contracts.budgets.errors import BudgetProjectNotFound
from contracts.budgets.models import BudgetAdjustment
from contracts.disclosure.queries import sight_sql
from shared.auth import Principal
from shared.db import principal_in, scope_sql

__all__ = [
    "ProjectHead",
    "adjustments_of",
    "find_project",
    "get_project",
    "list_projects",
    "lock_project",
    "rate",
    "shares_of",
]

_CENT = Decimal("0.01")

_STANDING = (
    "entry.kind <> 'reversal' AND NOT EXISTS "
    "(SELECT FROM ledger_entries AS taken_back WHERE taken_back.reverses = entry.id)"
)
# Money of a call-off may stand in its framework agreement's ledger.
_SEEN = (
    "NOT EXISTS (SELECT FROM contracts AS contract "
    "WHERE contract.id IN (entry.contract_id, entry.call_off_id) AND NOT {sight})"
)
_EXECUTED = "sum(CASE entry.kind WHEN 'payment' THEN entry.amount WHEN 'refund' THEN -entry.amount ELSE 0 END)"
_SELECT = f"""
SELECT project.*, unit.name AS unit_name, money.allocated, money.executed, money.withheld
FROM budget_projects AS project
JOIN organisations AS unit ON unit.id = project.unit_id
CROSS JOIN LATERAL (
    SELECT coalesce(sum(entry.amount) FILTER (WHERE entry.kind = 'budget' AND entry.seen), 0) AS allocated,
           coalesce({_EXECUTED} FILTER (WHERE entry.seen), 0) AS executed,
           NOT coalesce(bool_and(entry.seen), true) AS withheld
    FROM (SELECT entry.*, {{seen}} AS seen FROM ledger_entries AS entry
          WHERE entry.budget_project_id = project.id AND {_STANDING}) AS entry
) AS money
"""  # noqa: S608 - constants only


@dataclass(frozen=True, slots=True)
class ProjectHead:
    """A project's own row, locked, with what its contracts hold."""

    project_id: UUID
    version: int
    region: str
    unit_id: UUID
    year: int
    currency: str
    initial_amount: Decimal
    full_year_amount: Decimal
    allocated: Decimal


def rate(part: Decimal, whole: Decimal) -> Decimal | None:
    """Per cent with two decimals, half up; None for a whole of 0."""
    return (part * 100 / whole).quantize(_CENT, ROUND_HALF_UP) if whole > 0 else None


def _shown(row: RowMapping) -> dict[str, Any]:
    return dict(row) | {
        "unallocated": row["full_year_amount"] - row["allocated"],
        "execution_rate": rate(row["executed"], row["full_year_amount"]),
    }


def _select(principal: Principal) -> tuple[str, dict[str, Any]]:
    """The statement before its conditions: sums leave out contracts whose money is withheld from the caller."""
    sight, marked = sight_sql(principal, "money")
    if not marked:
        return _SELECT.format(seen="true"), {}
    return _SELECT.format(seen=_SEEN.format(sight=sight)), marked


async def get_project(session: AsyncSession, *, project_id: UUID) -> dict[str, Any]:
    """One project of the caller's regions with its sums; BudgetProjectNotFound."""
    scope, parameters = scope_sql(principal_in(session), "project.region")
    projects, marked = _select(principal_in(session))
    statement = text(f"{projects} WHERE project.id = :id AND {scope}")
    row = (await session.execute(statement, parameters | marked | {"id": project_id})).mappings().first()
    if row is None:
        raise _not_found(project_id)
    return _shown(row)


async def list_projects(
    session: AsyncSession, *, limit: int, after: UUID | None, filters: dict[str, Any]
) -> list[dict[str, Any]]:
    """Projects in the order of recording; one more than `limit` when there are more.

    `filters`: year, unit_id, code, region (with everything below it).
    """
    scope, parameters = scope_sql(principal_in(session), "project.region")
    conditions = [scope]
    for name, value in filters.items():
        if value is None:
            continue
        conditions.append(f"project.{name} LIKE :{name}" if name == "region" else f"project.{name} = :{name}")
        parameters[name] = f"{value}%" if name == "region" else value
    if after is not None:
        conditions.append("project.id > :after")
        parameters["after"] = after
    projects, marked = _select(principal_in(session))
    statement = text(f"{projects} WHERE {' AND '.join(conditions)} ORDER BY project.id LIMIT :limit")
    rows = await session.execute(statement, parameters | marked | {"limit": limit + 1})
    return [_shown(row) for row in rows.mappings()]


async def lock_project(session: AsyncSession, *, project_id: UUID) -> ProjectHead:
    """Lock a project of the caller's regions, so that its shares are handed out one by one; BudgetProjectNotFound."""
    scope, parameters = scope_sql(principal_in(session))
    statement = text(
        "SELECT id AS project_id, version, region, unit_id, year, currency, initial_amount, full_year_amount "  # noqa: S608 - scope is ours
        f"FROM budget_projects WHERE id = :id AND {scope} FOR UPDATE"
    )
    row = (await session.execute(statement, parameters | {"id": project_id})).mappings().first()
    if row is None:
        raise _not_found(project_id)
    # A statement of its own: it sees what was committed while this one waited for the lock.
    held = text(
        "SELECT coalesce(sum(entry.amount), 0) FROM ledger_entries AS entry "  # noqa: S608 - constants only
        f"WHERE entry.budget_project_id = :id AND entry.kind = 'budget' AND {_STANDING}"
    )
    allocated: Decimal = (await session.execute(held, {"id": project_id})).scalar_one()
    return ProjectHead(**row, allocated=allocated)


async def find_project(session: AsyncSession, *, unit_id: UUID, code: str, year: int) -> UUID | None:
    """The project that a unit calls so in a year; in any region, for the key is the unit's."""
    statement = text("SELECT id FROM budget_projects WHERE unit_id = :unit_id AND code = :code AND year = :year")
    found: UUID | None = (
        await session.execute(statement, {"unit_id": unit_id, "code": code, "year": year})
    ).scalar_one_or_none()
    return found


async def shares_of(session: AsyncSession, *, project_id: UUID, limit: int, after: UUID | None) -> list[dict[str, Any]]:
    """What each contract of the caller's regions holds of a project and has spent; one more than `limit`."""
    scope, parameters = scope_sql(principal_in(session), "entry.region")
    condition = "AND entry.contract_id > :after" if after else ""
    sight, marked = sight_sql(principal_in(session), "money")
    if marked:
        condition += f" AND {_SEEN.format(sight=sight)}"
    statement = text(
        "SELECT entry.contract_id, coalesce(sum(entry.amount) FILTER (WHERE entry.kind = 'budget'), 0) AS share, "  # noqa: S608 - constants and our scope
        f"coalesce({_EXECUTED}, 0) AS executed FROM ledger_entries AS entry "
        f"WHERE entry.budget_project_id = :id AND {_STANDING} AND {scope} {condition} "
        "GROUP BY entry.contract_id ORDER BY entry.contract_id LIMIT :limit"
    )
    rows = await session.execute(
        statement, parameters | marked | {"id": project_id, "limit": limit + 1, "after": after}
    )
    return [dict(row) for row in rows.mappings()]


async def adjustments_of(session: AsyncSession, *, project_id: UUID) -> Sequence[BudgetAdjustment]:
    """Adjustments of a project in order; the caller has made sure that the project is visible."""
    statement = select(BudgetAdjustment).where(BudgetAdjustment.budget_project_id == project_id)
    return (await session.execute(statement.order_by(BudgetAdjustment.id))).scalars().all()


def _not_found(project_id: UUID) -> BudgetProjectNotFound:
    return BudgetProjectNotFound(f"There is no budget project {project_id} in your regions.")
