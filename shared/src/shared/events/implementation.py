"""Events of the contracts service about a contract's implementation and its end."""

from datetime import date, datetime
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from shared.events.base import Amount, EventData, event
from shared.events.contracts import PartyRef

__all__ = [
    "AmendmentAgreed",
    "ContractSettlementChanged",
    "DocumentRecorded",
    "PerformanceFailureChanged",
    "SettlementLine",
    "SubcontractChanged",
]


@event("contracts.amendment.agreed.v1", kind="fact")
class AmendmentAgreed(EventData):
    """Both parties confirmed an amendment; `contracts.contract.updated.v1` of the same version tells the new terms."""

    amendment_id: UUID
    contract_id: UUID
    region: str
    number: int = Field(ge=1, description="Counts the contract's amendments from 1.")
    contract_version: int = Field(ge=1, description="Version of the contract from which on it is in force.")
    reason_code: str = Field(description="Code of GET /v1/amendments/reasons.")
    amended_on: date
    currency: str
    value_before: Amount | None = None
    value_after: Amount | None = None
    starts_on_before: date | None = None
    starts_on_after: date | None = None
    ends_on_before: date | None = None
    ends_on_after: date | None = None
    milestones: tuple[str, ...] = Field((), description="Codes of the milestones that changed or were added.")
    document_sha256: str | None = None
    agreed_at: datetime


@event("contracts.subcontract.changed.v1", kind="state")
class SubcontractChanged(EventData):
    """A subcontract was proposed, consented to, refused or ended. The provider stays liable for all of it."""

    subcontract_id: UUID
    version: int = Field(ge=1)
    contract_id: UUID
    region: str
    state: str = Field(description="proposed | consented | refused | ended.")
    subcontractor: PartyRef
    value: Amount
    currency: str
    starts_on: date | None = None
    ends_on: date | None = None
    proposed_at: datetime
    decided_at: datetime | None = None
    ended_at: datetime | None = None


@event("contracts.document.recorded.v1", kind="fact")
class DocumentRecorded(EventData):
    """A document about a contract was recorded by its hash."""

    document_id: UUID
    contract_id: UUID
    region: str
    document_type: str = Field(description="Code of the OCDS code list documentType.")
    title: str
    sha256: str
    media_type: str | None = None
    size_bytes: int | None = Field(None, ge=0)
    about: str = Field(description="contract, or the part of it: amendment | milestone | acceptance | ledger | ...")
    about_id: UUID | None = None
    supersedes: UUID | None = None
    recorded_at: datetime


@event("contracts.performance_failure.changed.v1", kind="state")
class PerformanceFailureChanged(EventData):
    """A failure of the provider to perform was recorded, its penalty booked, or it was withdrawn."""

    failure_id: UUID
    version: int = Field(ge=1)
    contract_id: UUID
    region: str
    state: str = Field(description="recorded | withdrawn.")
    category: str = Field(
        description="lateDelivery | quantity | quality | safety | staffing | reporting | complaints | assignment | "
        "other."
    )
    starts_on: date
    ends_on: date | None = None
    events: int = Field(ge=1, description="How often it happened.")
    currency: str
    penalty_contracted: Amount | None = Field(None, description="What the contract provides for it.")
    penalty_imposed: Amount = Field(description="Sum of the penalties and deductions booked for it.")
    penalty_paid: Amount = Field(description="Of these, deducted or received.")
    updated_at: datetime


class SettlementLine(BaseModel):
    """A claim of one side in a settlement."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    side: str = Field(description="Who owes it: purchaser | provider.")
    kind: str = Field(description="Kind of the ledger entry: penalty | compensation | interest | deduction.")
    amount: Amount
    cause: str | None = Field(None, description="saving | damages | result, where the kind has a cause.")
    entry_id: UUID | None = Field(None, description="The ledger entry, once it is booked.")


@event("contracts.settlement.changed.v1", kind="state")
class ContractSettlementChanged(EventData):
    """How a terminated contract's money ends: proposed, agreed or ordered, settled, or withdrawn."""

    settlement_id: UUID
    version: int = Field(ge=1)
    contract_id: UUID
    region: str
    state: str = Field(description="proposed | agreed | ordered | settled | withdrawn.")
    ground: str = Field(
        description="mutualAgreement | providerDefault | purchaserDefault | publicInterest | forceMajeure | other."
    )
    fault: str = Field(description="Whose fault the end is: none | purchaser | provider | both.")
    currency: str
    damages_to_purchaser: Amount
    damages_to_provider: Amount
    lines: tuple[SettlementLine, ...] = ()
    final_value: Amount | None = Field(None, description="Paid net of refunds, once nothing is owed any more.")
    proposed_at: datetime
    agreed_at: datetime | None = Field(None, description="When both sides had confirmed, or the order was given.")
    settled_at: datetime | None = None
