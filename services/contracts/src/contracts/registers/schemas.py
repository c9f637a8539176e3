"""Answers about totals, participation and public records."""

from datetime import date
from uuid import UUID

from pydantic import Field

from shared.web import Money, Out, Total

__all__ = [
    "MoneyTotal",
    "Participation",
    "ParticipationRow",
    "PublicContractOut",
    "PublicRecord",
    "RecordPart",
    "RegionTotals",
    "StateCount",
    "TotalItem",
]


class MoneyTotal(Out):
    """Money in one currency."""

    currency: str = Field(description="ISO 4217 code.")
    value: Total = Field(description="Contract values in force, in this currency.")
    paid: Total = Field(description="Payments less refunds, in this currency.")


class TotalItem(Out):
    """Published contracts of a division."""

    region: str = Field(description="Region code.")
    name: str | None = Field(description="Chinese name; null for counties.")
    contracts: int = Field(description="Number of contracts in force, suspended, completed or terminated.")
    ended: int = Field(description="Of these, completed or terminated.")
    simulated: int = Field(description="Of these, made up for a demonstration or a test.")
    money: list[MoneyTotal] = Field(description="Sums by currency.")


class RegionTotals(Out):
    """Totals of a region, in the boundaries of then or of now."""

    region: str = Field(description="Region that was asked for.")
    boundaries: str = Field(
        description="then: by the code that each contract was recorded with | now: by the codes in its place on `on`."
    )
    on: date = Field(description="Day whose boundaries are `now`.")
    year: int | None = Field(description="Year of signature (or of the term's begin); null: all.")
    items: list[TotalItem] = Field(
        description="By division. What is known more coarsely than asked stands under the division above."
    )
    uncertain: list[TotalItem] = Field(
        description="Former divisions that went only partly to this region, or nowhere; in no item and in no total."
    )
    total: TotalItem = Field(description="All items together.")


class ParticipationRow(Out):
    """Organisations that took part in a year."""

    region: str = Field(description="Region code.")
    role: str = Field(description="purchaser | provider.")
    year: int = Field(description="Year of signature, or of the term's begin.")
    active: int = Field(description="Organisations with a contract of this year.")
    new: int = Field(description="Of these, those without a contract of an earlier year in this region.")
    cumulative: int = Field(description="Organisations up to this year, each once.")
    growth: int | None = Field(description="`active` less that of the year before; null for the first year.")
    individuals: int = Field(description="Of `active`, persons.")


class Participation(Out):
    """How the number of participating organisations grew."""

    region: str = Field(description="Region that was asked for.")
    boundaries: str = Field(description="then | now.")
    items: list[ParticipationRow] = Field(description="By region, role and year.")
    uncertain: list[str] = Field(description="Former divisions that went only partly to this region; not counted.")


class StateCount(Out):
    """Contracts by how they stand."""

    state: str = Field(description="active | suspended | completed | terminated.")
    end_reason: str | None = Field(description="complete | incomplete | unsuccessful; null while in force.")
    contracts: int = Field(description="Number of contracts.")


class RecordPart(Out):
    """The record of one organisation."""

    organisation_id: UUID = Field(description="Whose contracts they are.")
    name: str = Field(description="Its name; a pseudonym for a person.")
    contracts: int = Field(description="Published contracts as the provider.")
    simulated: int = Field(description="Of these, made up for a demonstration or a test.")
    states: list[StateCount] = Field(description="By state and reason of the end.")
    money: list[MoneyTotal] = Field(description="Sums by currency.")
    milestones_met: int = Field(description="Delivery milestones that were met.")
    milestones_partly_met: int = Field(description="Partly met.")
    milestones_not_met: int = Field(description="Not met.")
    milestones_late: int = Field(description="Met after the day on which they were due.")


class PublicRecord(Out):
    """A provider's public record: public facts only, no score and no opinion."""

    organisation_id: UUID = Field(description="The provider.")
    status: str = Field(description="active | succeeded | dissolved.")
    former_names: list[str] = Field(description="Names before renamings, oldest first.")
    former_codes: list[str] = Field(description="Credit codes before, oldest first.")
    own: RecordPart = Field(description="Its own contracts.")
    inherited: list[RecordPart] = Field(description="Of predecessors whose record counts for it by a decision.")
    undecided: list[UUID] = Field(description="Predecessors about whose record nothing is decided.")


class PublicContractOut(Out):
    """What is public about a contract."""

    contract_id: UUID = Field(description="Id of the contract.")
    region: str = Field(description="Region that owns it, by the code of its time.")
    title: str = Field(description="Title.")
    service_category: str | None = Field(description="Item of the guiding catalogue.")
    state: str = Field(description="active | suspended | completed | terminated.")
    end_reason: str | None = Field(description="complete | incomplete | unsuccessful; null while in force.")
    currency: str = Field(description="ISO 4217 code.")
    value: Money | None = Field(description="Contract value in force, in the currency.")
    signed_on: date | None = Field(description="Date of signature.")
    simulated: bool = Field(description="Made up for a demonstration or a test.")
