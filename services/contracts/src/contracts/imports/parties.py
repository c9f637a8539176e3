"""Buyer and suppliers of a release, as parties of ours.

OCDS names a party in full in `parties[]` and refers to it elsewhere by `{id, name}`. A reference whose id stands in
`parties[]` takes everything from there; one that stands nowhere else is a party by itself.
"""

from dataclasses import dataclass, field

from contracts.imports.errors import RecordRejected
from contracts.imports.reading import Node
from contracts.organisations.uscc import check_uscc
from contracts.regions.queries import children_of, parse_region

__all__ = ["MappedParty", "Parties"]

_ROLES = {"buyer": "purchaser", "supplier": "provider"}
_USCC_SCHEME = "CN-USCC"  # a local value: no scheme for the code was found in org-id.guide


@dataclass(frozen=True, slots=True, kw_only=True)
class MappedParty:
    """A party before it is recorded. `seat` is the region of its seat, as far as the source tells it."""

    external_id: str
    name: str
    role: str
    uscc: str | None = None
    seat: str | None = None
    warnings: tuple[dict[str, str], ...] = field(default=())


class Parties:
    """The parties of one release by their id."""

    def __init__(self, release: Node) -> None:
        self._release = release
        self._by_id: dict[str, Node] = {}
        for party in release.nodes("parties"):
            identity = party.raw("id")
            if identity is not None and not isinstance(identity, bool | dict | list):
                self._by_id.setdefault(str(identity).strip(), party)

    def buyer(self) -> MappedParty:
        """The buyer: `buyer`, or the one party with that role.

        Raises:
            RecordRejected: there is none, several without `buyer`, or it has no name.
        """
        reference = self._release.node("buyer")
        if reference is not None and (reference.has("id") or reference.has("name")):
            return self._party(reference, "buyer")
        with_role = [party for party in self._by_id.values() if _has_role(party, "buyer")]
        if len(with_role) == 1:
            return self._party(with_role[0], "buyer")
        if with_role:
            raise self._release.rejected("buyer", f"is missing, and {len(with_role)} parties have the role buyer")
        raise self._release.rejected("buyer", "is missing, and no party has the role buyer")

    def supplier(self, reference: Node) -> MappedParty:
        """The supplier behind a reference of an award or a contract."""
        return self._party(reference, "supplier")

    def _party(self, reference: Node, role: str) -> MappedParty:
        identity = reference.text("id")
        full = self._by_id.get(identity) if identity else None
        source = full or reference
        name = source.text("name") or reference.text("name")
        if name is None:
            raise RecordRejected(reference.place, f"the {role} has no name")
        reference.equals("name", name)
        if full is not None:
            full.keep("id")
            full.texts("roles")
        uscc, warnings = _uscc(source)
        return MappedParty(
            external_id=identity or f"name:{name}",
            name=name,
            role=_ROLES[role],
            uscc=uscc,
            seat=_seat(source, uscc),
            warnings=warnings,
        )


def _has_role(party: Node, role: str) -> bool:
    roles = party.raw("roles")
    return isinstance(roles, list) and role in roles


def _uscc(party: Node) -> tuple[str | None, tuple[dict[str, str], ...]]:
    """The social credit code when it passes the full check; otherwise a warning, and the code is not used."""
    identifier = party.node("identifier")
    if identifier is None or identifier.raw("scheme") != _USCC_SCHEME:
        return None, ()
    code = identifier.text("id")
    if code is None:
        return None, ()
    try:
        checked = check_uscc(code).code
    except ValueError as error:
        return None, ({"code": "uscc-invalid", "detail": f"{identifier.place}.id: {code[:40]!r} is not used: {error}"},)
    identifier.keep("scheme")
    identifier.equals("legalName", str(party.raw("name") or "").strip())
    return checked, ()


def _seat(party: Node, uscc: str | None) -> str | None:
    """Region of the seat: a stated division code, the address, or the division in the credit code, in this order.

    `details.gbt2260` is where our reference puts the code of the division; OCDS itself has no field for it. An address
    counts when its region (and locality) are names of Chinese divisions.
    """
    details = party.node("details")
    stated = details.raw("gbt2260") if details is not None else None
    region = _region(str(stated)) if stated is not None else None
    if region is not None and details is not None:
        details.keep("gbt2260")
        return region
    return _address(party.node("address")) or (_region(uscc[2:8]) if uscc else None)


def _region(code: str) -> str | None:
    try:
        return parse_region(code if "-" in code else f"CN-{code}")
    except ValueError:
        return None


def _address(address: Node | None) -> str | None:
    if address is None:
        return None
    province = next((one for one in children_of(None) if address.equals("region", one.name)), None)
    if province is None:
        return None
    city = next((one for one in children_of(province.code) if address.equals("locality", one.name)), None)
    return (city or province).code
