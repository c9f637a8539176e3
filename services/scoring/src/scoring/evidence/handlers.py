"""Each event becomes one item of evidence; the batch is stored at once by `scoring.scores.handlers.score_touched`."""

from sqlalchemy.ext.asyncio import AsyncSession

from scoring.evidence.items import (
    acceptance_item,
    contract_item,
    contract_view,
    ledger_item,
    observation_item,
    wave_item,
    withdrawal_item,
)
from scoring.evidence.service import collect
from shared.events import (
    AcceptanceRecorded,
    ContractState,
    LedgerPosted,
    ObservationRecorded,
    ObservationWithdrawn,
    WaveClosed,
)
from shared.inbox import Received

__all__ = [
    "on_acceptance_recorded",
    "on_contract_state",
    "on_ledger_posted",
    "on_observation_recorded",
    "on_observation_withdrawn",
    "on_wave_closed",
]


async def on_contract_state(session: AsyncSession, event: Received[ContractState]) -> None:
    """The terms of a contract at one version; an older version adds evidence and changes nothing else."""
    collect(session, contract_item(event), view=contract_view(event))


async def on_observation_recorded(session: AsyncSession, event: Received[ObservationRecorded]) -> None:
    """An actual value of an agreed indicator; one of a lot, call-off or member stands for a part and is no evidence."""
    if event.data.lot_id or event.data.call_off_id or event.data.member_id:
        return
    collect(session, observation_item(event))


async def on_observation_withdrawn(session: AsyncSession, event: Received[ObservationWithdrawn]) -> None:
    """An observation that was taken back."""
    collect(session, withdrawal_item(event))


async def on_ledger_posted(session: AsyncSession, event: Received[LedgerPosted]) -> None:
    """An entry of the money ledger."""
    collect(session, ledger_item(event))


async def on_acceptance_recorded(session: AsyncSession, event: Received[AcceptanceRecorded]) -> None:
    """An acceptance with the recipients' opinion."""
    collect(session, acceptance_item(event))


async def on_wave_closed(session: AsyncSession, event: Received[WaveClosed]) -> None:
    """The estimates of a closed wave."""
    collect(session, wave_item(event))
