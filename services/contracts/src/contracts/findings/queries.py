"""Reading findings, their history and effects, and the counts of a region."""

from collections.abc import Sequence
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import or_, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from contracts.clocks import day_sql
from contracts.disclosure.queries import seen_clause, sight_sql
from contracts.findings.errors import FindingNotFound
from contracts.findings.models import Finding, FindingEffect, FindingEntry
from contracts.inspections.queries import supervised
from shared.db import principal_in, scope_sql

__all__ = [
    "HIDDEN",
    "carries_effect",
    "effects_of",
    "find_finding",
    "history_of",
    "list_findings",
    "rectification_of",
    "statistics",
    "violation_counts",
]

HIDDEN = ("draft", "cancelled")
"""States that only supervision sees."""


async def find_finding(session: AsyncSession, *, finding_id: UUID, lock: bool = False) -> Finding:
    """A finding that the caller may see (drafts: supervisors only); FindingNotFound."""
    seen = or_(Finding.state.not_in(HIDDEN), supervised(principal_in(session), "findings"))
    told = seen_clause(principal_in(session), "findings.contract_id")
    statement = select(Finding).where(Finding.id == finding_id, seen, told)
    found = (await session.execute(statement.with_for_update() if lock else statement)).scalar_one_or_none()
    if found is None:
        raise FindingNotFound(f"There is no finding {finding_id} in your regions.")
    return found


async def list_findings(
    session: AsyncSession,
    *,
    limit: int,
    after: UUID | None,
    filters: dict[str, Any],
    overdue_on: date | None = None,
) -> Sequence[Finding]:
    """Findings of the caller's regions in the order of opening; one more than `limit`. `filters`: column -> value."""
    statement = select(Finding).where(seen_clause(principal_in(session), "findings.contract_id"))
    for name, value in filters.items():
        if value is not None:
            statement = statement.where(getattr(Finding, name) == value)
    statement = statement.where(or_(Finding.state.not_in(HIDDEN), supervised(principal_in(session), "findings")))
    if overdue_on is not None:
        statement = statement.where(Finding.due_on < overdue_on)
    if after is not None:
        statement = statement.where(Finding.id > after)
    return (await session.execute(statement.order_by(Finding.id).limit(limit + 1))).scalars().all()


async def history_of(session: AsyncSession, *, finding_id: UUID) -> Sequence[FindingEntry]:
    """The steps of a finding in order; the caller has made sure that it is visible."""
    statement = select(FindingEntry).where(FindingEntry.finding_id == finding_id).order_by(FindingEntry.id)
    return (await session.execute(statement)).scalars().all()


async def effects_of(session: AsyncSession, *, finding_id: UUID) -> Sequence[FindingEffect]:
    """What a finding led to, in order."""
    statement = select(FindingEffect).where(FindingEffect.finding_id == finding_id).order_by(FindingEffect.id)
    return (await session.execute(statement)).scalars().all()


async def carries_effect(session: AsyncSession, *, entry_id: UUID) -> bool:
    """Whether a ledger entry is a finding's effect already."""
    statement = select(FindingEffect.id).where(FindingEffect.entry_id == entry_id)
    return (await session.execute(statement)).first() is not None


# `contract_results` is a later slice's, which keeps what scoring told: its table is named here, once, as the contract's
# own facts name later tables (`contracts.contracts.facts`).
_RECTIFICATION = text(
    "SELECT id FROM contract_results WHERE contract_id = :contract_id AND noun = 'rectification' "
    "AND about_id = :finding_id ORDER BY id LIMIT 1"
)


async def rectification_of(session: AsyncSession, finding: Finding) -> UUID | None:
    """The rectification that scoring keeps for this finding, if one was opened there."""
    values = {"contract_id": finding.contract_id, "finding_id": finding.id}
    return (await session.execute(_RECTIFICATION, values)).scalar_one_or_none()


_COUNTED = "state NOT IN ('draft', 'cancelled')"


def _told(session: AsyncSession, table: str) -> tuple[str, dict[str, Any]]:
    """The condition that the contract of a row, and its money, may be seen; counts and sums leave out the others."""
    sight, parameters = sight_sql(principal_in(session), "money")
    if not parameters:
        return "true", {}
    return f"EXISTS (SELECT FROM contracts AS contract WHERE contract.id = {table}.contract_id AND {sight})", parameters


