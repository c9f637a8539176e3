from collections.abc import Mapping, Sequence
from typing import Any, Final
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from scoring.scores.targets.comparison import Before, Past

__all__ = ["agreed_terms", "own_targets", "past_targets"]

LIMIT: Final = 5_000
"""Agreed indicators of other contracts that are looked at, the newest contracts first."""

_TERMS = text("SELECT body FROM evidence WHERE id = :contract_id AND kind = 'contract' AND version = :version")

# Whatever changed a term (a correction, an import), each version of the contract's state is evidence.
_OWN = text(
    """
    SELECT DISTINCT i.indicator_id, i.unit, i.target
    FROM evidence e CROSS JOIN LATERAL json_to_recordset(e.body -> 'indicators')
        AS i(indicator_id text, unit text, target text)
    WHERE e.id = :contract_id AND e.kind = 'contract'
        AND e.body ->> 'state' IN ('active', 'suspended', 'completed', 'terminated')
    """
)

# What stands in another region comes out as numbers of a distribution only, never as a row.
_PAST = text(
    """
    SELECT c.region, c.purchaser_id, i.code, i.unit, i.direction, i.target,
        (SELECT o.body ->> 'value' FROM evidence o
         WHERE o.contract_id = c.contract_id AND o.kind = 'observation' AND o.body ->> 'indicator_id' = i.indicator_id
            AND o.body ->> 'withdrawn' IS NULL
            AND NOT EXISTS (SELECT FROM evidence later WHERE later.contract_id = c.contract_id
                AND later.kind = 'observation' AND later.body ->> 'supersedes' = CAST(o.id AS text))
         ORDER BY o.body ->> 'observed_on' DESC, o.recorded_at DESC, o.id DESC LIMIT 1) AS reached
    FROM contracts c
    JOIN evidence e ON e.id = c.contract_id AND e.version = c.version AND e.kind = 'contract'
    CROSS JOIN LATERAL json_to_recordset(e.body -> 'indicators')
        AS i(indicator_id text, code text, unit text, direction text, target text, added_after_the_fact bool)
    WHERE i.added_after_the_fact IS NOT TRUE
        AND c.service_category = :category AND c.simulated = :simulated AND c.contract_id <> :contract_id
        AND c.state IN ('active', 'suspended', 'completed', 'terminated') AND i.code = ANY(CAST(:codes AS text[]))
        AND (CAST(:begun AS text) IS NULL
            OR coalesce(e.body ->> 'signed_on', e.body ->> 'starts_on', CAST(:begun AS text)) <= CAST(:begun AS text))
    ORDER BY c.contract_id DESC LIMIT :limit
    """
)


async def agreed_terms(session: AsyncSession, contract_id: UUID, *, version: int) -> Mapping[str, Any]:
    """The terms of a contract that was found in the caller's scope, at one of its versions."""
    found = await session.execute(_TERMS, {"contract_id": contract_id, "version": version})
    terms: Mapping[str, Any] | None = found.scalar_one_or_none()
    return terms or {"indicators": []}


async def own_targets(session: AsyncSession, contract_id: UUID) -> dict[str, list[Before]]:
    """By indicator id every target that a contract, found in the caller's scope, has had while in force."""
    found: dict[str, list[Before]] = {}
    for row in await session.execute(_OWN, {"contract_id": contract_id}):
        found.setdefault(row.indicator_id, []).append(Before(float(row.target), row.unit))
    return found


async def past_targets(
    session: AsyncSession,
    *,
    contract_id: UUID,
    category: str,
    simulated: bool,
    begun: str | None,
    codes: Sequence[str],
    region: str,
    purchaser_id: UUID | None,
) -> list[Past]:
    """Targets of other contracts of the service on the same codes, begun by that day, with what they reached.

    Of every region: the caller makes distributions of them and shows no single one.
    """
    values = {
        "contract_id": contract_id,
        "category": category,
        "simulated": simulated,
        "begun": begun,
        "codes": list(codes),
        "limit": LIMIT,
    }
    return [
        Past(
            code=row.code,
            unit=row.unit,
            higher=row.direction != "lower",
            target=float(row.target),
            reached=None if row.reached is None else float(row.reached),
            own=purchaser_id is not None and row.purchaser_id == purchaser_id,
            near=row.region == region,
        )
        for row in await session.execute(_PAST, values)
    ]
