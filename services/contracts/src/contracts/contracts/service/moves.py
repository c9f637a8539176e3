"""The moves without a guard of their own: submit, return, suspend, resume, terminate, cancel."""

from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from contracts.contracts.errors import ContractConfirmed
from contracts.contracts.queries import ContractRecord
from contracts.contracts.service.store import move
from contracts.contracts.transitions import allowed_actions
from shared import clock
from shared.events import (
    ContractCancelled,
    ContractResumed,
    ContractState,
    ContractSubmitted,
    ContractSuspended,
    ContractTerminated,
    ContractUpdated,
)

__all__ = [
    "cancel_contract",
    "confirmed",
    "resume_contract",
    "return_contract",
    "submit_contract",
    "suspend_contract",
    "terminate_contract",
]


async def submit_contract(session: AsyncSession, *, contract_id: UUID, if_match: int | None) -> ContractRecord:
    """Hand a draft over for signature (draft -> pending)."""
    return await move(
        session,
        contract_id=contract_id,
        action="submit",
        event=ContractSubmitted,
        if_match=if_match,
        change=lambda _: {},
    )


async def return_contract(
    session: AsyncSession, *, contract_id: UUID, reason: str | None, if_match: int | None
) -> ContractRecord:
    """Take a pending contract back to draft, so that its terms can be changed.

    ContractConfirmed once a party has confirmed them.
    """

    def change(record: ContractRecord) -> dict[str, Any]:
        if record.state.confirmations:
            raise confirmed(record.state)
        return {"state_reason": reason}

    return await move(
        session,
        contract_id=contract_id,
        action="return",
        event=ContractUpdated,
        if_match=if_match,
        change=change,
    )


def confirmed(state: ContractState) -> ContractConfirmed:
    """The refusal to change terms that a party has confirmed."""
    return ContractConfirmed(
        f"{len(state.confirmations)} of the parties confirmed the terms; they stand until a party withdraws its "
        "confirmation (POST /v1/contracts/{id}/confirm:withdraw), which returns the contract to draft.",
        state=state.state,
        actions=allowed_actions(state.state),
        confirmed=[str(one.organisation_id) for one in state.confirmations],
    )


async def suspend_contract(
    session: AsyncSession, *, contract_id: UUID, reason: str, if_match: int | None
) -> ContractRecord:
    """Suspend a contract in force."""
    return await move(
        session,
        contract_id=contract_id,
        action="suspend",
        event=ContractSuspended,
        if_match=if_match,
        change=lambda _: {"state_reason": reason},
    )


async def resume_contract(
    session: AsyncSession, *, contract_id: UUID, reason: str | None, if_match: int | None
) -> ContractRecord:
    """Put a suspended contract into force again."""
    return await move(
        session,
        contract_id=contract_id,
        action="resume",
        event=ContractResumed,
        if_match=if_match,
        change=lambda _: {"state_reason": reason},
    )


async def terminate_contract(
    session: AsyncSession, *, contract_id: UUID, reason: str, end_reason: str, if_match: int | None
) -> ContractRecord:
    """End a contract in force before its completion; what was paid stays the ledger's sum."""
    return await move(
        session,
        contract_id=contract_id,
        action="terminate",
        event=ContractTerminated,
        if_match=if_match,
        change=lambda _: {"state_reason": reason, "ended_at": clock.now(), "end_reason": end_reason},
    )


async def cancel_contract(
    session: AsyncSession, *, contract_id: UUID, reason: str, if_match: int | None
) -> ContractRecord:
    """Cancel a contract that never came into force."""
    return await move(
        session,
        contract_id=contract_id,
        action="cancel",
        event=ContractCancelled,
        if_match=if_match,
        change=lambda _: {"state_reason": reason, "ended_at": clock.now(), "end_reason": "cancelled"},
    )
