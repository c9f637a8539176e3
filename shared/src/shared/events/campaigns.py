"""Events of the contracts service about the year's campaign, and about what was erased."""

from datetime import date, datetime
from uuid import UUID

from pydantic import Field

from shared.events.base import EventData, event

__all__ = ["CampaignReminded", "CampaignReturnChanged", "ContractErased"]


@event("contracts.campaign_return.changed.v1", kind="state")
class CampaignReturnChanged(EventData):
    """A unit's return of a year's campaign was opened, submitted, returned, extended or locked."""

    return_id: UUID
    version: int = Field(ge=1)
    campaign_id: UUID
    organisation_id: UUID = Field(description="The unit that owes it.")
    region: str = Field(description="Region of the contracts that it is about.")
    year: int
    state: str = Field(description="open | submitted | returned | locked.")
    due_on: date
    rounds: int = Field(0, ge=0, description="Submissions so far.")
    contracts: int | None = Field(None, description="Contracts of the last submission.")
    complete: int | None = Field(None, description="Of these, without a gap.")
    reason: str | None = Field(None, description="Why it was returned or extended, or why gaps remain.")
    simulated: bool = False
    recorded_at: datetime


@event("contracts.campaign.reminded.v1", kind="fact")
class CampaignReminded(EventData):
    """The deadline of a return comes near, or has passed; told once for each deadline."""

    reminder_id: UUID
    return_id: UUID
    campaign_id: UUID
    organisation_id: UUID
    region: str
    kind: str = Field(description="dueSoon | overdue.")
    due_on: date
    simulated: bool = False
    recorded_at: datetime


@event("contracts.contract.erased.v1", kind="fact")
class ContractErased(EventData):
    """Something was erased because its retention period was over; who holds a copy erases it too."""

    erasure_id: UUID
    noun: str = Field(
        description="records (the contract is gone) | freeText | personalFields | individuals (a person's pseudonym) | "
        "imports (staged rows of a file)."
    )
    about_id: UUID = Field(description="The contract, the organisation of a person, or the import.")
    region: str
    rule: str = Field(description="The period that it was erased by.")
    recorded_at: datetime
