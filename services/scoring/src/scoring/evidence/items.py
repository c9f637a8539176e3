"""From events to items of evidence: which part of an event a score may rest on, and the hash that names it."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from scoring.canonical import canonical, canonical_text, sha256
from shared import clock
from shared.events import (
    AcceptanceRecorded,
    ContractCorrected,
    ContractState,
    LedgerPosted,
    ObservationRecorded,
    ObservationWithdrawn,
    WaveClosed,
)
from shared.inbox import Received

__all__ = [
    "ContractView",
    "Item",
    "acceptance_item",
    "contract_item",
    "contract_view",
    "ledger_item",
    "observation_item",
    "wave_item",
    "withdrawal_item",
]

TERMS = {
    "region",
    "simulated",
    "state",
    "origin",
    "service_category",
    "currency",
    "value",
    "budget",
    "signed_on",
    "starts_on",
    "ends_on",
    "ended_at",
    "end_reason",
    "procurement_method",
    "tenderers",
    "beneficiary_population",
    "needs_basis",
    "indicators",
    "milestones",
    "not_evaluable",
}
"""Fields of a contract that are evidence. Its title, number and the names of its parties are not: a corrected title is
a new version with the same hash, and no new score row."""


BESIDE = {"dispositions", "rates", "changes", "quality"}
"""Fields of a wave that no rule asks for; the hash of the results names them."""

ADDED = {"ledger": ("budget_project_id", "budget_year", "cause", "payable")}
"""Fields that facts did not have from the beginning, by kind of evidence."""


@dataclass(frozen=True, slots=True)
class Item:
    """One item of evidence on its way into the database; `body` is canonical JSON text."""

    id: UUID
    version: int
    kind: str
    contract_id: UUID
    region: str
    sha256: str
    body: str
    valid_on: date
    recorded_at: datetime
    event_id: UUID


@dataclass(frozen=True, slots=True)
class ContractView:
    """The projection of one state event of a contract."""

    contract_id: UUID
    version: int
    region: str
    simulated: bool
    state: str | None
    title: str | None
    service_category: str | None
    purchaser_id: UUID | None
    provider_id: UUID | None
    purchaser_name: str | None
    provider_name: str | None
    currency: str | None
    value: str | None


def _hash(kind: str, item_id: UUID, body: str) -> str:
    """SHA-256 of the RFC 8785 form of {"body", "id", "kind"}; the keys stand in canonical order here."""
    return sha256(f'{{"body":{body},"id":"{item_id}","kind":"{kind}"}}')


def contract_item(event: Received[ContractState]) -> Item:
    """The terms of a contract at one version."""
    data = event.data
    body = canonical_text(_terms(data))
    return Item(
        id=data.contract_id,
        version=data.version,
        kind="contract",
        contract_id=data.contract_id,
        region=data.region,
        sha256=_hash("contract", data.contract_id, body),
        body=body,
        valid_on=clock.day_of(event.time),
        recorded_at=event.time,
        event_id=event.id,
    )


def _terms(data: ContractState) -> dict[str, Any]:
    """The terms as evidence. What a later release added is left out where it says nothing, so that hashes stay."""
    terms = data.model_dump(mode="json", include=TERMS)
    if terms["not_evaluable"] is None:
        del terms["not_evaluable"]
    for indicator in terms["indicators"]:
        if not indicator["added_after_the_fact"]:
            del indicator["added_after_the_fact"]
    if isinstance(data, ContractCorrected):
        fields = [field for field in data.corrected if field.partition(".")[0] in TERMS]
        if fields:
            # A determination that was signed before is to be looked at again (`determinations.queries.reviews_due`).
            terms["corrected"] = {"correction_id": str(data.correction_id), "fields": fields}
    return terms


def contract_view(event: Received[ContractState]) -> ContractView:
    """What is kept beside the evidence to find and lock a contract."""
    data = event.data
    return ContractView(
        contract_id=data.contract_id,
        version=data.version,
        region=data.region,
        simulated=data.simulated,
        state=data.state,
        title=data.title,
        service_category=data.service_category,
        purchaser_id=data.purchaser.organisation_id,
        provider_id=data.provider.organisation_id if data.provider else None,
        purchaser_name=data.purchaser.name,
        provider_name=data.provider.name if data.provider else None,
        currency=data.currency,
        value=None if data.value is None else f"{data.value:.2f}",
    )


def observation_item(event: Received[ObservationRecorded]) -> Item:
    """An actual value of an agreed indicator."""
    return _fact(event, "observation", id_field="observation_id", valid_on=event.data.observed_on)


def withdrawal_item(event: Received[ObservationWithdrawn]) -> Item:
    """An observation that was taken back: it supersedes and says nothing itself."""
    data = event.data
    body = {
        "indicator_id": str(data.indicator_id),
        "observed_on": data.observed_on.isoformat(),
        "recorded_at": data.model_dump(mode="json")["recorded_at"],
        "supersedes": str(data.supersedes),
        "withdrawn": True,
    }
    text = canonical_text(body)
    return Item(
        id=data.withdrawal_id,
        version=1,
        kind="observation",
        contract_id=data.contract_id,
        region=data.region,
        sha256=_hash("observation", data.withdrawal_id, text),
        body=text,
        valid_on=data.observed_on,
        recorded_at=data.recorded_at,
        event_id=event.id,
    )


def ledger_item(event: Received[LedgerPosted]) -> Item:
    """An entry of the money ledger; what a framework agreement pays for a call-off is the call-off's."""
    contract_id = event.data.call_off_id or event.data.contract_id
    return _fact(event, "ledger", id_field="entry_id", valid_on=event.data.booked_on, contract_id=contract_id)


def acceptance_item(event: Received[AcceptanceRecorded]) -> Item:
    """An acceptance against the contract's standards."""
    return _fact(event, "acceptance", id_field="acceptance_id", valid_on=event.data.accepted_on)


def _fact(event: Received[Any], kind: str, *, id_field: str, valid_on: date, contract_id: UUID | None = None) -> Item:
    # A field that a later release added must not change the hash of evidence that came before it.
    unknown = {name for name in ADDED.get(kind, ()) if getattr(event.data, name) is None}
    body = canonical_text(event.data.model_dump(mode="json", exclude={id_field, "contract_id", "region", *unknown}))
    item_id: UUID = getattr(event.data, id_field)
    return Item(
        id=item_id,
        version=1,
        kind=kind,
        contract_id=contract_id or event.data.contract_id,
        region=event.data.region,
        sha256=_hash(kind, item_id, body),
        body=body,
        valid_on=valid_on,
        recorded_at=event.data.recorded_at,
        event_id=event.id,
    )


def wave_item(event: Received[WaveClosed]) -> Item:
    """The estimates of a closed wave. They are floats, so the canonical form is the library's.

    What an event does not say is left out: a field that a later release adds must not change the hash of evidence that
    came before it.
    """
    data = event.data
    told = data.model_dump(mode="json", exclude={"contract_id", "region", "version"} | BESIDE, exclude_unset=True)
    body = canonical({"simulated": data.simulated} | told).decode()
    return Item(
        id=data.wave_id,
        version=data.version,
        kind="wave",
        contract_id=data.contract_id,
        region=data.region,
        sha256=_hash("wave", data.wave_id, body),
        body=body,
        valid_on=clock.day_of(data.closed_at),
        recorded_at=data.closed_at,
        event_id=event.id,
    )
