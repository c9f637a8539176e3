"""The current state of every aggregate and all facts (`replay --snapshot`): a new or lost listener starts from it."""

from collections.abc import AsyncIterator
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from contracts.acceptances.models import Acceptance
from contracts.acceptances.service import acceptance_event
from contracts.amendments.models import AmendmentProposal
from contracts.amendments.service import amendment_event
from contracts.campaigns.models import Campaign, CampaignReturn
from contracts.campaigns.queries import list_reminders
from contracts.campaigns.telling import reminder_event, return_event
from contracts.catalogue.service import approved_editions
from contracts.contracts.queries import ContractRecord, codes_of, snapshot_contracts
from contracts.disclosure.service import redact_event
from contracts.documents.models import Document
from contracts.documents.service import document_event
from contracts.failures.models import PerformanceFailure
from contracts.failures.queries import find_failure
from contracts.failures.service import failure_event
from contracts.findings.models import Finding
from contracts.findings.queries import HIDDEN, effects_of
from contracts.findings.service import finding_event
from contracts.inspections.models import Inspection
from contracts.inspections.queries import is_hidden
from contracts.inspections.service import inspection_event
from contracts.ledger.models import LedgerEntry
from contracts.ledger.service import entry_event
from contracts.lists import every_row
from contracts.monitoring.models import MonitoringAlert
from contracts.monitoring.service import alert_event
from contracts.obligations.concerned import members_of
from contracts.obligations.models import Obligation
from contracts.obligations.service import notice_of
from contracts.observations.imported import withdrawal_event
from contracts.observations.models import Observation
from contracts.observations.queries import every_withdrawal
from contracts.observations.service import observation_event
from contracts.organisations.models import Organisation
from contracts.organisations.service import organisation_event
from contracts.regions.queries import NATIONAL
from contracts.retention.models import Erasure
from contracts.retention.service import erasure_event
from contracts.settlements.models import Settlement
from contracts.settlements.service import settlement_event
from contracts.subcontracts.models import Subcontract
from contracts.subcontracts.service import subcontract_event
from shared.events import (
    ContractActivated,
    ContractCancelled,
    ContractCompleted,
    ContractImported,
    ContractState,
    ContractSubmitted,
    ContractSuspended,
    ContractTerminated,
    ContractUpdated,
    EventData,
    ObligationDue,
    ObligationOverdue,
)

__all__ = ["snapshot"]

_EVENT_OF_STATE: dict[str, type[ContractState]] = {
    "draft": ContractUpdated,
    "pending": ContractSubmitted,
    "active": ContractActivated,
    "suspended": ContractSuspended,
    "completed": ContractCompleted,
    "terminated": ContractTerminated,
    "cancelled": ContractCancelled,
}


async def snapshot(session: AsyncSession) -> AsyncIterator[tuple[EventData, UUID | str, str]]:
    """Events that tell everything: the catalogue, organisations, contracts, then the facts about them."""
    async for told in _reference(session):
        yield told
    async for record in snapshot_contracts(session):
        yield _contract_event(record), record.state.contract_id, record.state.region
    codes: dict[UUID, str] = {}
    gone = await every_withdrawal(session)
    async for observation in every_row(session, Observation):
        if observation.indicator_id not in codes:
            codes |= await codes_of(session, indicator_ids=[observation.indicator_id])
        event = observation_event(observation, indicator_code=codes[observation.indicator_id])
        yield event, observation.contract_id, observation.region
        if observation.id in gone:
            withdrawn = withdrawal_event(observation, at=gone[observation.id])
            yield withdrawn, observation.contract_id, observation.region
    async for entry in every_row(session, LedgerEntry):
        yield entry_event(entry), entry.contract_id, entry.region
    async for acceptance in every_row(session, Acceptance):
        yield acceptance_event(acceptance), acceptance.contract_id, acceptance.region
    async for alert in every_row(session, MonitoringAlert):
        yield alert_event(alert), alert.contract_id, alert.region
    async for told in _implementation(session):
        yield told
    async for told in _supervision(session):
        yield told
    async for told in _year(session):
        yield told


async def _reference(session: AsyncSession) -> AsyncIterator[tuple[EventData, UUID | str, str]]:
    """Approved editions of the catalogue, organisations."""
    async for edition in approved_editions(session):
        yield edition, edition.edition_id, edition.jurisdiction
    async for organisation in every_row(session, Organisation):
        yield organisation_event(organisation), organisation.id, NATIONAL


async def _implementation(session: AsyncSession) -> AsyncIterator[tuple[EventData, UUID | str, str]]:
    """Amendments in force, subcontracts, documents, performance failures with their penalties, settlements."""
    async for amendment in every_row(session, AmendmentProposal):
        if amendment.state == "inForce":
            yield amendment_event(amendment), amendment.contract_id, amendment.region
    async for subcontract in every_row(session, Subcontract):
        yield await subcontract_event(session, subcontract), subcontract.contract_id, subcontract.region
    async for document in every_row(session, Document):
        yield document_event(document), document.contract_id, document.region
    async for failure in every_row(session, PerformanceFailure):
        recorded = await find_failure(session, contract_id=failure.contract_id, failure_id=failure.id)
        if recorded is not None:
            yield failure_event(recorded), failure.contract_id, failure.region
    async for settlement in every_row(session, Settlement):
        yield settlement_event(settlement), settlement.contract_id, settlement.region


async def _supervision(session: AsyncSession) -> AsyncIterator[tuple[EventData, UUID | str, str]]:
    """Inspections, findings, and the notices about rights and duties that were given."""
    async for inspection in every_row(session, Inspection):
        if is_hidden(inspection):
            continue
        yield inspection_event(inspection), inspection.contract_id, inspection.region
    async for finding in every_row(session, Finding):
        if finding.state in HIDDEN:
            continue
        effects = await effects_of(session, finding_id=finding.id)
        yield finding_event(finding, effects), finding.contract_id, finding.region
    async for row in every_row(session, Obligation):
        for notice, told in ((ObligationDue, row.due_told), (ObligationOverdue, row.overdue_told)):
            if told is not None:
                members = (await members_of(session, [row]))[row.id]
                yield notice_of(row, notice, due_on=told, members=members), row.contract_id, row.region


async def _year(session: AsyncSession) -> AsyncIterator[tuple[EventData, UUID | str, str]]:
    """The returns of the campaigns, the reminders that were given, and what was erased."""
    campaigns = {campaign.id: campaign async for campaign in every_row(session, Campaign)}
    async for owed in every_row(session, CampaignReturn):
        yield return_event(campaigns[owed.campaign_id], owed), owed.id, owed.region
    for campaign in campaigns.values():
        after: UUID | None = None
        while rows := await list_reminders(session, campaign_id=campaign.id, limit=500, after=after):
            for made, owed in rows[:500]:
                given = reminder_event(
                    campaign,
                    owed,
                    reminder_id=made.id,
                    kind=made.kind,
                    due_on=made.due_on,
                    recorded_at=made.recorded_at,
                )
                yield given, owed.id, owed.region
            if len(rows) <= 500:
                break
            after = rows[499][0].id
    async for erasure in every_row(session, Erasure):
        yield erasure_event(erasure), erasure.about_id, erasure.region


def _contract_event(record: ContractRecord) -> ContractState:
    """The event of the state that the contract is in; an import that was never moved here is told as an import."""
    told = redact_event(record.state)
    state = {name: getattr(told, name) for name in ContractState.model_fields}
    if record.state.origin == "import" and record.moved_at is None:
        return ContractImported(**state, gaps=tuple(record.gaps))
    return _EVENT_OF_STATE[record.state.state](**state)
