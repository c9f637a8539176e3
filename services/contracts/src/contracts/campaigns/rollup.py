"""The roll-up of a campaign: contract, budget project, department.

Every yuan stands once at each level: a contract's value is split over its budget projects by their shares, and what no
project has a share of stands in a row of its own; it is split over joint purchasers by `share_of`, whose rounded parts
sum to the whole (migration 0007). The sums of the levels are therefore equal.

The performance figure is that of the last determination that was neither replaced nor annulled; a row's is weighted by
the value that stands in the row, over those contracts that have one.
"""

from collections.abc import Sequence
from typing import Any, Literal
from uuid import UUID

from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncSession

from contracts.campaigns.models import Campaign
from contracts.campaigns.queries import OF_CAMPAIGN, campaign_values, own_unit
from shared.db import principal_in, scope_sql

__all__ = ["LEVELS", "Level", "roll_up"]

Level = Literal["contract", "project", "department"]
LEVELS: tuple[Level, ...] = ("contract", "project", "department")

_STANDING = (
    "entry.kind <> 'reversal' AND NOT EXISTS (SELECT FROM ledger_entries AS undone WHERE undone.reverses = entry.id)"
)
_PAID = "CASE entry.kind WHEN 'payment' THEN entry.amount WHEN 'refund' THEN -entry.amount ELSE 0 END"
_BASE = """
    base AS (
        SELECT contract.id, contract.title, contract.state, contract.currency, contract.purchaser_id, contract.region,
            CASE WHEN contract.kind = 'framework' THEN 0 ELSE coalesce(contract.value, 0) END AS value,
            coalesce((SELECT sum({paid}) FROM ledger_entries AS entry
                      WHERE entry.contract_id = contract.id AND {standing}), 0) AS paid,
            determined.score, determined.grade
        FROM contracts AS contract
        LEFT JOIN LATERAL (
            SELECT CAST(told.data ->> 'score' AS numeric) AS score, told.data ->> 'grade' AS grade
            FROM contract_results AS told
            WHERE told.contract_id = contract.id AND told.noun = 'determination'
              AND NOT EXISTS (SELECT FROM contract_results AS later WHERE later.contract_id = contract.id
                              AND later.noun = 'determination' AND later.about_id = told.id)
              AND NOT EXISTS (SELECT FROM contract_results AS act WHERE act.contract_id = contract.id
                              AND act.noun = 'determination_act' AND act.about_id = told.id
                              AND act.data ->> 'kind' = 'annulment')
            ORDER BY told.recorded_at DESC, told.id DESC LIMIT 1
        ) AS determined ON true
        WHERE {of_campaign} AND {scope} AND {unit})
"""
_PARTS = {
    # (contract, key, value, paid) of each level
    "contract": "SELECT id AS contract_id, id AS key, value, paid FROM base",
    "department": """
        SELECT base.id AS contract_id, coalesce(member.organisation_id, base.purchaser_id) AS key,
            CASE WHEN member.id IS NULL THEN base.value
                 ELSE share_of(base.value, member.share_before, member.share) END AS value,
            CASE WHEN member.id IS NULL THEN base.paid
                 ELSE share_of(base.paid, member.share_before, member.share) END AS paid
        FROM base LEFT JOIN contract_members AS member
            ON member.contract_id = base.id AND member.side = 'purchaser'
    """,
    "project": f"""
        SELECT contract_id, key, sum(value) AS value, sum(paid) AS paid FROM (
            SELECT entry.contract_id, entry.budget_project_id AS key,
                CASE WHEN entry.kind = 'budget' THEN entry.amount ELSE 0 END AS value, {_PAID} AS paid
            FROM ledger_entries AS entry JOIN base ON base.id = entry.contract_id
            WHERE entry.budget_project_id IS NOT NULL AND {_STANDING}
            UNION ALL
            SELECT base.id, NULL, base.value - coalesce(sum(entry.amount) FILTER (WHERE entry.kind = 'budget'), 0),
                base.paid - coalesce(sum({_PAID}), 0)
            FROM base LEFT JOIN ledger_entries AS entry
                ON entry.contract_id = base.id AND entry.budget_project_id IS NOT NULL AND {_STANDING}
            GROUP BY base.id, base.value, base.paid) AS part
        GROUP BY contract_id, key
    """,  # noqa: S608 - constants
}
_NAMES = {
    "contract": "(SELECT title FROM base WHERE base.id = part.key)",
    "department": "(SELECT name FROM organisations WHERE id = part.key)",
    "project": "(SELECT code || ' ' || name FROM budget_projects WHERE id = part.key)",
}


async def roll_up(
    session: AsyncSession, campaign: Campaign, *, level: Level, limit: int | None, after: tuple[str, UUID | None] | None
) -> Sequence[Row[Any]]:
    """Rows of a level by currency and key, of the contracts that the caller may see.

    (key, name, currency, contracts, value, paid, scored, score, grades). One more than `limit` when there are more.
    """
    scope, parameters = scope_sql(principal_in(session), "contract.region")
    unit = own_unit(principal_in(session))
    base = _BASE.format(
        paid=_PAID,
        standing=_STANDING,
        of_campaign=OF_CAMPAIGN,
        scope=scope,
        unit="contract.purchaser_id = :own_unit" if unit else "true",
    )
    statement = text(
        f"""
        WITH {base}, part AS MATERIALIZED ({_PARTS[level]})
        SELECT part.key, {_NAMES[level]} AS name, base.currency, count(DISTINCT base.id) AS contracts,
            sum(part.value) AS value, sum(part.paid) AS paid,
            count(DISTINCT base.id) FILTER (WHERE base.score IS NOT NULL) AS scored,
            round(sum(base.score * part.value) FILTER (WHERE base.score IS NOT NULL)
                / nullif(sum(part.value) FILTER (WHERE base.score IS NOT NULL), 0), 2) AS score,
            array_agg(base.grade) FILTER (WHERE base.grade IS NOT NULL) AS grades
        FROM part JOIN base ON base.id = part.contract_id
        GROUP BY part.key, base.currency
        HAVING (CAST(:after_currency AS text) IS NULL
            OR (base.currency, coalesce(part.key, CAST(:nil AS uuid))) > (:after_currency, CAST(:after_key AS uuid)))
          AND (part.key IS NOT NULL OR sum(part.value) <> 0 OR sum(part.paid) <> 0)
        ORDER BY base.currency, coalesce(part.key, CAST(:nil AS uuid)) LIMIT CAST(:limit AS bigint)
        """  # noqa: S608 - constants and our scope
    )
    nil = UUID(int=0)
    values = campaign_values(campaign) | {
        "own_unit": unit,
        "nil": nil,
        "after_currency": after[0] if after else None,
        "after_key": (after[1] or nil) if after else None,
        "limit": None if limit is None else limit + 1,
    }
    return (await session.execute(statement, parameters | values)).all()
