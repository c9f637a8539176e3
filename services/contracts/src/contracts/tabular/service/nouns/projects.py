"""Rows of budget projects, one by one under the rules of the budgets: there are hundreds of them and not more."""

from collections.abc import Sequence

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from contracts.budgets.schemas import BudgetProjectIn
from contracts.budgets.service import upsert_budget_project
from contracts.tabular.queries import RowRecord, units_named
from contracts.tabular.rows import Row
from contracts.tabular.service.context import Context
from shared.db import principal_in, scope_sql
from shared.problems import Problem
from shared.savepoint import savepoint

__all__ = ["apply_projects", "undo_project"]


async def apply_projects(session: AsyncSession, context: Context, rows: Sequence[Row]) -> None:
    """Known by unit, code and year."""
    units = await units_named(session, names={row.values["unit_uscc"] for row in rows})
    for row in rows:
        values = row.values
        found = units.get(values["unit_uscc"], [])
        if len(found) != 1:
            row.reject(
                "unit_uscc",
                "names no organisation; import the organisations first" if not found else "names several organisations",
            )
            continue
        try:
            body = BudgetProjectIn(
                region=values["region"] or context.region,
                unit_id=found[0],
                code=values["code"],
                name=values["name"],
                year=values["year"],
                initial_amount=values["initial_amount"],
                full_year_amount=values["full_year_amount"],
                simulated=context.simulated,
            )
        except ValueError as error:
            row.reject("code", str(error).splitlines()[-2].strip())
            continue
        try:
            async with savepoint(session):
                project_id, outcome = await upsert_budget_project(session, body)
        except Problem as problem:
            row.reject("code", problem.detail)
        else:
            row.done(outcome, project_id)


async def undo_project(session: AsyncSession, _: Context, row: RowRecord) -> str | None:
    """Delete a project that nothing names yet; an adjustment stays, for it is a decision."""
    if row.outcome == "updated":
        return "the full-year amount was adjusted; adjust it back with a reason"
    scope, parameters = scope_sql(principal_in(session))
    statement = text(
        f"DELETE FROM budget_projects WHERE id = :id AND version = 1 AND {scope} "  # noqa: S608 - scope is ours
        "AND NOT EXISTS (SELECT FROM ledger_entries WHERE budget_project_id = :id) "
        "AND NOT EXISTS (SELECT FROM budget_adjustments WHERE budget_project_id = :id)"
    )
    result = await session.execute(statement, parameters | {"id": row.target_id})
    gone = result.rowcount == 1  # type: ignore[attr-defined]
    return None if gone else "contracts hold shares of the project, it was adjusted, or it is outside your scope"
