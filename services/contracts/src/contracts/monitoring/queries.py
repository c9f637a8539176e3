"""Reading what the monitors compare, for many contracts at once, and the alerts."""

import calendar
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession

from contracts.budgets.queries import rate
from contracts.clocks import day_sql
from contracts.disclosure.queries import seen_clause
from contracts.monitoring.errors import AlertNotFound
from contracts.monitoring.models import MonitoringAlert
from contracts.monitoring.parameters import MonitoringParameters, parameters_in
from contracts.monitoring.rules import Goal
from contracts.rules.queries import choose, list_rule_sets, rule_set_by_hash
from shared import clock
from shared.db import principal_in

__all__ = ["Figures", "active_contracts", "end_of", "figures_of", "get_alert", "list_alerts"]

# By ids whose visibility the caller has checked, or for the system's own sweep. What a framework agreement pays for a
# call-off executes the call-off, and the budget that the framework holds.
_MONEY = text(
    f"""
    SELECT contract.id, contract.region, contract.currency, contract.value, contract.budget, contract.starts_on,
           contract.ends_on, contract.signed_on, contract.rules_sha256, money.*
    FROM contracts AS contract
    CROSS JOIN LATERAL (
        SELECT coalesce(sum(amount) FILTER (WHERE kind = 'budget' AND year = :year), 0) AS held,
               coalesce(sum(amount) FILTER (WHERE kind = 'commitment' AND year = :year), 0) AS committed,
               coalesce(sum(CASE kind WHEN 'payment' THEN amount WHEN 'refund' THEN -amount ELSE 0 END)
                   FILTER (WHERE year = :year AND on_day <= :until), 0) AS paid_in_year,
               coalesce(sum(CASE kind WHEN 'payment' THEN amount WHEN 'refund' THEN -amount ELSE 0 END)
                   FILTER (WHERE on_day <= :until), 0) AS paid
        FROM (
            SELECT kind, amount, coalesce(booked_on, {day_sql("recorded_at")}) AS on_day,
                   coalesce(budget_year, extract(year FROM booked_on)::int) AS year
            FROM ledger_entries AS entry
            WHERE (entry.contract_id = contract.id OR entry.call_off_id = contract.id)
              AND NOT EXISTS (SELECT FROM ledger_entries AS taken_back WHERE taken_back.reverses = entry.id)
        ) AS standing
    ) AS money
    WHERE contract.id = ANY(:ids)
    """  # noqa: S608 - constants
)
_GOALS = text(
    """
    SELECT indicator.contract_id, indicator.direction, indicator.target, indicator.zero_at, indicator.weight,
           (SELECT observation.value FROM observations AS observation
            WHERE observation.indicator_id = indicator.id AND observation.observed_on <= :until
              AND NOT EXISTS (SELECT FROM observation_withdrawals AS withdrawn
                              WHERE withdrawn.observation_id = observation.id)
              AND num_nonnulls(observation.lot_id, observation.call_off_id, observation.member_id) = 0
              AND NOT EXISTS (SELECT FROM observations AS later WHERE later.supersedes = observation.id)
            ORDER BY observation.observed_on DESC, observation.recorded_at DESC, observation.id DESC LIMIT 1) AS value
    FROM contract_indicators AS indicator
    WHERE indicator.contract_id = ANY(:ids) AND indicator.level IN ('output', 'benefit')
    """
)
_ACTIVE = text(
    """
    SELECT id FROM contracts
    WHERE state = 'active' AND origin = 'native' AND id > :after AND starts_on <= :until AND ends_on >= :month
    ORDER BY id LIMIT :limit
    """
)


@dataclass(frozen=True, slots=True)
class Figures:
    """What the monitors compare at the end of a month."""

    contract_id: UUID
    region: str
    year_execution: Decimal | None
    execution: Decimal | None
    goals: list[Goal]
    parameters: MonitoringParameters | None


def end_of(month: date) -> date:
    """The last day of a month."""
    return month.replace(day=calendar.monthrange(month.year, month.month)[1])


def _year_budget(row: Any, year: int) -> Decimal | None:  # noqa: ANN401 - a database row
    """The year's budget: what is held of budget projects, else committed, else the whole of a contract of one year."""
    if row.held > 0:
        return Decimal(row.held)
    if row.committed > 0:
        return Decimal(row.committed)
    one_year = row.starts_on is not None and row.ends_on is not None and row.starts_on.year == row.ends_on.year == year
    return (row.budget or row.value) if one_year else None


async def active_contracts(session: AsyncSession, *, month: date, after: UUID, limit: int) -> list[UUID]:
    """Contracts of our own in force whose term covers the month, in order of their id (the system's own sweep)."""
    parameters = {"month": month, "until": end_of(month), "after": after, "limit": limit}
    return list((await session.execute(_ACTIVE, parameters)).scalars())


async def figures_of(session: AsyncSession, *, contract_ids: Sequence[UUID], month: date) -> list[Figures]:
    """Both monitors' figures at the end of a month, in order of the ids."""
    ids, until = list(contract_ids), end_of(month)
    goals: defaultdict[UUID, list[Goal]] = defaultdict(list)
    for row in await session.execute(_GOALS, {"ids": ids, "until": until}):
        goals[row.contract_id].append(Goal(row.direction, row.target, row.zero_at, row.weight, row.value))
    rows = await session.execute(_MONEY, {"ids": ids, "until": until, "year": month.year})
    sets = await list_rule_sets(session, viewer=None)
    found = []
    for row in rows:
        if row.rules_sha256 is not None:
            rules = await rule_set_by_hash(session, sha256=row.rules_sha256)
        else:
            rules = choose(sets, region=row.region, signed_on=row.signed_on or clock.today()).rules
        budget = _year_budget(row, month.year)
        found.append(
            Figures(
                contract_id=row.id,
                region=row.region,
                year_execution=None if budget is None else rate(row.paid_in_year, budget),
                execution=None if row.value is None else rate(row.paid, row.value),
                goals=goals[row.id],
                parameters=parameters_in(rules),
            )
        )
    return sorted(found, key=lambda figures: figures.contract_id)


async def get_alert(session: AsyncSession, *, alert_id: UUID, lock: bool = False) -> MonitoringAlert:
    """An alert of the caller's regions; AlertNotFound."""
    statement = select(MonitoringAlert).where(MonitoringAlert.id == alert_id)
    if lock:
        statement = statement.with_for_update()
    alert = (await session.execute(statement)).scalar_one_or_none()
    if alert is None:
        raise AlertNotFound(f"There is no alert {alert_id} in your regions.")
    return alert


async def list_alerts(
    session: AsyncSession, *, limit: int, after: UUID | None, filters: dict[str, Any]
) -> Sequence[MonitoringAlert]:
    """Alerts of the caller's regions in the order of raising; one more than `limit`. `filters`: column -> value."""
    seen = seen_clause(principal_in(session), "monitoring_alerts.contract_id", "money", "indicators")
    statement = select(MonitoringAlert).where(seen)
    for name, value in filters.items():
        if value is not None:
            statement = statement.where(getattr(MonitoringAlert, name) == value)
    if after is not None:
        statement = statement.where(MonitoringAlert.id > after)
    return (await session.execute(statement.order_by(MonitoringAlert.id).limit(limit + 1))).scalars().all()
