"""Completing a contract: one read of everything that the guard needs, one write, one event."""

from functools import partial
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from contracts.contracts.errors import ContractNotCompletable
from contracts.contracts.guards import missing_for_completion
from contracts.contracts.queries import ContractRecord
from contracts.contracts.service.framework import open_call_offs
from contracts.contracts.service.rules import missing_by_rules, verdicts_at_completion
from contracts.contracts.service.store import move
from shared import clock
from shared.events import ContractCompleted

__all__ = ["complete_contract"]


async def complete_contract(session: AsyncSession, *, contract_id: UUID, if_match: int | None = None) -> ContractRecord:
    """Complete a contract in force.

    ContractNotCompletable names each thing that is missing with its rule and how to mend it; ContractAlreadyCompleted
    when it is completed. The completion survey opens because of the completion and is never asked for here.
    """
    return await move(
        session,
        contract_id=contract_id,
        action="complete",
        event=ContractCompleted,
        if_match=if_match,
        change=partial(_completed, session),
    )


async def _completed(session: AsyncSession, record: ContractRecord) -> dict[str, Any]:
    missing: list[dict[str, Any]] = [item._asdict() for item in missing_for_completion(record.state, record.facts)]
    missing += await open_call_offs(session, record.state)
    missing += missing_by_rules(await verdicts_at_completion(session, record))
    if missing:
        raise ContractNotCompletable(
            f"The contract lacks {', '.join(item['what'] for item in missing)}. Mend each and complete again.",
            missing=missing,
        )
    # What it cost in all: what was paid net of refunds, summed from the ledger under this very version of the facts.
    final_value = record.facts.paid - record.facts.refunded
    return {"ended_at": clock.now(), "end_reason": "complete", "final_value": final_value}
