"""Organisations and contracts."""

from datetime import date, datetime
from typing import Any, Literal
from uuid import UUID

from pydantic import Field

from gongping_client.models.base import Answer, Body, Figure, Money

__all__ = [
    "AgreedIndicator",
    "AgreedMilestone",
    "BulkResult",
    "Contract",
    "ContractIn",
    "ContractTerms",
    "ExternalId",
    "Indicator",
    "LedgerTotals",
    "Milestone",
    "NeedsBasis",
    "Organisation",
    "OrganisationIn",
    "Party",
    "RecordWarning",
]


class ExternalId(Body):
    """The id of a thing in the system that sends it."""

    source: str
    id: str


class OrganisationIn(Body):
    """An organisation to record."""

    name: str
    roles: tuple[str, ...]
    uscc: str | None = None
    seat: str | None = None
    external_id: ExternalId | None = None
    simulated: bool = False


class RecordWarning(Answer):
    """Something doubtful that was kept as it was given."""

    code: str
    detail: str


class Organisation(Answer):
    """A recorded organisation."""

    id: UUID
    version: int
    name: str
    uscc: str | None = None
    roles: tuple[str, ...]
    seat: str | None = None
    simulated: bool
    warnings: tuple[RecordWarning, ...] = ()
    external_ids: tuple[ExternalId, ...] = ()


class AgreedIndicator(Body):
    """A level-3 indicator to agree."""

    code: str
    name: str
    level: Literal["output", "benefit", "satisfaction"]
    aspect: str
    unit: str
    target: Figure
    weight: Figure
    direction: Literal["higher", "lower"] = "higher"
    zero_at: Figure | None = None
    baseline: Figure | None = None
    standard: Literal["plan", "sector", "history"] = "plan"
    accountable: Literal["purchaser", "provider", "joint", "outside"] = "provider"
    missing: Literal["hold", "zero", "reweight"] = "hold"


class AgreedMilestone(Body):
    """A milestone to agree; the percentages of a kind sum to exactly 100."""

    code: str
    title: str
    kind: Literal["delivery", "financing"] = "delivery"
    percentage: Figure
    due_on: date | None = None


class NeedsBasis(Body):
    """Why the service is bought."""

    kind: Literal["wave", "document", "none"]
    reference: str | None = None
    reason: str | None = None


class ContractTerms(Body):
    """What a draft holds; everything may be filled in later."""

    contract_number: str | None = None
    service_category: str | None = None
    currency: str = "CNY"
    value: Money | None = None
    budget: Money | None = None
    signed_on: date | None = None
    starts_on: date | None = None
    ends_on: date | None = None
    procurement_method: Literal["open", "selective", "limited", "direct"] | None = None
    tenderers: int | None = None
    beneficiary_population: int | None = None
    needs_basis: NeedsBasis | None = None
    indicators: tuple[AgreedIndicator, ...] = ()
    milestones: tuple[AgreedMilestone, ...] = ()


class ContractIn(ContractTerms):
    """A contract to draft."""

    region: str
    title: str
    purchaser_id: UUID
    provider_id: UUID | None = None
    external_id: ExternalId | None = None
    simulated: bool = False


class Party(Answer):
    """A party of a contract."""

    organisation_id: UUID
    name: str
    uscc: str | None = None


class Indicator(Answer):
    """An agreed indicator."""

    indicator_id: UUID
    code: str
    name: str
    level: str
    aspect: str
    unit: str
    direction: str
    target: Figure
    zero_at: Figure | None = None
    baseline: Figure | None = None
    weight: Figure


class Milestone(Answer):
    """A milestone with its last report."""

    milestone_id: UUID
    code: str
    title: str
    kind: str
    percentage: Figure
    due_on: date | None = None
    status: str
    met_on: date | None = None


class LedgerTotals(Answer):
    """Sums of a contract's ledger, in its currency."""

    committed: Money
    accepted: Money
    paid: Money
    deducted: Money
    refunded: Money
    executed: Money
    outstanding: Money


class Contract(Answer):
    """A contract: its terms, its state, its parts, the sums of its ledger."""

    contract_id: UUID
    version: int
    region: str
    contract_number: str | None = None
    title: str
    state: str
    actions: tuple[str, ...] = ()
    origin: str
    simulated: bool
    service_category: str | None = None
    purchaser: Party
    provider: Party | None = None
    currency: str
    value: Money | None = None
    budget: Money | None = None
    final_value: Money | None = None
    signed_on: date | None = None
    starts_on: date | None = None
    ends_on: date | None = None
    ended_at: datetime | None = None
    end_reason: str | None = None
    procurement_method: str | None = None
    tenderers: int | None = None
    beneficiary_population: int | None = None
    indicators: tuple[Indicator, ...] = ()
    milestones: tuple[Milestone, ...] = ()
    amendments: tuple[dict[str, Any], ...] = ()
    ledger: LedgerTotals
    gaps: tuple[str, ...] = ()
    warnings: tuple[RecordWarning, ...] = ()
    external_ids: tuple[ExternalId, ...] = ()


class BulkResult(Answer):
    """What became of one item of a bulk upsert."""

    index: int
    outcome: str = Field(description="created | updated | unchanged | failed.")
    id: UUID | None = None
    problem: dict[str, Any] | None = None
