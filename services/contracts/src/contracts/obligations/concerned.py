"""Whom a notice about a right or duty concerns: every member of the side that owes, and of the side that is owed."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from contracts.obligations.models import Obligation
from contracts.obligations.queries import ALONE, NAMED
from shared.events import ObligationMember

__all__ = ["members_of"]

_PAYMENT = "pay:"  # the purchasers owe it to the providers; no other notice is about money that is owed to somebody
# The system's job reads contracts of every region; a side with several members has its lead among them.
_PARTIES = text(
    """
    SELECT contract_id, side, organisation_id, share, lead
    FROM contract_members WHERE contract_id = ANY(:ids)
    UNION ALL
    SELECT contract.id, alone.side, alone.organisation_id, NULL, true
    FROM contracts AS contract
    CROSS JOIN LATERAL (VALUES ('purchaser', purchaser_id), ('provider', provider_id)) AS alone(side, organisation_id)
    WHERE contract.id = ANY(:ids) AND alone.organisation_id IS NOT NULL AND NOT EXISTS (
        SELECT FROM contract_members AS member WHERE member.contract_id = contract.id AND member.side = alone.side)
    ORDER BY contract_id, side, lead DESC, organisation_id
    """
)


async def members_of(session: AsyncSession, rows: Sequence[Obligation]) -> dict[UUID, tuple[ObligationMember, ...]]:
    """Who owes each of these and to whom it is owed, the lead of a side first, by the id of the right or duty."""
    parties: dict[tuple[UUID, str], list[ObligationMember]] = {}
    for party in await session.execute(_PARTIES, {"ids": list({row.contract_id for row in rows})}):
        one = ObligationMember(
            standing="owes",
            side=party.side,
            organisation_id=party.organisation_id,
            share=ALONE.share if party.share is None else party.share,
            lead=party.lead,
        )
        parties.setdefault((party.contract_id, party.side), []).append(one)
    found = {}
    for row in rows:
        owes = [] if row.code.startswith(NAMED) else parties.get((row.contract_id, row.side), [])
        if not owes and row.organisation_id is not None:
            owes = [
                ObligationMember(
                    standing="owes", side=row.side, organisation_id=row.organisation_id, share=ALONE.share, lead=True
                )
            ]
        owed = parties.get((row.contract_id, "provider"), []) if row.code.startswith(_PAYMENT) else []
        found[row.id] = (*owes, *(one.model_copy(update={"standing": "owed"}) for one in owed))
    return found
