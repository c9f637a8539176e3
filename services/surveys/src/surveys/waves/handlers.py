"""What the surveys do with the events of contracts, and with the calendar."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from shared.events import (
    ContractActivated,
    ContractCancelled,
    ContractCompleted,
    ContractCorrected,
    ContractCreated,
    ContractImported,
    ContractResumed,
    ContractState,
    ContractSubmitted,
    ContractSuspended,
    ContractTerminated,
    ContractUpdated,
    ObservationRecorded,
)
from shared.inbox import Received, Subscription
from shared.jobs import ClaimedJob, Continue, Job
from surveys.waves.service import (
    DUE_CHUNK,
    due_contracts,
    open_completion_wave,
    open_due_wave,
    open_needs_wave,
    project_contract,
    project_observations,
)

__all__ = ["contracts_subscription", "open_due_waves_job"]


async def on_contract_changed(session: AsyncSession, event: Received[ContractState]) -> None:
    """Keep the projection; the version decides, not the order of arrival."""
    await project_contract(session, event.data)


async def on_contract_created(session: AsyncSession, event: Received[ContractCreated]) -> None:
    """Open the needs wave where the policy wants one."""
    await project_contract(session, event.data)
    await open_needs_wave(session, event.data, recorded_at=event.time, causation=event.id)


async def on_observation_recorded(session: AsyncSession, event: Received[ObservationRecorded]) -> None:
    """Keep the observed value, which a frame's size may be reconciled with."""
    await project_observations(session, [event.data])


async def on_contract_completed(session: AsyncSession, event: Received[ContractCompleted]) -> None:
    """Open the completion wave, also when a newer version of the contract came first."""
    await project_contract(session, event.data)
    await open_completion_wave(session, event.data, recorded_at=event.time, causation=event.id)


async def run_open_due_waves(session: AsyncSession, job: ClaimedJob) -> Continue | None:
    """Open the waves that the calendar calls for, a chunk of contracts in one transaction."""
    due = await due_contracts(session, after=UUID(job.cursor) if job.cursor else None, limit=DUE_CHUNK)
    for each in due:
        await open_due_wave(session, each)
    return Continue(str(due[-1].contract.id)) if len(due) == DUE_CHUNK else None


STATE_EVENTS = (
    ContractUpdated,
    ContractSubmitted,
    ContractActivated,
    ContractSuspended,
    ContractResumed,
    ContractTerminated,
    ContractCancelled,
    ContractImported,
    ContractCorrected,
)
HANDLERS: dict[str, Any] = {model.TYPE: on_contract_changed for model in STATE_EVENTS}
HANDLERS[ContractCreated.TYPE] = on_contract_created
HANDLERS[ContractCompleted.TYPE] = on_contract_completed
HANDLERS[ObservationRecorded.TYPE] = on_observation_recorded

# Nobody waits for a wave to open, and its opening must not compete with the re-scoring that somebody waits for.
contracts_subscription = Subscription(source="contracts", handlers=HANDLERS, gather_seconds=0.2)
open_due_waves_job = Job("surveys.open_due_waves", run_open_due_waves, every=timedelta(hours=1))
