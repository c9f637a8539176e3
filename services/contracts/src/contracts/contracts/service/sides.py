"""For which side of a contract a caller speaks, where both sides have to."""

from typing import Literal, get_args
from uuid import UUID

from contracts.contracts.errors import NotAParty
from shared.auth import Principal
from shared.events import ContractState
from shared.problems import Unprocessable

__all__ = ["Side", "organisations_of", "side_of"]

Side = Literal["purchaser", "provider"]


def organisations_of(state: ContractState, side: str) -> frozenset[UUID]:
    """Who stands on a side: the party, and where there are several each member."""
    party = state.purchaser if side == "purchaser" else state.provider
    members = {member.organisation_id for member in state.members if member.side == side}
    return frozenset(members | ({party.organisation_id} if party else set()))


def side_of(principal: Principal, state: ContractState, *, named: Side | None) -> Side:
    """The side that the caller speaks for.

    A token that names an organisation speaks for the sides on which it stands (each member for its side), a finance
    department for the purchaser's; one without an organisation is a system of the region and says which side it means.
    NotAParty for a side that is not the caller's; Unprocessable when it has to be named.
    """
    if principal.organisation is None:
        own = list(get_args(Side)) if principal.roles & {"purchaser", "finance", "operator"} else ["provider"]
    else:
        standing = {("purchaser", state.purchaser.organisation_id)}
        standing |= {("provider", state.provider.organisation_id)} if state.provider else set()
        standing |= {(member.side, member.organisation_id) for member in state.members}
        own = [
            side
            for side in get_args(Side)
            if (side in principal.roles and (side, principal.organisation) in standing)
            or (side == "purchaser" and principal.roles & {"finance", "operator"})
        ]
    if not own or (named is not None and named not in own):
        raise NotAParty(f"This is done by the contract's {named or 'parties'}; your organisation is not that party.")
    if named is None and len(own) > 1:
        detail = "say for whom: purchaser or provider"
        raise Unprocessable(
            f"Your token may speak for both sides; {detail}.", errors=[{"pointer": "/side", "detail": detail}]
        )
    found: Side = named or ("purchaser" if own[0] == "purchaser" else "provider")
    return found
