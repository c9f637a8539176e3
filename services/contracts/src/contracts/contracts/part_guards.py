"""What the lots, members and shares of a contract must be for it to come into force. Pure.

GPL art. 24 (政府采购法第二十四条): joint providers sign the contract together and answer jointly. That shares sum to
100 per cent and lots to the contract value is arithmetic: each yuan once.
"""

from decimal import Decimal

from contracts.contracts.missing import Missing
from shared.events import ContractState, MemberState

__all__ = ["missing_parts"]

_PUT = "PUT /v1/contracts/{id}/structure while it is a draft (a pending one: POST .../return first)"
_JOINT = "GPL art. 24: joint providers sign together and answer jointly"
_SIDES = {"purchaser": "several purchasers buy together", "provider": _JOINT}


def missing_parts(contract: ContractState) -> list[Missing]:
    """What the parts of a contract lack: exact sums, and a lead of each side who stands in the contract."""
    missing = []
    if contract.lots:
        total = sum((lot.value for lot in contract.lots), Decimal(0))
        if total != contract.value:
            missing.append(
                Missing(
                    "lots",
                    f"the values of the lots sum to the contract value; they sum to {total:.2f}, "
                    f"the value is {'unknown' if contract.value is None else f'{contract.value:.2f}'}",
                    f"{_PUT} with lots, or PATCH with value",
                )
            )
    for side, rule in _SIDES.items():
        members = [member for member in contract.members if member.side == side]
        if members:
            missing += _missing_of_side(contract, side, members, rule)
    missing += _missing_counterpart(contract)
    shares = sum((place.share for place in contract.regions), Decimal(0))
    if contract.regions and shares != 100:
        missing.append(
            Missing("regions", f"the regions' shares sum to exactly 100; they sum to {shares.normalize():f}", _PUT)
        )
    return missing


def _missing_counterpart(contract: ContractState) -> list[Missing]:
    sides = {
        side: {member.organisation_id for member in contract.members if member.side == side}
        | ({party.organisation_id} if party else set())
        for side, party in (("purchaser", contract.purchaser), ("provider", contract.provider))
    }
    both = sorted(sides["purchaser"] & sides["provider"])
    if not both:
        return []
    rule = f"MOF-102 art. 2, 6: a purchaser buys from a provider; {', '.join(map(str, both))} stands on both sides"
    return [Missing("provider.counterpart", rule, f"PATCH /v1/contracts/{{id}} with another provider_id, or {_PUT}")]


def _missing_of_side(contract: ContractState, side: str, members: list[MemberState], rule: str) -> list[Missing]:
    missing = []
    total = sum((member.share for member in members), Decimal(0))
    if total != 100:
        missing.append(
            Missing(f"members.{side}", f"{rule}; the shares sum to exactly 100, not to {total.normalize():f}", _PUT)
        )
    party = contract.purchaser if side == "purchaser" else contract.provider
    leads = [member.organisation_id for member in members if member.lead]
    if party is None or leads != [party.organisation_id]:
        missing.append(
            Missing(
                f"members.{side}.lead",
                f"{rule}; one of them leads and stands as the contract's {side}",
                f"{_PUT} with one lead of the side {side}",
            )
        )
    return missing
