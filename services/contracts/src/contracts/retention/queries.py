"""Reading periods, holds, what is due and what was erased."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Row, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from contracts.clocks import day_sql
from contracts.retention.errors import HoldNotFound, PeriodNotFound
from contracts.retention.models import Erasure, LegalHold, RetentionPeriod
from contracts.tabular.erasing import TARGETS
from shared import clock
from shared.db import principal_in, scope_sql

__all__ = [
    "call_offs_due",
    "due_contracts",
    "due_imports",
    "due_individuals",
    "get_hold",
    "get_period",
    "holds_of",
    "is_held",
    "list_erasures",
    "list_periods",
    "open_appeals",
]


# The most specific confirmed scope counts; of one scope the period that was confirmed last.
def _period(region: str) -> str:
    return f"""
    SELECT scope, years FROM retention_periods
    WHERE noun = :noun AND confirmed_at IS NOT NULL AND (scope = '*' OR starts_with({region}, scope))
    ORDER BY scope = '*', length(scope) DESC, confirmed_at DESC LIMIT 1
"""  # noqa: S608 - a column of ours


_PERIOD = _period("contract.region")
_END = f"coalesce({day_sql('contract.ended_at')}, contract.ends_on)"
_OVER = (
    "contract.state IN ('completed', 'terminated', 'cancelled') "
    f"AND {_END} + make_interval(years => period.years) <= :today"
)
_HELD = """
    EXISTS (SELECT FROM legal_holds AS hold WHERE hold.contract_id = contract.id AND hold.released_at IS NULL
        AND (hold.until IS NULL OR hold.until >= :today))
    OR EXISTS (SELECT FROM contract_results AS told WHERE told.contract_id = contract.id AND told.noun = 'appeal'
        AND told.data ->> 'state' = 'filed')
