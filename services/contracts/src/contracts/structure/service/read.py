"""The terms to confirm and who has confirmed them, as a caller may see it."""

from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from contracts.contracts.answers import contract_out
from contracts.contracts.queries import get_contract
from contracts.contracts.service import Party, parties_of, terms_of, terms_sha256
from contracts.policies.queries import policy_for
from contracts.structure.queries import confirmations_of
from contracts.structure.schemas import ConfirmationsOut, GivenConfirmationOut, PartyConfirmationOut
from shared.events import ContractState

__all__ = ["advice_on", "confirmations_out"]


async def confirmations_out(session: AsyncSession, *, contract_id: UUID) -> tuple[str, ConfirmationsOut]:
    """(region, answer) of a contract in the caller's scope; ContractNotFound.

    Where a field of the contract is withheld from the caller the terms are not told, and where it is the provider, that
    side is left out.
    """
    record = await get_contract(session, contract_id=contract_id)
    given = await confirmations_of(session, contract_id=contract_id)
    policy = await policy_for(session, record.state.region)
    withheld = contract_out(record).withheld
    sides = {"purchaser"} if "provider" in withheld else {"purchaser", "provider"}
    state, terms = record.state, terms_sha256(record)
    standing = {
        Party(one.side, one.organisation_id): one.confirmed_at
        for one in state.confirmations
        if one.terms_sha256 == terms
    }
    return state.region, ConfirmationsOut(
        contract_id=contract_id,
        version=state.version,
        state=state.state,
        terms_sha256=terms,
        terms=None if withheld else terms_of(record),
        required=policy.confirmations == "required",
        parties=[
            PartyConfirmationOut(**party, confirmed_at=standing.get(Party(party["side"], party["organisation_id"])))
            for party in _parties(state)
            if party["side"] in sides
        ],
        advice=[] if withheld else advice_on(state),
        given=[GivenConfirmationOut.model_validate(one) for one in given if one.side in sides],
    )


def advice_on(state: ContractState) -> list[dict[str, Any]]:
    """What comes before a contract and this one does not name: its budget, and why it is bought.

    Reg. art. 45(1) and GPL art. 6, 33 ask for a budget; the needs are the first of the four questions. Rules of the
    pinned set may refuse; this is said to the parties beforehand.
    """
    advice = []
    if state.budget is None:
        advice.append(
            {
                "what": "budget",
                "rule": "GPL art. 6: procurement strictly follows the approved budget",
                "how": "PATCH /v1/contracts/{id} with budget; once in force hold a share of a budget project "
                "(POST /v1/budget-projects, then POST .../ledger with kind budget)",
            }
        )
    basis = state.needs_basis
    if basis is None or not (basis.reference if basis.kind != "none" else basis.reason):
        advice.append(
            {
                "what": "needs_basis",
                "rule": "the first of the four questions: is the service needed, and how is that known?",
                "how": "PATCH /v1/contracts/{id} with needs_basis: the wave of the survey of needs, a document, or "
                "kind none with the reason",
            }
        )
    return advice


def _parties(state: ContractState) -> list[dict[str, Any]]:
    """Everybody who confirms, with name and lead; an organisation that stands twice on a side is named once."""
    named = {Party("purchaser", state.purchaser.organisation_id): (state.purchaser.name, True)}
    if state.provider is not None:
        named[Party("provider", state.provider.organisation_id)] = (state.provider.name, True)
    for member in state.members:
        named.setdefault(Party(member.side, member.organisation_id), (member.name, member.lead))
    return [
        {
            "side": party.side,
            "organisation_id": party.organisation_id,
            "name": named[party][0],
            "lead": named[party][1],
        }
        for party in parties_of(state)
    ]
