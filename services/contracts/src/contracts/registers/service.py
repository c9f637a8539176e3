"""Folding the registers' differences into sums."""

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

__all__ = ["fold_sums"]

# Rows of one key become one; a key that sums to nothing goes. Rows that are being written are not seen and stay.
_FOLD_REGIONS = text(
    """
    WITH keys AS (
        SELECT region, currency, year FROM region_sums GROUP BY region, currency, year HAVING count(*) > 1
        ORDER BY count(*) DESC LIMIT :limit
    ), gone AS (
        DELETE FROM region_sums AS sums USING keys
        WHERE sums.region = keys.region AND sums.currency = keys.currency AND sums.year IS NOT DISTINCT FROM keys.year
        RETURNING sums.*
    ), folded AS (
        INSERT INTO region_sums (region, currency, year, contracts, ended, simulated, value, paid)
        SELECT region, currency, year, sum(contracts), sum(ended), sum(simulated), sum(value), sum(paid) FROM gone
        GROUP BY region, currency, year
        HAVING sum(contracts) <> 0 OR sum(ended) <> 0 OR sum(simulated) <> 0 OR sum(value) <> 0 OR sum(paid) <> 0
    )
    SELECT count(*) FROM keys
    """
)
_FOLD_PARTIES = text(
    """
    WITH keys AS (
        SELECT region, role, organisation_id, year FROM participation_sums
        GROUP BY region, role, organisation_id, year HAVING count(*) > 1 ORDER BY count(*) DESC LIMIT :limit
    ), gone AS (
        DELETE FROM participation_sums AS sums USING keys
        WHERE (sums.region, sums.role, sums.organisation_id, sums.year)
            = (keys.region, keys.role, keys.organisation_id, keys.year)
        RETURNING sums.*
    ), folded AS (
        INSERT INTO participation_sums (region, role, organisation_id, year, contracts)
        SELECT region, role, organisation_id, year, sum(contracts) FROM gone
        GROUP BY region, role, organisation_id, year HAVING sum(contracts) <> 0
    )
    SELECT count(*) FROM keys
    """
)


async def fold_sums(session: AsyncSession, *, limit: int) -> bool:
    """Fold the rows of at most `limit` keys of both tables; whether there may be more to fold."""
    folded = [(await session.execute(each, {"limit": limit})).scalar_one() for each in (_FOLD_REGIONS, _FOLD_PARTIES)]
    return any(keys == limit for keys in folded)
