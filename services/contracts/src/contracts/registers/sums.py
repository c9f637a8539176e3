"""Totals and participation from the registers' sums, without reading the contracts.

Contracts of which something is not public are few and are taken out again at each reading, so that a mark that begins
or ends today counts today: the whole contract, its money, or its provider. The figures are the same for every caller.
"""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, NamedTuple

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from contracts.disclosure.queries import PUBLIC_VIEW
from shared import clock

__all__ = ["SeenRow", "TotalRow", "participation_rows", "published_regions", "total_rows"]


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


_REGIONS = text("SELECT region FROM region_sums GROUP BY region ORDER BY region")
_PLACES = "JOIN unnest(CAST(:regions AS text[]), CAST(:items AS text[])) AS place(region, item) USING (region)"
_YEAR = "CAST(extract(year FROM coalesce(contract.signed_on, contract.starts_on)) AS integer)"
# Published contracts of which the whole, the money or the provider is not public today.
_HIDDEN = """
    SELECT contract.*, marked.whole, marked.provider
    FROM (SELECT mark.contract_id, bool_or(mark.target = '*') AS whole, bool_or(mark.target = 'money') AS money,
                 bool_or(mark.target = 'provider') AS provider
          FROM disclosure_marks AS mark
          WHERE mark.ended_at IS NULL AND (mark.until IS NULL OR mark.until >= :today)
            AND mark.target = ANY(CAST(:targets AS text[])) AND mark.level = ANY(CAST(:levels AS text[]))
          GROUP BY mark.contract_id) AS marked
    JOIN contracts AS contract ON contract.id = marked.contract_id
    WHERE contract.state IN ('active', 'suspended', 'completed', 'terminated')
"""
_TOTALS = text(
    f"""
    WITH hidden AS MATERIALIZED ({_HIDDEN}), counted AS (
        SELECT region, currency, year, contracts, ended, simulated, value, paid FROM region_sums
        UNION ALL
        SELECT contract.region, contract.currency, {_YEAR}, -1,
            -CAST(contract.state IN ('completed', 'terminated') AS integer), -CAST(contract.simulated AS integer), 0, 0
        FROM hidden AS contract WHERE contract.whole
        UNION ALL
        SELECT part.region_code, contract.currency, {_YEAR}, 0, 0, 0, -coalesce(part.part_of_value, 0), -coalesce((
            SELECT sum(share_of(CASE entry.kind WHEN 'payment' THEN entry.amount ELSE -entry.amount END,
                part.share_before, part.share))
            FROM ledger_entries AS entry
            WHERE entry.contract_id = contract.id AND entry.kind IN ('payment', 'refund')
              AND NOT EXISTS (SELECT FROM ledger_entries AS undone WHERE undone.reverses = entry.id)), 0)
        FROM hidden AS contract JOIN contract_shares AS part ON part.contract_id = contract.id
    )
    SELECT place.item, currency, CAST(sum(contracts) AS integer), CAST(sum(ended) AS integer),
           CAST(sum(simulated) AS integer), sum(value), sum(paid)
    FROM counted {_PLACES}
    WHERE CAST(:year AS integer) IS NULL OR year = :year
    GROUP BY place.item, currency HAVING sum(contracts) <> 0 OR sum(value) <> 0 OR sum(paid) <> 0
    ORDER BY place.item, currency
    """  # noqa: S608 - constants only
)
_SEEN = text(
    f"""
    WITH hidden AS MATERIALIZED ({_HIDDEN}), counted AS (
        SELECT region, role, organisation_id, year, contracts FROM participation_sums
        UNION ALL
        SELECT contract.region, party.role, party.id, {_YEAR}, -1
        FROM hidden AS contract CROSS JOIN LATERAL (
            SELECT 'purchaser' AS role, contract.purchaser_id AS id
            UNION ALL SELECT 'provider', contract.provider_id
            UNION ALL SELECT side, organisation_id FROM contract_members
                WHERE contract_id = contract.id AND NOT lead
        ) AS party
        WHERE contract.whole OR (contract.provider AND party.role = 'provider')
    ), seen AS (
        SELECT place.item, role, organisation_id AS id, year
        FROM counted {_PLACES} WHERE year IS NOT NULL AND organisation_id IS NOT NULL
        GROUP BY place.item, role, organisation_id, year HAVING sum(contracts) > 0
    ), first_seen AS (
        SELECT item, role, id, min(year) AS first FROM seen GROUP BY item, role, id
    )
    SELECT seen.item, seen.role, seen.year, count(*), count(*) FILTER (WHERE seen.year = first_seen.first),
           count(*) FILTER (WHERE organisation.individual)
    FROM seen JOIN first_seen USING (item, role, id) JOIN organisations AS organisation ON organisation.id = seen.id
    GROUP BY seen.item, seen.role, seen.year ORDER BY seen.item, seen.role, seen.year
    """  # noqa: S608 - constants only
)


def _values(places: Mapping[str, str], *targets: str) -> dict[str, Any]:
    return {
        "regions": list(places),
        "items": list(places.values()),
        "today": clock.today(),
        "targets": ["*", *targets],
        "levels": sorted(PUBLIC_VIEW),
    }


async def published_regions(session: AsyncSession) -> list[str]:
    """Every region that a published contract was recorded with, or that has a share of one."""
    return list((await session.execute(_REGIONS)).scalars())


async def total_rows(session: AsyncSession, *, places: Mapping[str, str], year: int | None) -> list[TotalRow]:
    """Totals by item and currency; `places` maps regions of contracts to items. `year` is the one of the signature.

    A contract is counted once, in its own region; its money in every region that has a share of it.
    """
    rows = await session.execute(_TOTALS, _values(places, "money") | {"year": year})
    return [TotalRow(*row) for row in rows]


async def participation_rows(session: AsyncSession, *, places: Mapping[str, str]) -> list[SeenRow]:
    """Organisations by item, role and year of signature (or of the term's begin); without both they are left out.

    Joint providers and purchasers count each.
    """
    return [SeenRow(*row) for row in await session.execute(_SEEN, _values(places, "provider"))]
