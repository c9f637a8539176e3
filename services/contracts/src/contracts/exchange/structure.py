"""Several parties, lots, regions and frameworks in a release. Pure.

The lead of a side is `buyer` and the award's first supplier; the other purchasers are parties of role `buyer`, the
joint providers suppliers too. Lots, shares and the framework's ceiling have no field in OCDS 1.1.5: they are in our
extension. A call-off names its framework as related process.
"""

from typing import Any

from contracts.exchange.identity import USCC_SCHEME
from contracts.exchange.process import Process, reference
from contracts.exchange.values import amount_of, number_of, without_none

__all__ = ["parties_of", "related_processes", "structure_of", "suppliers_of"]

Json = dict[str, Any]
_ROLES = {"purchaser": ("buyer", "payer"), "provider": ("supplier", "payee")}


def _others(process: Process, side: str) -> list[Json]:
    return [member for member in process.members if member["side"] == side and not member["lead"]]


def suppliers_of(process: Process) -> list[Json]:
    """References to the provider and the joint providers."""
    others = [reference(dict(member)) for member in _others(process, "provider")]
    return [*([process.supplier] if process.supplier else []), *others]


def parties_of(process: Process) -> list[Json]:
    """Every party once, with all its roles: one organisation may stand on both sides."""
    named: list[tuple[Json, tuple[str, ...]]] = [(process.purchaser, ("buyer", "procuringEntity", "payer"))]
    named += [(member, _ROLES["purchaser"]) for member in _others(process, "purchaser")]
    named += [(process.provider, _ROLES["provider"])] if process.provider else []
    named += [(member, _ROLES["provider"]) for member in _others(process, "provider")]
    found: dict[str, Json] = {}
    for party, roles in named:
        identifier = {"scheme": USCC_SCHEME, "id": party["uscc"], "legalName": party["name"]} if party["uscc"] else None
        head = reference(party)
        known = found.setdefault(head["id"], without_none(head | {"identifier": identifier, "roles": []}))
        known.setdefault("roles", [])
        known["roles"] += [role for role in roles if role not in known["roles"]]
    return list(found.values())


def structure_of(process: Process, terms: Json) -> Json:
    """What of our extension says how the contract is put together; nothing for a plain contract.

    Shares name their party by its id in `parties`; `terms` is the contract's own row.
    """
    currency, kind = terms["currency"], terms.get("kind", "single")
    lots = [
        without_none(
            {
                "id": lot["code"],
                "title": lot["title"],
                "description": lot["description"],
                "value": amount_of(lot["value"], currency),
            }
        )
        for lot in process.lots
    ]
    shares = [
        {
            "id": str(member["member_id"]),
            "party": reference(dict(member)),
            "side": member["side"],
            "share": number_of(member["share"]),
            "lead": member["lead"],
        }
        for member in process.members
    ]
    regions = [{"id": place["region"], "share": number_of(place["share"])} for place in process.regions]
    agreement = None
    if kind != "single":
        agreement = without_none({"kind": kind, "ceiling": amount_of(terms.get("ceiling"), currency)})
    return without_none({"lots": lots, "partyShares": shares, "regionShares": regions, "agreement": agreement})


def related_processes(process: Process) -> list[Json]:
    """The framework that a call-off belongs to."""
    if process.framework is None:
        return []
    return [{"id": "1", "relationship": ["framework"], "scheme": "ocid", "identifier": process.framework}]
