"""Sums over published contracts: those in force, suspended, completed or terminated.

They are public facts, so that the figures are the same for every caller, whatever its regions are; drafts, and
contracts that are pending or were cancelled, are left out.
"""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

__all__ = [
    "PUBLISHED",
    "PublicContract",
    "RecordRow",
    "SeenRow",
    "TotalRow",
    "contracts_of_provider",
    "participation_rows",
    "published_regions",
    "record_rows",
    "total_rows",
]

PUBLISHED = ("active", "suspended", "completed", "terminated")


class TotalRow(NamedTuple):
    """Contracts of one item in one currency."""

    item: str
    currency: str
    contracts: int
    ended: int
    simulated: int
    value: Decimal
    paid: Decimal


class SeenRow(NamedTuple):
    """Organisations of one item, role and year: how many took part, how many for the first time, how many persons."""

    item: str
    role: str
    year: int
    active: int
    new: int
    individuals: int


class RecordRow(NamedTuple):
    """A provider's contracts in one state and currency."""

    state: str
    end_reason: str | None
    currency: str
    contracts: int
    simulated: int
    value: Decimal
    paid: Decimal
    met: int
    partly_met: int
    not_met: int
    late: int


class PublicContract(NamedTuple):
    """What is public about a contract."""

    contract_id: UUID
    region: str
    title: str
    service_category: str | None
    state: str
    end_reason: str | None
    currency: str
    value: Decimal | None
    signed_on: Any
    simulated: bool


_REGIONS = text("SELECT DISTINCT region FROM contracts WHERE state = ANY(:states) ORDER BY region")

# Payments less refunds, entries that were taken back left out.
_PAID = """
    LEFT JOIN LATERAL (
        SELECT sum(CASE entry.kind WHEN 'payment' THEN entry.amount ELSE -entry.amount END) AS paid
        FROM ledger_entries AS entry
        WHERE entry.contract_id = contract.id AND entry.kind IN ('payment', 'refund')
          AND NOT EXISTS (SELECT FROM ledger_entries AS taken_back WHERE taken_back.reverses = entry.id)
    ) AS money ON true
"""

_PLACES = "JOIN unnest(CAST(:regions AS text[]), CAST(:items AS text[])) AS place(region, item) USING (region)"
_YEAR = "CAST(extract(year FROM coalesce(contract.signed_on, contract.starts_on)) AS integer)"

_TOTALS = text(
    f"""
    SELECT place.item, contract.currency, count(*),
           count(*) FILTER (WHERE contract.state IN ('completed', 'terminated')),
           count(*) FILTER (WHERE contract.simulated),
           coalesce(sum(contract.value), 0), coalesce(sum(money.paid), 0)
    FROM contracts AS contract {_PLACES} {_PAID}
    WHERE contract.state = ANY(:states) AND (CAST(:year AS integer) IS NULL OR {_YEAR} = :year)
    GROUP BY place.item, contract.currency ORDER BY place.item, contract.currency
    """  # noqa: S608 - constants only
)

_SEEN = text(
    f"""
    WITH seen AS (
        SELECT DISTINCT place.item, party.role, party.id, {_YEAR} AS year
        FROM contracts AS contract {_PLACES}
        CROSS JOIN LATERAL (
            VALUES ('purchaser', contract.purchaser_id), ('provider', contract.provider_id)
        ) AS party(role, id)
        WHERE contract.state = ANY(:states) AND party.id IS NOT NULL AND {_YEAR} IS NOT NULL
    ), first_seen AS (
        SELECT item, role, id, min(year) AS first FROM seen GROUP BY item, role, id
    )
    SELECT seen.item, seen.role, seen.year, count(*), count(*) FILTER (WHERE seen.year = first_seen.first),
           count(*) FILTER (WHERE organisation.individual)
    FROM seen JOIN first_seen USING (item, role, id) JOIN organisations AS organisation ON organisation.id = seen.id
    GROUP BY seen.item, seen.role, seen.year ORDER BY seen.item, seen.role, seen.year
    """  # noqa: S608 - constants only
)

_RECORD = text(
    f"""
    SELECT contract.state, contract.end_reason, contract.currency, count(*),
           count(*) FILTER (WHERE contract.simulated), coalesce(sum(contract.value), 0), coalesce(sum(money.paid), 0),
           coalesce(sum(reached.met), 0), coalesce(sum(reached.partly), 0), coalesce(sum(reached.missed), 0),
           coalesce(sum(reached.late), 0)
    FROM contracts AS contract {_PAID}
    CROSS JOIN LATERAL (
        SELECT count(*) FILTER (WHERE status = 'met') AS met, count(*) FILTER (WHERE status = 'partlyMet') AS partly,
               count(*) FILTER (WHERE status = 'notMet') AS missed, count(*) FILTER (WHERE met_on > due_on) AS late
        FROM contract_milestones WHERE contract_id = contract.id AND kind = 'delivery'
    ) AS reached
    WHERE contract.provider_id = :provider AND contract.state = ANY(:states)
    GROUP BY contract.state, contract.end_reason, contract.currency
    ORDER BY contract.state, contract.end_reason, contract.currency
    """  # noqa: S608 - constants only
)

_CONTRACTS = text(
    """
    SELECT id, region, title, service_category, state, end_reason, currency, value, signed_on, simulated
    FROM contracts
    WHERE provider_id = :provider AND state = ANY(:states) AND (CAST(:before AS uuid) IS NULL OR id < :before)
    ORDER BY id DESC LIMIT :limit
    """
)


async def published_regions(session: AsyncSession) -> list[str]:
    """Every region that a published contract was recorded with."""
    return list((await session.execute(_REGIONS, {"states": list(PUBLISHED)})).scalars())


async def total_rows(session: AsyncSession, *, places: Mapping[str, str], year: int | None) -> list[TotalRow]:
    """Totals by item and currency; `places` maps regions of contracts to items. `year` is the one of the signature."""
    values = {"regions": list(places), "items": list(places.values()), "states": list(PUBLISHED), "year": year}
    return [TotalRow(*row) for row in await session.execute(_TOTALS, values)]


async def participation_rows(session: AsyncSession, *, places: Mapping[str, str]) -> list[SeenRow]:
    """Organisations by item, role and year of signature (or of the term's begin); without both they are left out."""
    values = {"regions": list(places), "items": list(places.values()), "states": list(PUBLISHED)}
    return [SeenRow(*row) for row in await session.execute(_SEEN, values)]


async def record_rows(session: AsyncSession, *, provider_id: UUID) -> Sequence[RecordRow]:
    """A provider's published contracts by state, reason of the end and currency."""
    rows = await session.execute(_RECORD, {"provider": provider_id, "states": list(PUBLISHED)})
    return [RecordRow(*row) for row in rows]


async def contracts_of_provider(
    session: AsyncSession, *, provider_id: UUID, limit: int, before: UUID | None
) -> list[PublicContract]:
    """A provider's published contracts, the latest recorded first; one more than `limit` when there are more."""
    values = {"provider": provider_id, "states": list(PUBLISHED), "limit": limit + 1, "before": before}
    return [PublicContract(*row) for row in await session.execute(_CONTRACTS, values)]
