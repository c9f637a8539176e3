"""What the parties confirm: the terms of a contract in one canonical form, and who has not confirmed them yet. Pure.

The form is RFC 8785 JSON of the terms that bind the parties; its SHA-256 names them. Date of signature and number are
no part of it, for they become known at the signature; names of organisations are none: a rename changes no term.
"""

import hashlib
from decimal import Decimal
from typing import Any, NamedTuple
from uuid import UUID

import rfc8785

from contracts.contracts.records import ContractRecord
from shared.events import ContractState

__all__ = ["Party", "parties_of", "terms_of", "terms_sha256", "unconfirmed"]

_PLAIN = ("title", "region", "kind", "service_category", "currency", "procurement_method", "beneficiary_population")
_INDICATOR = ("code", "name", "level", "aspect", "unit", "direction", "standard", "accountable", "missing")
_INDICATOR_FIGURES = ("target", "zero_at", "baseline", "weight")


class Party(NamedTuple):
    """An organisation on a side of the contract."""

    side: str
    organisation_id: UUID


def parties_of(contract: ContractState) -> list[Party]:
    """Everybody who must confirm: the members of a side with several, else the party itself. The leads come first."""
    parties = [Party("purchaser", contract.purchaser.organisation_id)]
    if contract.provider is not None:
        parties.append(Party("provider", contract.provider.organisation_id))
    parties += [Party(member.side, member.organisation_id) for member in contract.members]
    return list(dict.fromkeys(parties))


def unconfirmed(record: ContractRecord) -> list[Party]:
    """The parties whose confirmation of the present terms is missing."""
    terms = terms_sha256(record)
    confirmed = {(one.side, one.organisation_id) for one in record.state.confirmations if one.terms_sha256 == terms}
    return [party for party in parties_of(record.state) if party not in confirmed]


def terms_sha256(record: ContractRecord) -> str:
    """SHA-256, in hexadecimal, of the RFC 8785 form of the terms."""
    return hashlib.sha256(rfc8785.dumps(terms_of(record))).hexdigest()


def terms_of(record: ContractRecord) -> dict[str, Any]:
    """The terms as plain JSON: decimals are texts without trailing zeros, days are ISO 8601."""
    contract = record.state
    return {
        **{name: getattr(contract, name) for name in _PLAIN},
        "framework": _text(contract.framework_id),
        "ceiling": _figure(contract.ceiling),
        "value": _figure(contract.value),
        "starts_on": _text(contract.starts_on),
        "ends_on": _text(contract.ends_on),
        "purchaser": str(contract.purchaser.organisation_id),
        "provider": str(contract.provider.organisation_id) if contract.provider else None,
        "members": [
            [member.side, str(member.organisation_id), _figure(member.share), member.lead]
            for member in contract.members
        ],
        "lots": [[lot.code, lot.title, lot.description, _figure(lot.value)] for lot in contract.lots],
        "regions": [[place.region, _figure(place.share)] for place in contract.regions],
        "indicators": [
            {name: getattr(indicator, name) for name in _INDICATOR}
            | {name: _figure(getattr(indicator, name)) for name in _INDICATOR_FIGURES}
            for indicator in contract.indicators
        ],
        "milestones": [
            [milestone.code, milestone.title, milestone.kind, _figure(milestone.percentage), _text(milestone.due_on)]
            for milestone in contract.milestones
        ],
        "clauses": record.clauses.model_dump(mode="json") if record.clauses else None,
    }


def _figure(value: Decimal | None) -> str | None:
    return None if value is None else format(value.normalize(), "f")


def _text(value: object) -> str | None:
    return None if value is None else str(value)
