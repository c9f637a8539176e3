"""What the releases of one contract share, and the change that one of them tells."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from contracts.exchange.identity import Identity, party_id
from contracts.exchange.values import day_text, instant_text, without_none
from shared.events import DisclosureLevel

__all__ = ["Change", "Process", "milestone_of", "reference"]

Json = dict[str, Any]
MILESTONE_STATUS = {"scheduled": "scheduled", "met": "met", "partlyMet": "partiallyMet", "notMet": "notMet"}
MILESTONE_TYPE = {"delivery": "delivery", "financing": "payment"}


@dataclass(frozen=True, slots=True)
class Change:
    """A row of the log. `first`: nothing of this contract was published before; `paid`: net payments at completion."""

    n: int
    epoch: int
    contract_id: UUID
    noun: str
    noun_id: UUID
    state: str
    terms: Json | None
    changed_at: datetime
    first: bool = False
    paid: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Process:
    """What all releases of one contract share.

    `has_base`: it was imported as OCDS; `framework`: the ocid of a call-off's framework agreement.
    """

    contract_id: UUID
    region: str
    identity: Identity
    native: bool
    has_base: bool
    purchaser: Json
    provider: Json | None
    indicators: list[Json]
    milestones: list[Json]
    amendments: list[Json]
    needs_basis: Json | None
    language: str
    disclosure: tuple[DisclosureLevel, ...] = ()
    lots: Sequence[Json] = ()
    members: Sequence[Json] = ()
    regions: Sequence[Json] = ()
    framework: str | None = None

    @property
    def buyer(self) -> Json:
        """Reference to the purchaser."""
        return reference(self.purchaser)

    @property
    def supplier(self) -> Json | None:
        """Reference to the provider."""
        return reference(self.provider) if self.provider else None


def reference(party: Json) -> Json:
    """A party as other objects of a release name it: `{id, name}`."""
    return {"id": party.get("published_id") or party_id(party["organisation_id"], party["uscc"]), "name": party["name"]}


def milestone_of(process: Process, milestone: Json, report: Mapping[str, Any] | None = None) -> Json:
    """A milestone as agreed (one of ours is scheduled until a report says else), or as reported."""
    told = report or (milestone if not process.native else {"status": "scheduled"})
    return without_none(
        {
            "id": milestone["code"],
            "title": milestone["title"],
            "type": MILESTONE_TYPE[milestone["kind"]],
            "dueDate": day_text(milestone["due_on"], process.region),
            "dateMet": day_text(told.get("met_on"), process.region),
            "dateModified": instant_text(told.get("reported_at")),
            "status": MILESTONE_STATUS[told["status"]],
        }
    )
