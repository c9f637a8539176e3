"""Agreement of every party to a matter about a contract in force: an amendment, a settlement.

It is the mechanism of the conclusion: each purchaser and each joint provider confirms for itself, by the same table and
the same rule of who speaks for whom. A side has agreed when all of its members have.
"""

import hashlib
from collections.abc import Collection, Mapping, Sequence
from typing import Any
from uuid import UUID

import rfc8785
from pydantic_core import to_jsonable_python
from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncSession

from contracts.contracts.answers import contract_out
from contracts.contracts.queries import ContractRecord, get_contract
from contracts.contracts.service import Party, Side, parties_of, side_of
from contracts.structure.models import Confirmation
from contracts.structure.queries import confirmations_about
from contracts.structure.schemas import AgreementOut, GivenConfirmationOut, WaitingOut
from contracts.structure.service.giving import give_confirmation, party_speaking
from shared import clock
from shared.db import principal_in

__all__ = ["agreements", "confirm_matter", "lapse_confirmations", "speaker", "waiting_for"]


async def waiting_for(
    session: AsyncSession, record: ContractRecord, *, about_id: UUID, agreed: Collection[str]
) -> list[Party]:
    """The parties whose confirmation of a matter is missing; sides in `agreed` have agreed as a whole."""
    given = await confirmations_about(session, contract_id=record.state.contract_id, about_ids=[about_id])
    return _waiting(record, given, agreed)


def _waiting(record: ContractRecord, given: Sequence[Confirmation], agreed: Collection[str]) -> list[Party]:
    standing = {(one.side, one.organisation_id) for one in given if one.ended_at is None}
    return [party for party in parties_of(record.state) if party.side not in agreed and party not in standing]


def speaker(session: AsyncSession, record: ContractRecord, *, organisation_id: UUID | None, side: Side | None) -> Party:
    """The party for which the caller confirms a matter; NotAParty, ConfirmationPartyUnclear, Unprocessable."""
    named = side_of(principal_in(session), record.state, named=side)
    return party_speaking(session, record, organisation_id=organisation_id, side=named)


async def confirm_matter(
    session: AsyncSession, *, contract_id: UUID, party: Party, about_id: UUID, terms: Mapping[str, Any]
) -> None:
    """Record a party's confirmation of a matter in these terms, under the hash of their RFC 8785 form."""
    digest = hashlib.sha256(rfc8785.dumps(to_jsonable_python(terms))).hexdigest()
    await give_confirmation(session, contract_id=contract_id, party=party, terms=digest, about_id=about_id)


async def lapse_confirmations(session: AsyncSession, *, contract_id: UUID, about_id: UUID, reason: str) -> None:
    """End what stands for a matter that is withdrawn."""
    await session.execute(
        update(Confirmation)
        .where(
            Confirmation.contract_id == contract_id, Confirmation.about_id == about_id, Confirmation.ended_at.is_(None)
        )
        .values(ended_at=clock.now(), ended_as="lapsed", ended_by=principal_in(session).subject, reason=reason)
        .execution_options(synchronize_session=False)
    )


async def agreements(
    session: AsyncSession, *, contract_id: UUID, matters: Mapping[UUID, Collection[str] | None]
) -> dict[UUID, AgreementOut]:
    """Who has confirmed each matter and who has not, as the caller may see it.

    `matters` holds the sides that have agreed as a whole by the matter's id; null: nobody is waited for any more.
    """
    record = await get_contract(session, contract_id=contract_id)
    shown = {"purchaser"} if "provider" in contract_out(record).withheld else {"purchaser", "provider"}
    given = await confirmations_about(session, contract_id=contract_id, about_ids=list(matters))
    found = {}
    for about_id, agreed in matters.items():
        own = [one for one in given if one.about_id == about_id]
        waiting = [] if agreed is None else _waiting(record, own, agreed)
        found[about_id] = AgreementOut(
            given=[GivenConfirmationOut.model_validate(one) for one in own if one.side in shown],
            waiting=[WaitingOut.model_validate(party._asdict()) for party in waiting if party.side in shown],
        )
    return found
