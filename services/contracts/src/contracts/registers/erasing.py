"""What the registers' sums keep of contracts that are erased: what everybody could read of them on the day before.

Figures of a year were published and are history: that the files of its contracts were destroyed after their time
changes none of them, and an organisation that took part then is no new one now. They name no contract. What was
withheld from them (the whole contract, its money, its provider) is taken out for good, since its mark goes with it.
"""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from contracts.disclosure.queries import PUBLIC_VIEW
from shared import clock

__all__ = ["take_out_hidden"]

_HIDDEN = text(
    """
    SELECT contract_id, bool_or(target = '*') AS whole, bool_or(target = 'money') AS money,
           bool_or(target = 'provider') AS provider
    FROM disclosure_marks AS mark
    WHERE mark.contract_id = ANY(:ids) AND mark.ended_at IS NULL AND (mark.until IS NULL OR mark.until >= :today)
      AND mark.target IN ('*', 'money', 'provider') AND mark.level = ANY(CAST(:levels AS text[]))
    GROUP BY contract_id
    """
)
_PUBLISHED = "contract.id = ANY(:ids) AND contract.state IN ('active', 'suspended', 'completed', 'terminated')"
_WHOLE = (text("SELECT uncount_contract(erased) FROM unnest(CAST(:ids AS uuid[])) AS erased"),)
_MONEY = (
    text(
        "SELECT count_money(contract, CASE WHEN contract.kind = 'framework' THEN 0 ELSE coalesce(contract.value, 0) "  # noqa: S608 - constants
        f"END, 0, -1, false) FROM contracts AS contract WHERE {_PUBLISHED}"
    ),
    text(
        "SELECT count_money(contract, 0, CASE posted.kind WHEN 'payment' THEN posted.amount ELSE -posted.amount END, "  # noqa: S608 - constants
        "-1, false) FROM contracts AS contract JOIN ledger_entries AS posted ON posted.contract_id = contract.id "
        f"AND posted.kind IN ('payment', 'refund') WHERE {_PUBLISHED} "
        "AND NOT EXISTS (SELECT FROM ledger_entries AS undone WHERE undone.reverses = posted.id)"
    ),
)
_PROVIDER = (
    text(
        "SELECT count_party(contract, 'provider', contract.provider_id, -1) FROM contracts AS contract "  # noqa: S608 - constants
        f"WHERE {_PUBLISHED}"
    ),
    text(
        "SELECT count_party(contract, 'provider', member.organisation_id, -1) FROM contracts AS contract "  # noqa: S608 - constants
        "JOIN contract_members AS member ON member.contract_id = contract.id AND member.side = 'provider' "
        f"AND NOT member.lead WHERE {_PUBLISHED}"
    ),
)


async def take_out_hidden(session: AsyncSession, contract_ids: Sequence[UUID]) -> None:
    """Take out of the sums what they show of these contracts to nobody today; call it before the contracts go."""
    values = {"ids": list(contract_ids), "today": clock.today(), "levels": sorted(PUBLIC_VIEW)}
    hidden = (await session.execute(_HIDDEN, values)).all()
    for statements, ids in (
        (_WHOLE, [row.contract_id for row in hidden if row.whole]),
        (_MONEY, [row.contract_id for row in hidden if row.money and not row.whole]),
        (_PROVIDER, [row.contract_id for row in hidden if row.provider and not row.whole]),
    ):
        for statement in statements if ids else ():
            await session.execute(statement, {"ids": ids})
