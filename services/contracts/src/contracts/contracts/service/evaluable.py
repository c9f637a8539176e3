"""Closing a contract of the past as not evaluable: it counts as a gap and is never scored 0."""

from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from contracts.contracts.errors import ContractNotOfThePast
from contracts.contracts.queries import ContractRecord, get_contract
from contracts.contracts.service.store import announce, lock_contract
from shared import clock
from shared.concurrency import check_version
from shared.events import ContractUpdated

__all__ = ["close_as_not_evaluable", "reopen_for_evaluation"]

_SET = text(
    "UPDATE contracts SET not_evaluable = :reason, not_evaluable_at = :at, version = version + 1, updated_at = :now "
    "WHERE id = :contract_id"
)


async def close_as_not_evaluable(
    session: AsyncSession, *, contract_id: UUID, reason: str, if_match: int | None
) -> ContractRecord:
    """Say why a contract of the past cannot be evaluated; scoring then shows it without any score.

    ContractNotOfThePast for one that was concluded here: its evidence can still be brought, and what is missing has a
    rule of its own (hold, zero or reweight). PreconditionFailed for a stale version.
    """
    await lock_contract(session, contract_id=contract_id)
    record = await get_contract(session, contract_id=contract_id)
    check_version(if_match, record.state.version)
    if record.state.origin != "import":
        raise ContractNotOfThePast(
            "Only a contract of the past (origin import) can be closed as not evaluable. This one was concluded here: "
            "record its observations, or let the missing evidence be held, counted as zero or reweighted."
        )
    if record.state.not_evaluable == reason:
        return record
    return await _set(session, contract_id=contract_id, reason=reason, action="contract.not-evaluable")


async def reopen_for_evaluation(session: AsyncSession, *, contract_id: UUID, if_match: int | None) -> ContractRecord:
    """Take the closing back, for evidence was found. ContractNotOfThePast when it is not closed."""
    await lock_contract(session, contract_id=contract_id)
    record = await get_contract(session, contract_id=contract_id)
    check_version(if_match, record.state.version)
    if record.state.not_evaluable is None:
        raise ContractNotOfThePast("The contract is not closed as not evaluable; there is nothing to take back.")
    return await _set(session, contract_id=contract_id, reason=None, action="contract.evaluable-again")


async def _set(session: AsyncSession, *, contract_id: UUID, reason: str | None, action: str) -> ContractRecord:
    moment = clock.now()
    await session.execute(
        _SET, {"reason": reason, "at": moment if reason else None, "now": moment, "contract_id": contract_id}
    )
    record = await get_contract(session, contract_id=contract_id)
    announce(session, ContractUpdated, record.state, action=action, fields=["not_evaluable"])
    return record
