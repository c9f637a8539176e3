"""Computing the risk flags that contracts are searched by.

A flag compares a contract with the purchaser's others of the year, so that a change of one is a change for all of them;
those follow in the next sweep. What `GET /v1/contracts/{id}/flags` says is computed when it is asked for.
"""

from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from contracts.flags.queries import flags_of_contracts

__all__ = ["refresh_flags"]

_DUE = text(
    "SELECT search.contract_id FROM contract_search AS search "
    "WHERE search.flags_due > 0 AND search.contract_id > :after "
    "ORDER BY search.contract_id LIMIT :limit FOR UPDATE SKIP LOCKED"
)
# Those that were computed after the change know of it.
_NEIGHBOURS = text(
    """
    UPDATE contract_search AS search SET flags_due = 1, due_at = changed.due_at
    FROM (SELECT purchaser_id, year, max(due_at) AS due_at FROM contract_search
          WHERE contract_id = ANY(:ids) AND flags_due = 2 GROUP BY purchaser_id, year) AS changed
    WHERE search.purchaser_id = changed.purchaser_id AND search.year = changed.year AND search.flags_due = 0
      AND search.flagged_at <= changed.due_at
    """
)
_STORE = text(
    """
    UPDATE contract_search AS search
    SET flags = string_to_array(told.flags, ' '), flagged_at = now(), flags_due = 0
    FROM unnest(CAST(:ids AS uuid[]), CAST(:flags AS text[])) AS told(contract_id, flags)
    WHERE search.contract_id = told.contract_id
    """
)


async def refresh_flags(session: AsyncSession, *, after: UUID, limit: int) -> UUID | None:
    """Compute the flags of the next contracts that are due, in the order of their ids; the last id, None at the end."""
    found: list[UUID] = list((await session.execute(_DUE, {"after": after, "limit": limit})).scalars())
    if not found:
        return None
    await session.execute(_NEIGHBOURS, {"ids": found})
    raised: dict[UUID, str] = dict.fromkeys(found, "")
    for record, _, flags in await flags_of_contracts(session, contract_ids=found):
        kinds = sorted({flag.rule.kind for flag in flags if flag.outcome == "raised"})
        raised[record.state.contract_id] = " ".join(kinds)
    await session.execute(_STORE, {"ids": list(raised), "flags": list(raised.values())})
    return found[-1]
