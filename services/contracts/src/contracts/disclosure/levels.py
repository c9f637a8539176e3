"""Who may see which level. Pure.

| caller | does not see |
|---|---|
| the public | internal, commercialSecret, personal |
| evaluator | commercialSecret, personal |
| provider or purchaser whose token names an organisation, in contracts of others | commercialSecret, personal |
| provider's system of the region (a token without an organisation) | personal |
| party of the contract; finance, auditor, operator; purchaser's system of the region | nothing |

A caller with several roles sees what one of them sees.
"""

from collections.abc import Collection, Iterable
from datetime import date

from contracts.disclosure.fields import FIELDS, LEVELS
from shared.auth import Principal
from shared.events import DisclosureLevel

__all__ = ["ALL_SEEING", "PUBLIC_VIEW", "in_force", "level_of", "withheld_fields", "withheld_levels"]

PUBLIC_VIEW = frozenset(LEVELS)
"""What the public does not see: the levels that publications leave out for every reader."""
_SECRET = frozenset({"commercialSecret", "personal"})
ALL_SEEING = frozenset({"finance", "auditor", "operator"})
"""Roles from which nothing is withheld."""


def withheld_levels(principal: Principal, *, party: bool = False) -> frozenset[str]:
    """The levels that a caller does not see; `party`: the token's organisation is a party of the contract."""
    roles = principal.roles
    sides = roles & {"purchaser", "provider"}
    party = party and principal.organisation is not None  # a contract without a provider makes nobody its provider
    if roles & ALL_SEEING or (party and sides) or ("purchaser" in roles and principal.organisation is None):
        return frozenset()
    if "provider" in roles and principal.organisation is None:
        return frozenset({"personal"})
    return _SECRET if sides or "evaluator" in roles else PUBLIC_VIEW


def in_force(marks: Iterable[DisclosureLevel], *, today: date) -> list[DisclosureLevel]:
    """Marks whose last day has not passed: after it a thing falls back to public."""
    return [mark for mark in marks if mark.until is None or mark.until >= today]


def level_of(marks: Iterable[DisclosureLevel], *, today: date) -> str:
    """The level of the contract as a whole."""
    return next((mark.level for mark in in_force(marks, today=today) if mark.subject == "contract"), "public")


def withheld_fields(marks: Iterable[DisclosureLevel], *, levels: Collection[str], today: date) -> frozenset[str] | None:
    """The fields that are left out where these levels are withheld; None when the whole contract is."""
    found = [mark for mark in in_force(marks, today=today) if mark.level in levels]
    if any(mark.subject == "contract" for mark in found):
        return None
    return frozenset(mark.target for mark in found if mark.subject == "field") & FIELDS.keys()
