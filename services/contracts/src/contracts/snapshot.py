"""The current state of every aggregate and all facts (`replay --snapshot`): a new or lost listener starts from it."""

from collections.abc import AsyncIterator
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from contracts.acceptances.models import Acceptance
from contracts.acceptances.service import acceptance_event
from contracts.contracts.queries import ContractRecord, codes_of, snapshot_contracts
from contracts.ledger.models import LedgerEntry
from contracts.ledger.service import entry_event
from contracts.lists import every_row
from contracts.monitoring.models import MonitoringAlert
from contracts.monitoring.service import alert_event
from contracts.observations.models import Observation
from contracts.observations.service import observation_event
from contracts.organisations.models import Organisation
from contracts.organisations.service import organisation_event
from contracts.regions.queries import NATIONAL
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
    """Events that tell everything: organisations, contracts, then the facts about them."""
    async for organisation in every_row(session, Organisation):
        yield organisation_event(organisation), organisation.id, NATIONAL
    async for record in snapshot_contracts(session):
        yield _contract_event(record), record.state.contract_id, record.state.region
    codes: dict[UUID, str] = {}
    async for observation in every_row(session, Observation):
        if observation.indicator_id not in codes:
            codes |= await codes_of(session, indicator_ids=[observation.indicator_id])
        event = observation_event(observation, indicator_code=codes[observation.indicator_id])
        yield event, observation.contract_id, observation.region
    async for entry in every_row(session, LedgerEntry):
        yield entry_event(entry), entry.contract_id, entry.region
    async for acceptance in every_row(session, Acceptance):
        yield acceptance_event(acceptance), acceptance.contract_id, acceptance.region
    async for alert in every_row(session, MonitoringAlert):
        yield alert_event(alert), alert.contract_id, alert.region


def _contract_event(record: ContractRecord) -> ContractState:
    """The event of the state that the contract is in; an import that was never moved here is told as an import."""
    state = {name: getattr(record.state, name) for name in ContractState.model_fields}
    if record.state.origin == "import" and record.moved_at is None:
        return ContractImported(**state, gaps=tuple(record.gaps))
    return _EVENT_OF_STATE[record.state.state](**state)
