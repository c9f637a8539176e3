"""One OCDS 1.1 release (compiled, when there were several) becomes contracts of ours. Pure: no database, no clock.

What has a home and where:

| OCDS | ours |
|---|---|
| `ocid` and `contracts[].id` | external id; with `id`, `date`, `awardID`, `tender.id` in `extras.ocds` |
| `buyer`, `awards[].suppliers` or `contracts[].suppliers`, with their entry in `parties[]` | purchaser, provider |
| `contracts[].title`, else `tender.title` | title |
| `contracts[].status` and the evidence beside it | state, end_reason (`contracts.imports.states`) |
| `contracts[].value`, `implementation.finalValue` | value, final_value |
| `planning.budget.amount`, when the process has one contract | budget |
| `contracts[].dateSigned`, `period` | signed_on, starts_on, ends_on |
| `implementation.endDate` | ended_at |
| `tender.procurementMethod`, `numberOfTenderers` | procurement_method, tenderers |
| `contracts[].amendments`, `milestones`, `implementation.milestones`, `implementation.transactions` | the same |

Everything else has no home and is counted by its path. `tender.value` is an estimate and `awards[].value` what was
awarded: neither is the contract's value or a budget line, so neither takes its place. Agreed and observed metrics have
no direction and no weight in OCDS, without which an indicator cannot be scored.
"""

import hashlib
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

from pydantic_core import to_json

from contracts.contracts.imported import ImportedAmendment, ImportedMilestone
from contracts.exchange.identity import source_of
from contracts.imports.errors import RecordRejected
from contracts.imports.implementation import map_amendments, map_milestones, map_transactions
from contracts.imports.parties import MappedParty
from contracts.imports.process import Process
from contracts.imports.reading import Document, Node
from contracts.imports.states import true_state
from contracts.imports.terms import amount_of, budget_of, compare_money, period_of, provider_of, title_of
from contracts.ledger.imported import ImportedTransaction

__all__ = ["MappedContract", "MappedRelease", "RejectedContract", "map_release", "source_of"]

_NO_CURRENCY = "XXX"  # ISO 4217: no currency involved; used where the source has no amount at all
_ALWAYS_MISSING = ("contract_number", "service_category", "indicators")  # OCDS 1.1 has no field for them


@dataclass(frozen=True, slots=True, kw_only=True)
class MappedContract:
    """A contract in our terms; region and ids of the parties are still to be decided by the service."""

    place: str
    source: str
    external_id: str
    contract_ref: str
    title: str
    state: str
    end_reason: str | None
    purchaser: MappedParty
    provider: MappedParty | None
    currency: str
    value: Decimal | None
    budget: Decimal | None
    final_value: Decimal | None
    signed_on: date | None
    starts_on: date | None
    ends_on: date | None
    ended_at: str | None
    procurement_method: str | None
    tenderers: int | None
    amendments: tuple[ImportedAmendment, ...]
    milestones: tuple[ImportedMilestone, ...]
    transactions: tuple[ImportedTransaction, ...]
    gaps: tuple[str, ...]
    warnings: tuple[dict[str, str], ...]
    extras: dict[str, Any]

    @property
    def content_hash(self) -> str:
        """SHA-256 over all that was mapped, without the release's id and date: a new release may say the same."""
        content = {name: getattr(self, name) for name in self.__slots__ if name not in {"place", "extras", "warnings"}}
        content["warnings"] = sorted({warning["code"] for warning in self.warnings})  # details name places in the file
        return hashlib.sha256(to_json(content)).hexdigest()


@dataclass(frozen=True, slots=True, kw_only=True)
class RejectedContract:
    """A contract that cannot become ours."""

    place: str
    contract_ref: str | None
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MappedRelease:
    """What one release became. `unmapped` counts the values without a home, those of rejected contracts left out."""

    place: str
    ocid: str | None
    contracts: list[MappedContract | RejectedContract] = field(default_factory=list)
    unmapped: Counter[str] = field(default_factory=Counter)


