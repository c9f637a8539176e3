"""Who a contract, a party and a source are in OCDS.

`ocid` is a registered prefix and a local id (OCDS 1.1.5, "contracting process and releases"); the prefix is a setting.
A contract that was imported as OCDS keeps the ocid, the contract id and the party ids of its publisher.
"""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

__all__ = ["Identity", "identity_of", "native_contract", "party_id", "source_of"]

USCC_SCHEME = "CN-USCC"  # a local value: no scheme for the code was found in org-id.guide
OWN_SCHEME = "GONGPING"


@dataclass(frozen=True, slots=True)
class Identity:
    """Ids under which a contract is published: the process, the contract and the award in it."""

    ocid: str
    contract: str
    award: str
    source: str | None

    @property
    def imported(self) -> bool:
        """Whether the ids are a publisher's and not ours."""
        return self.source is not None


def source_of(ocid: str) -> str:
    """The namespace of the publisher's ids: the registered prefix of the ocid (`ocds-213czf`), else `ocds`."""
    parts = ocid.split("-")
    return f"ocds-{parts[1]}" if len(parts) > 2 and parts[0] == "ocds" and len(parts[1]) == 6 else "ocds"


def identity_of(contract_id: UUID, told: dict[str, Any] | None, *, prefix: str) -> Identity:
    """The ids of a contract; `told` is what an import kept of its publisher's ids."""
    if told and isinstance(told.get("ocid"), str) and isinstance(told.get("contract_id"), str):
        reference = told["contract_id"]
        award = told.get("award_id")
        return Identity(told["ocid"], reference, award or f"{reference}-award", source_of(told["ocid"]))
    return Identity(f"{prefix}-{contract_id}", str(contract_id), f"{contract_id}-award", None)


def native_contract(ocid: str, *, prefix: str) -> UUID | None:
    """The contract behind an ocid of ours; None for every other ocid."""
    head, _, tail = ocid.partition(f"{prefix}-")
    if head:
        return None
    try:
        return UUID(tail)
    except ValueError:
        return None


def party_id(organisation_id: str, uscc: str | None) -> str:
    """`{scheme}-{id}` of an organisation: its social credit code, else our own id."""
    return f"{USCC_SCHEME}-{uscc}" if uscc else f"{OWN_SCHEME}-{organisation_id}"