"""
_NOT_YET = "NOT EXISTS (SELECT FROM retention_erasures AS past WHERE past.about_id = {about} AND past.noun = :noun)"
_MARKED = (
    "EXISTS (SELECT FROM disclosure_marks AS mark WHERE mark.contract_id = contract.id "
    "AND mark.subject IN ('field', 'document') AND mark.level = 'personal')"
)


async def due_contracts(
    session: AsyncSession, *, noun: str, limit: int, after: UUID | None, held: bool = False
) -> Sequence[Row[Any]]:
    """Contracts of the caller's regions whose period of a noun is over: (id, region, simulated, years, scope, held).

    In the order of their ids. Without `held` those that a hold or an open appeal keeps are left out. What was erased
    is not named again.
    """
    scope, parameters = scope_sql(principal_in(session), "contract.region")
    conditions = [scope, _OVER, _NOT_YET.format(about="contract.id")]
    if noun == "personalFields":
        conditions.append(_MARKED)
    if noun == "records":
        conditions.append("contract.framework_id IS NULL")  # its call-offs go with a framework agreement
    if not held:
        conditions.append(f"NOT ({_HELD})")
    if after is not None:
        conditions.append("contract.id > :after")
    statement = text(
        f"SELECT contract.id, contract.region, contract.simulated, period.years, period.scope, ({_HELD}) AS held "  # noqa: S608 - constants
        f"FROM contracts AS contract CROSS JOIN LATERAL ({_PERIOD}) AS period "
        f"WHERE {' AND '.join(conditions)} ORDER BY contract.id LIMIT :limit"
    )
    values = {"noun": noun, "today": clock.today(), "after": after, "limit": limit}
    return (await session.execute(statement, parameters | values)).all()


_CALL_OFFS = text(
    f"SELECT contract.id, coalesce({_OVER} AND NOT ({_HELD}), false) AS due FROM contracts AS contract "  # noqa: S608 - constants
    f"LEFT JOIN LATERAL ({_PERIOD}) AS period ON true WHERE contract.framework_id = :contract_id"
)


async def call_offs_due(session: AsyncSession, *, contract_id: UUID) -> list[UUID] | None:
    """The call-offs of a framework agreement, if each of them may go too; None when one of them stays."""
    values = {"contract_id": contract_id, "noun": "records", "today": clock.today()}
    rows = (await session.execute(_CALL_OFFS, values)).all()
    return [row.id for row in rows] if all(row.due for row in rows) else None


_PERSONS = text(
    f"""
    SELECT organisation.id, organisation.simulated FROM organisations AS organisation
    WHERE organisation.individual AND {_NOT_YET.format(about="organisation.id")}
      AND EXISTS (SELECT FROM contracts AS contract WHERE contract.provider_id = organisation.id)
      AND NOT EXISTS (
        SELECT FROM contracts AS contract LEFT JOIN LATERAL ({_PERIOD}) AS period ON true
        WHERE (contract.provider_id = organisation.id OR EXISTS (
            SELECT FROM contract_members AS member
            WHERE member.contract_id = contract.id AND member.organisation_id = organisation.id))
          AND (NOT coalesce({_OVER}, false) OR {_HELD}))
    ORDER BY organisation.id LIMIT :limit
    """  # noqa: S608 - constants
)


async def due_individuals(session: AsyncSession, *, limit: int) -> Sequence[Row[Any]]:
    """Persons each of whose contracts ended longer ago than their period: (id, simulated)."""
    values = {"noun": "individuals", "today": clock.today(), "limit": limit}
    return (await session.execute(_PERSONS, values)).all()


# What a hold keeps is found from the held contracts, which are few.
_IMPORTS = text(
    f"""
    SELECT batch.id, batch.region, batch.simulated, period.years, period.scope
    FROM table_imports AS batch CROSS JOIN LATERAL ({_period("batch.region")}) AS period
    WHERE batch.state IN ('receiving', 'checked', 'applied', 'undone', 'refused')
      AND {day_sql("batch.updated_at")} + make_interval(years => period.years) <= :today
      AND (CAST(:after AS uuid) IS NULL OR batch.id > :after)
      AND batch.id NOT IN (
        SELECT staged.import_id FROM contracts AS contract
        CROSS JOIN LATERAL ({TARGETS.replace(":id", "contract.id")}) AS target
        JOIN table_import_rows AS staged ON staged.target_id = target.id
        WHERE {_HELD})
    ORDER BY batch.id LIMIT :limit
    """  # noqa: S608 - constants
)


async def due_imports(session: AsyncSession, *, limit: int, after: UUID | None) -> Sequence[Row[Any]]:
    """Imports of tables whose period is over and that wrote nothing about a held contract, in the order of their ids.

    (id, region, simulated, years, scope).
    """
    values = {"noun": "imports", "today": clock.today(), "limit": limit, "after": after}
    return (await session.execute(_IMPORTS, values)).all()


_IS_HELD = text(f"SELECT {_HELD} FROM contracts AS contract WHERE contract.id = :id")  # noqa: S608 - constants


async def is_held(session: AsyncSession, *, contract_id: UUID) -> bool:
    """Whether a hold or an appeal that is not decided keeps a contract now."""
    return bool(await session.scalar(_IS_HELD, {"id": contract_id, "today": clock.today()}))


async def list_periods(session: AsyncSession) -> Sequence[RetentionPeriod]:
    """Every period that was set, in the order of setting."""
    return (await session.execute(select(RetentionPeriod).order_by(RetentionPeriod.id))).scalars().all()


async def get_period(session: AsyncSession, *, period_id: UUID) -> RetentionPeriod:
    """One period, locked; PeriodNotFound."""
    statement = select(RetentionPeriod).where(RetentionPeriod.id == period_id).with_for_update()
    period = (await session.execute(statement)).scalar_one_or_none()
    if period is None:
        raise PeriodNotFound(f"There is no retention period {period_id}.")
    return period


async def holds_of(session: AsyncSession, *, contract_id: UUID) -> Sequence[LegalHold]:
    """The holds of a contract, released ones too, in the order of placing."""
    statement = select(LegalHold).where(LegalHold.contract_id == contract_id).order_by(LegalHold.id)
    return (await session.execute(statement)).scalars().all()


async def get_hold(session: AsyncSession, *, contract_id: UUID, hold_id: UUID) -> LegalHold:
    """One hold of a contract, locked; HoldNotFound."""
    statement = select(LegalHold).where(LegalHold.id == hold_id, LegalHold.contract_id == contract_id)
    hold = (await session.execute(statement.with_for_update())).scalar_one_or_none()
    if hold is None:
        raise HoldNotFound(f"The contract {contract_id} has no hold {hold_id}.")
    return hold


_APPEALS = text(
    "SELECT told.id FROM contract_results AS told WHERE told.contract_id = :contract_id AND told.noun = 'appeal' "
    "AND told.data ->> 'state' = 'filed' ORDER BY told.id"
)


async def open_appeals(session: AsyncSession, *, contract_id: UUID) -> list[UUID]:
    """Appeals about a contract that are not decided: each holds it as long as it is open."""
    return list((await session.execute(_APPEALS, {"contract_id": contract_id})).scalars())


async def list_erasures(session: AsyncSession, *, limit: int, after: UUID | None) -> Sequence[Erasure]:
    """What was erased in the caller's regions, in order; one more than `limit` when there are more."""
    statement = select(Erasure).order_by(Erasure.id).limit(limit + 1)
    if after is not None:
        statement = statement.where(Erasure.id > after)
    return (await session.execute(statement)).scalars().all()
