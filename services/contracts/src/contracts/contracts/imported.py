"""What an import hands over: a contract of another system, already mapped to our terms.

`contracts.contracts.service.record_imported_contract(session, imported)` records the aggregate and answers
`Recorded(contract_id, outcome, region, currency)`; `contracts.ledger.service.record_imported_transactions(...)` then
records its transactions. Both are safe to repeat. Organisations come first, by
`contracts.organisations.service.record_imported_organisation(session, party)`, which answers the organisation's id.
"""

from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Literal, NamedTuple
from uuid import UUID

__all__ = [
    "ImportedAmendment",
    "ImportedContract",
    "ImportedMilestone",
    "Outcome",
    "Recorded",
]

Outcome = Literal["created", "updated", "unchanged"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportedAmendment:
    """An amendment as the source names it; `amended_on` is null where the source has no date."""

    external_id: str | None = None
    amended_on: date | None = None
    rationale: str | None = None
    description: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportedMilestone:
    """A milestone; `code` is the source's id. `percentage` is 0 where the source has no share."""

    code: str
    title: str
    kind: str = "delivery"
    percentage: Decimal = Decimal(0)
    due_on: date | None = None
    status: str = "scheduled"
    met_on: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportedContract:
    """One contract. Guards of activation and completion do not apply: it enters at the state that it had.

    `content_hash` is over everything that the mapping used (transactions included); the same hash again changes
    nothing. `gaps` names what the source did not have; `warnings` are `{"code", "detail"}`, for example a period that
    ends before it begins; `extras` holds fields that have no home elsewhere and that are worth keeping.
    """

    source: str
    external_id: str
    content_hash: str
    region: str
    title: str
    state: str
    purchaser_id: UUID
    provider_id: UUID | None = None
    contract_number: str | None = None
    service_category: str | None = None
    currency: str = "CNY"
    value: Decimal | None = None
    budget: Decimal | None = None
    final_value: Decimal | None = None
    signed_on: date | None = None
    starts_on: date | None = None
    ends_on: date | None = None
    ended_at: datetime | None = None
    end_reason: str | None = None
    procurement_method: str | None = None
    tenderers: int | None = None
    beneficiary_population: int | None = None
    not_evaluable: str | None = None
    simulated: bool = False
    amendments: tuple[ImportedAmendment, ...] = ()
    milestones: tuple[ImportedMilestone, ...] = ()
    gaps: tuple[str, ...] = ()
    warnings: tuple[dict[str, str], ...] = ()
    extras: dict[str, Any] = field(default_factory=dict)


class Recorded(NamedTuple):
    """What became of an imported contract; region and currency are those in force (a first import decides them).

    `kept` are warnings (`code`, `detail`) of corrected terms that the source says otherwise and that were left alone.
    """

    contract_id: UUID
    outcome: Outcome
    region: str
    currency: str
    kept: tuple[dict[str, str], ...] = ()