async def statistics(
    session: AsyncSession, *, region: str | None, year: int | None, today: date
) -> Sequence[dict[str, Any]]:
    """Counts by region and year of opening, of the caller's regions; inspections by the year of their visit."""
    scope, parameters = scope_sql(principal_in(session))
    place = "starts_with(region, :region)" if region else "true"
    seen, of_findings = _told(session, "findings")
    visited, _ = _told(session, "inspections")
    statement = text(
        f"""
        WITH counted AS (
            SELECT id, region, contract_id, state, simulated, resolution, violations, due_on, ended_at,
                   extract(year FROM {day_sql("opened_at")})::int AS year
            FROM findings WHERE {_COUNTED} AND {scope} AND {place} AND {seen}
        ), led AS (
            SELECT counted.id, count(*) FILTER (WHERE kind = 'payment') AS payments,
                   count(*) FILTER (WHERE kind = 'renewal') AS renewals,
                   count(*) FILTER (WHERE kind = 'budget') AS budgets
            FROM counted JOIN finding_effects AS effect ON effect.finding_id = counted.id GROUP BY counted.id
        ), money AS (
            SELECT region, year, jsonb_object_agg(currency, total::text) AS amounts
            FROM (SELECT counted.region, counted.year, effect.currency, sum(effect.amount) AS total
                  FROM counted JOIN finding_effects AS effect ON effect.finding_id = counted.id
                  WHERE effect.kind = 'payment' GROUP BY 1, 2, 3) AS sums
            GROUP BY region, year
        ), seen AS (
            SELECT region, extract(year FROM visited_on)::int AS year, count(*) AS inspections
            FROM inspections WHERE state = 'carriedOut' AND {scope} AND {place} AND {visited} GROUP BY 1, 2
        ), sums AS (
            SELECT counted.region, counted.year, count(*) AS findings, count(DISTINCT contract_id) AS contracts,
                   count(*) FILTER (WHERE simulated) AS simulated,
                   count(*) FILTER (WHERE jsonb_array_length(violations) > 0) AS addressed,
                   count(*) FILTER (WHERE state IN ('declined', 'closed')) AS declined,
                   coalesce(sum(jsonb_array_length(violations)), 0) AS violations,
                   coalesce(sum((SELECT count(*) FROM jsonb_array_elements(violations) AS each
                                 WHERE each ->> 'result' = 'eliminated')), 0) AS eliminated,
                   count(*) FILTER (WHERE resolution = 'completely') AS resolved_completely,
                   count(*) FILTER (WHERE resolution = 'partly') AS resolved_partly,
                   count(*) FILTER (WHERE resolution = 'none') AS resolved_none,
                   count(*) FILTER (WHERE ended_at IS NULL) AS running,
                   count(*) FILTER (WHERE ended_at IS NULL AND due_on < :today) AS overdue,
                   coalesce(sum(payments), 0) AS payment_effects, coalesce(sum(renewals), 0) AS renewal_effects,
                   coalesce(sum(budgets), 0) AS budget_effects, count(led.id) AS with_effect
            FROM counted LEFT JOIN led ON led.id = counted.id GROUP BY 1, 2
        )
        SELECT region, year, coalesce(findings, 0) AS findings, coalesce(contracts, 0) AS contracts,
               coalesce(simulated, 0) AS simulated, coalesce(addressed, 0) AS addressed,
               coalesce(declined, 0) AS declined, coalesce(violations, 0) AS violations,
               coalesce(eliminated, 0) AS eliminated, coalesce(resolved_completely, 0) AS resolved_completely,
               coalesce(resolved_partly, 0) AS resolved_partly, coalesce(resolved_none, 0) AS resolved_none,
               coalesce(running, 0) AS running, coalesce(overdue, 0) AS overdue,
               coalesce(payment_effects, 0) AS payment_effects, coalesce(renewal_effects, 0) AS renewal_effects,
               coalesce(budget_effects, 0) AS budget_effects, coalesce(with_effect, 0) AS with_effect,
               coalesce(inspections, 0) AS inspections, coalesce(amounts, '{{}}'::jsonb) AS amounts
        FROM sums FULL JOIN seen USING (region, year) LEFT JOIN money USING (region, year)
        WHERE CAST(:year AS int) IS NULL OR year = :year
        ORDER BY region, year
        """  # noqa: S608 - scope and condition are ours
    )
    values = parameters | of_findings | {"region": region, "year": year, "today": today}
    return [dict(row._mapping) for row in await session.execute(statement, values)]  # noqa: SLF001 - SQLAlchemy's name


async def violation_counts(session: AsyncSession, *, region: str | None, year: int | None) -> dict[str, int]:
    """Violations by type of the same findings."""
    scope, parameters = scope_sql(principal_in(session))
    seen, of_findings = _told(session, "findings")
    place = "starts_with(region, :region)" if region else "true"
    statement = text(
        f"""
        SELECT each ->> 'type' AS type, count(*) AS violations
        FROM findings, jsonb_array_elements(violations) AS each
        WHERE {_COUNTED} AND {scope} AND {place}
          AND (CAST(:year AS int) IS NULL OR extract(year FROM {day_sql("opened_at")})::int = :year) AND {seen}
        GROUP BY 1 ORDER BY 1
        """  # noqa: S608 - scope and condition are ours
    )
    rows = await session.execute(statement, parameters | of_findings | {"region": region, "year": year})
    return {row.type: row.violations for row in rows}