def map_release(content: Mapping[str, Any], *, place: str) -> MappedRelease:
    """Map every contract of a release. A refused contract does not stop the others."""
    document = Document(content, place=place)
    release = document.root()
    ocid: str | None = None
    try:
        ocid = release.text("ocid")
        if ocid is None:
            raise release.rejected("ocid", "is missing")
        shared = Process(release, ocid)
    except RecordRejected as refusal:
        raw = content.get("ocid")
        named = ocid or (raw if isinstance(raw, str) else None)
        return MappedRelease(
            place=place,
            ocid=named,
            contracts=[RejectedContract(place=refusal.place, contract_ref=None, reason=refusal.reason)],
        )
    mapped = MappedRelease(place=place, ocid=ocid)
    seen: set[str] = set()
    for contract in shared.contracts:
        reference = None
        try:
            reference = contract.text("id")
            if reference is None:
                raise contract.rejected("id", "is missing")
            if reference in seen:
                raise contract.rejected("id", f"{reference!r} stands twice in the release")
            seen.add(reference)
            mapped.contracts.append(_contract(shared, contract, reference))
        except RecordRejected as refusal:
            contract.keep_all()  # reported as a refusal, not as a field without a home
            mapped.contracts.append(
                RejectedContract(place=refusal.place, contract_ref=reference, reason=refusal.reason)
            )
    if any(isinstance(one, MappedContract) for one in mapped.contracts):
        mapped.unmapped.update(document.unread())
    return mapped


def _end_reason(contract: Node) -> str | None:
    """The reason of ending in our own extension of OCDS (`contracts.exchange`)."""
    lifecycle = contract.node("lifecycle")
    return lifecycle.text("endReason") if lifecycle else None


def _contract(process: Process, contract: Node, reference: str) -> MappedContract:
    assert process.buyer is not None  # noqa: S101 - there is a contract, so the buyer was read
    warnings: list[dict[str, str]] = list(process.buyer.warnings)
    implementation = contract.node("implementation")
    award_id = contract.text("awardID")
    provider = provider_of(process, contract, process.award(award_id), warnings)
    value, currency = amount_of(contract, "value", None, warnings)
    final_value, currency = amount_of(implementation, "finalValue", currency, warnings)
    milestones = map_milestones(contract, implementation)
    transactions = map_transactions(
        implementation,
        currency=currency,
        buyer_id=process.buyer.external_id,
        supplier_id=provider.external_id if provider else None,
        milestones=milestones.milestones,
        warnings=warnings,
    )
    currency = currency or (transactions[0].currency if transactions else None)
    state = true_state(
        contract.text("status"),
        final_status=contract.text("finalStatus") or _end_reason(contract),
        has_final_value=final_value is not None,
        delivery_milestones=tuple(one.status for one in milestones.milestones if one.kind == "delivery"),
        place=contract.place,
    )
    period = period_of(contract, warnings)
    ended_at = implementation.instant("endDate") if implementation else None
    title = title_of(process, contract)
    compare_money(contract, value, final_value, transactions, warnings)
    missing = {
        "title": title is None,
        "signature": period.signed_on is None,
        "period": not period.stated,
        "value": value is None,
        "provider": provider is None,
        "uscc": process.buyer.uscc is None or (provider is not None and provider.uscc is None),
        "end_reason": not state.reason_known,
        "milestone_status": milestones.status_missing,
        "procurement_method": process.method is None,
    }
    identity = {"ocid": process.ocid, "contract_id": reference, "award_id": award_id, "tender_id": process.tender_id}
    extras: dict[str, Any] = {"ocds": {k: v for k, v in (identity | process.release_ids).items() if v is not None}}
    if period.computed:
        extras["ends_on_from"] = "period.durationInDays"
    return MappedContract(
        place=contract.place,
        source=source_of(process.ocid),
        external_id=f"{process.ocid}/{reference}",
        contract_ref=reference,
        title=title or reference,
        state=state.state,
        end_reason=state.end_reason,
        purchaser=process.buyer,
        provider=provider,
        currency=currency or _NO_CURRENCY,
        value=value,
        budget=budget_of(process, currency, warnings),
        final_value=final_value,
        signed_on=period.signed_on,
        starts_on=period.starts_on,
        ends_on=period.ends_on,
        ended_at=ended_at.isoformat() if ended_at else None,
        procurement_method=process.method,
        tenderers=process.tenderers,
        amendments=map_amendments(contract),
        milestones=milestones.milestones,
        transactions=transactions,
        gaps=tuple(sorted({name for name, gone in missing.items() if gone} | set(_ALWAYS_MISSING))),
        warnings=tuple(warnings),
        extras=extras,
    )
