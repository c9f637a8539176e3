"""Who speaks for which party of a contract, and its confirmation as a row: of the terms, or of a matter about them."""

from uuid import UUID

from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncSession

from contracts.contracts.errors import NotAParty
from contracts.contracts.queries import ContractRecord
from contracts.contracts.service import Party, parties_of
from contracts.structure.errors import ConfirmationPartyUnclear
from contracts.structure.models import Confirmation
from shared import clock
from shared.db import principal_in
from shared.ids import new_id

__all__ = ["give_confirmation", "party_speaking"]


def party_speaking(
    session: AsyncSession, record: ContractRecord, *, organisation_id: UUID | None, side: str | None
) -> Party:
    """The party for which the caller acts: its token's organisation, the one that it names, or the only one of a side.

    A token without an organisation belongs to a system of the region and acts for all parties; finance departments act
    for the region too. Everybody else acts for its own organisation, in the role of its side. NotAParty;
    ConfirmationPartyUnclear where several are left.
    """
    principal = principal_in(session)
    parties = parties_of(record.state)
    told = [{"side": party.side, "organisation_id": str(party.organisation_id)} for party in parties]
    if record.state.disclosure:
        told = []  # a level above public may stand on the provider
    wide = principal.organisation is None or bool(principal.roles & {"finance", "operator"})
    if not wide and organisation_id not in (None, principal.organisation):
        raise NotAParty("Each party confirms for itself; leave organisation_id out.")
    stands = principal.organisation in {party.organisation_id for party in parties}
    wanted = organisation_id or (principal.organisation if stands or not wide else None)
    found = [party for party in parties if wanted in (None, party.organisation_id) and side in (None, party.side)]
    if not wide:
        found = [party for party in found if party.side in principal.roles]
    if not found and wanted is not None:
        raise NotAParty(f"{wanted} is no party of this contract in this role.")
    if len(found) != 1:
        raise ConfirmationPartyUnclear(
            "Name the party with organisation_id, and its side where it stands on both.", parties=told
        )
    return found[0]


async def give_confirmation(
    session: AsyncSession, *, contract_id: UUID, party: Party, terms: str, about_id: UUID | None = None
) -> None:
    """Record a party's confirmation; one of it that stands for other terms of the same matter lapses."""
    moment = clock.now()
    await session.execute(
        update(Confirmation)
        .where(
            Confirmation.contract_id == contract_id,
            Confirmation.side == party.side,
            Confirmation.organisation_id == party.organisation_id,
            Confirmation.about_id.is_not_distinct_from(about_id),
            Confirmation.ended_at.is_(None),
        )
        .values(ended_at=moment, ended_as="lapsed")
        .execution_options(synchronize_session=False)
    )
    session.add(
        Confirmation(
            id=new_id(),
            contract_id=contract_id,
            side=party.side,
            organisation_id=party.organisation_id,
            about_id=about_id,
            terms_sha256=terms,
            confirmed_by=principal_in(session).subject,
            confirmed_at=moment,
        )
    )
    await session.flush()
