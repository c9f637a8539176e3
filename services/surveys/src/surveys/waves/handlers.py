"""What the surveys do with the events of contracts."""

from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from shared.events import (
    ContractActivated,
    ContractCancelled,
    ContractCompleted,
    ContractCreated,
    ContractImported,
    ContractResumed,
    ContractState,
    ContractSubmitted,
    ContractSuspended,
    ContractTerminated,
    ContractUpdated,
)
from shared.inbox import Received, Subscription
from surveys.waves.service import open_completion_wave, project_contract

__all__ = ["contracts_subscription"]


async def on_contract_changed(session: AsyncSession, event: Received[ContractState]) -> None:
    """Keep the projection; the version decides, not the order of arrival."""
    await project_contract(session, event.data)


async def on_contract_completed(session: AsyncSession, event: Received[ContractCompleted]) -> None:
    """Open the completion wave, also when a newer version of the contract came first."""
    await project_contract(session, event.data)
    await open_completion_wave(session, event.data, recorded_at=event.time, causation=event.id)


STATE_EVENTS = (
    ContractCreated,
    ContractUpdated,
    ContractSubmitted,
    ContractActivated,
    ContractSuspended,
    ContractResumed,
    ContractTerminated,
    ContractCancelled,
    ContractImported,
)
HANDLERS: dict[str, Any] = {model.TYPE: on_contract_changed for model in STATE_EVENTS}
HANDLERS[ContractCompleted.TYPE] = on_contract_completed

# Nobody waits for a wave to open, and its opening must not compete with the re-scoring that somebody waits for.
contracts_subscription = Subscription(source="contracts", handlers=HANDLERS, gather_seconds=0.2)
