"""Sums over published contracts: those in force, suspended, completed or terminated.

They are public facts, so that the figures are the same for every caller, whatever its regions are; drafts, and
contracts that are pending or were cancelled, are left out.
"""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from contracts.disclosure.queries import WITHHELD, public_sql

__all__ = [
    "PUBLISHED",
    "PublicContract",
    "RecordRow",
    "contracts_of_provider",
    "record_rows",
]

PUBLISHED = ("active", "suspended", "completed", "terminated")


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


# A provider's part of a contract: all of it, or as joint provider its share. What was paid for a member is its own,
# what was paid for none is shared; entries that were taken back are left out. A framework's value is its call-offs'.
_PART = """
    CROSS JOIN LATERAL (
        SELECT count(*) AS members, sum(share_of(contract.value, share_before, share))
            FILTER (WHERE organisation_id = :provider) AS value
        FROM contract_members AS member WHERE member.contract_id = contract.id AND member.side = 'provider'
    ) AS joint
    LEFT JOIN LATERAL (
        SELECT sum(CASE entry.kind WHEN 'payment' THEN 1 ELSE -1 END * CASE WHEN joint.members = 0 THEN entry.amount
            ELSE coalesce((
                SELECT sum(CASE WHEN entry.member_id = member.id THEN entry.amount
                    WHEN named.side IS NULL THEN share_of(entry.amount, member.share_before, member.share) END)
                FROM contract_members AS member
                LEFT JOIN contract_members AS named ON named.id = entry.member_id AND named.side = 'provider'
                WHERE member.contract_id = contract.id AND member.side = 'provider'
                  AND member.organisation_id = :provider), 0) END) AS paid
        FROM ledger_entries AS entry
        WHERE entry.contract_id = contract.id AND entry.kind IN ('payment', 'refund')
          AND NOT EXISTS (SELECT FROM ledger_entries AS taken_back WHERE taken_back.reverses = entry.id)
    ) AS money ON true
    CROSS JOIN LATERAL (
        SELECT CASE WHEN contract.kind = 'framework' THEN 0 WHEN joint.members = 0 THEN contract.value
            ELSE joint.value END AS value
    ) AS part
"""
_PROVIDES = """
    contract.id IN (
        SELECT id FROM contracts WHERE provider_id = :provider
        UNION SELECT contract_id FROM contract_members WHERE organisation_id = :provider AND side = 'provider')
"""

# The text of a condition is the same for every day; what it is about today is asked for with its values.
_LISTED = public_sql("provider", name="listed")[0]
_MONEY = public_sql("money", name="money")[0]
_TITLE = public_sql("title", name="title")[0]

_RECORD = text(
    f"""
    SELECT contract.state, contract.end_reason, contract.currency, count(*),
           count(*) FILTER (WHERE contract.simulated), coalesce(sum(part.value) FILTER (WHERE {_MONEY}), 0),
           coalesce(sum(money.paid) FILTER (WHERE {_MONEY}), 0),
           coalesce(sum(reached.met), 0), coalesce(sum(reached.partly), 0), coalesce(sum(reached.missed), 0),
           coalesce(sum(reached.late), 0)
    FROM contracts AS contract {_PART}
    CROSS JOIN LATERAL (
        SELECT count(*) FILTER (WHERE status = 'met') AS met, count(*) FILTER (WHERE status = 'partlyMet') AS partly,
               count(*) FILTER (WHERE status = 'notMet') AS missed, count(*) FILTER (WHERE met_on > due_on) AS late
        FROM contract_milestones WHERE contract_id = contract.id AND kind = 'delivery'
    ) AS reached
    WHERE {_PROVIDES} AND contract.state = ANY(:states) AND {_LISTED}
    GROUP BY contract.state, contract.end_reason, contract.currency
    ORDER BY contract.state, contract.end_reason, contract.currency
    """  # noqa: S608 - constants only
)

_CONTRACTS = text(
    f"""
    SELECT id, region, CASE WHEN {_TITLE} THEN title ELSE :withheld END, service_category, state, end_reason, currency,
           CASE WHEN {_MONEY} THEN value END, signed_on, simulated
    FROM contracts AS contract
    WHERE {_PROVIDES} AND state = ANY(:states) AND (CAST(:before AS uuid) IS NULL OR id < :before)
      AND {_LISTED}
    ORDER BY id DESC LIMIT :limit
    """  # noqa: S608 - constants only
)


def _public() -> dict[str, Any]:
    parts = (("provider", "listed"), ("money", "money"), ("title", "title"))
    values: dict[str, Any] = {"withheld": WITHHELD}
    for field, name in parts:
        values |= public_sql(field, name=name)[1]
    return values


async def record_rows(session: AsyncSession, *, provider_id: UUID) -> Sequence[RecordRow]:
    """A provider's published contracts by state, reason of the end and currency; joint ones with its share."""
    rows = await session.execute(_RECORD, {"provider": provider_id, "states": list(PUBLISHED)} | _public())
    return [RecordRow(*row) for row in rows]


async def contracts_of_provider(
    session: AsyncSession, *, provider_id: UUID, limit: int, before: UUID | None
) -> list[PublicContract]:
    """A provider's published contracts, the latest recorded first; one more than `limit` when there are more."""
    values = {"provider": provider_id, "states": list(PUBLISHED), "limit": limit + 1, "before": before} | _public()
    return [PublicContract(*row) for row in await session.execute(_CONTRACTS, values)]
