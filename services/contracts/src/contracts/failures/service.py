"""Recording performance failures and booking their penalties in the ledger, in the same transaction."""

from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from contracts.contracts.queries import milestone_ids
from contracts.contracts.service import ContractHead, open_for_fact
from contracts.failures.errors import (
    FailureInTheFuture,
    FailureNotFound,
    FailureNotWithdrawable,
    FailureWithdrawn,
    PenaltyOverContracted,
)
from contracts.failures.models import FailureEntry, PerformanceFailure
from contracts.failures.queries import Penalty, Recorded, find_failure
from contracts.failures.schemas import FailureIn, PenaltyIn
from contracts.ledger.schemas import EntryIn
from contracts.ledger.service import post_entry
from shared import audit, clock, outbox
from shared.db import principal_in
from shared.events import PerformanceFailureChanged
from shared.ids import new_id
from shared.problems import Unprocessable

__all__ = ["book_penalty", "failure_event", "record_failure", "withdraw_failure"]


async def record_failure(session: AsyncSession, body: FailureIn, *, contract_id: UUID) -> Recorded:
    """Record a failure of a contract that is or was in force, and what is imposed for it at once.

    FailureInTheFuture; Unprocessable for a milestone of another contract; PenaltyOverContracted, and what the ledger
    refuses, for the penalty.
    """
    head = await open_for_fact(session, contract_id=contract_id)
    if max(body.starts_on, body.ends_on or body.starts_on) > clock.today():
        raise FailureInTheFuture(f"{body.ends_on or body.starts_on} is in the future; record what has happened.")
    if body.milestone_id is not None:
        known = await milestone_ids(session, contract_id=contract_id)
        if body.milestone_id not in known.values():
            detail = f"the contract has no such milestone; it has {', '.join(known) or 'none'}"
            raise Unprocessable(f"{detail}.", errors=[{"pointer": "/milestone_id", "detail": detail}])
    moment = clock.now()
    failure = PerformanceFailure(
        id=new_id(),
        contract_id=contract_id,
        region=head.region,
        version=1,
        state="recorded",
        currency=head.currency,
        **body.model_dump(exclude={"penalty", "penalty_contracted"}),
        penalty_contracted=body.penalty_contracted,
        recorded_by=principal_in(session).subject,
        recorded_at=moment,
        updated_at=moment,
        withdrawal_reason=None,
    )
    session.add(failure)
    await session.flush()
    recorded = Recorded(failure)
    if body.penalty is not None:
        await _book(session, head, recorded, body.penalty)
    return _told(session, recorded, "failure.recorded")


async def book_penalty(session: AsyncSession, body: PenaltyIn, *, contract_id: UUID, failure_id: UUID) -> Recorded:
    """Book a penalty, a deduction, or what was received of a penalty, for a failure.

    FailureNotFound, FailureWithdrawn, PenaltyOverContracted, and what the ledger refuses.
    """
    head = await open_for_fact(session, contract_id=contract_id)
    recorded = await _standing(session, contract_id=contract_id, failure_id=failure_id)
    recorded.failure.version += 1
    recorded.failure.updated_at = clock.now()
    await _book(session, head, recorded, body)
    return _told(session, recorded, "failure.penalised")


async def withdraw_failure(session: AsyncSession, *, contract_id: UUID, failure_id: UUID, reason: str) -> Recorded:
    """Withdraw a failure; the money that stands booked for it is taken back first (FailureNotWithdrawable)."""
    await open_for_fact(session, contract_id=contract_id)
    recorded = await _standing(session, contract_id=contract_id, failure_id=failure_id)
    if recorded.penalties:
        entries = [str(each.entry_id) for each in recorded.penalties]
        raise FailureNotWithdrawable(
            f"{recorded.imposed:.2f} {recorded.failure.currency} stand imposed for it; take these entries back first: "
            f"POST .../ledger with kind reversal.",
            entries=entries,
        )
    failure = recorded.failure
    failure.state, failure.withdrawal_reason = "withdrawn", reason
    failure.version, failure.updated_at = failure.version + 1, clock.now()
    await session.flush()
    return _told(session, recorded, "failure.withdrawn")


def failure_event(recorded: Recorded) -> PerformanceFailureChanged:
    """The failure as its event carries it."""
    failure = recorded.failure
    same = ("version", "contract_id", "region", "state", "category", "starts_on", "ends_on", "events", "currency")
    return PerformanceFailureChanged(
        failure_id=failure.id,
        **{name: getattr(failure, name) for name in same},
        penalty_contracted=failure.penalty_contracted,
        penalty_imposed=recorded.imposed,
        penalty_paid=recorded.paid,
        updated_at=failure.updated_at,
    )


async def _standing(session: AsyncSession, *, contract_id: UUID, failure_id: UUID) -> Recorded:
    recorded = await find_failure(session, contract_id=contract_id, failure_id=failure_id)
    if recorded is None:
        raise FailureNotFound(f"Contract {contract_id} has no performance failure {failure_id}.")
    if recorded.failure.state == "withdrawn":
        raise FailureWithdrawn(f"It was withdrawn: {recorded.failure.withdrawal_reason}")
    return recorded


async def _book(session: AsyncSession, head: ContractHead, recorded: Recorded, body: PenaltyIn) -> None:
    failure, contracted = recorded.failure, recorded.failure.penalty_contracted
    if body.kind == "penaltyReceipt" and body.amount > recorded.owed:
        raise PenaltyOverContracted(
            f"{recorded.owed:.2f} {head.currency} are owed for this failure; {body.amount:.2f} cannot be received."
        )
    if body.kind != "penaltyReceipt" and contracted is not None and recorded.imposed + body.amount > contracted:
        raise PenaltyOverContracted(
            f"The contract provides {contracted:.2f} {head.currency} for it, {recorded.imposed:.2f} are imposed; "
            f"{body.amount:.2f} more would exceed that. Damages beyond it belong to a settlement, or to the court.",
            rule=failure.penalty_basis or "the contract's clause on liability (违约责任)",
            left=f"{contracted - recorded.imposed:.2f}",
        )
    entry = EntryIn(
        kind=body.kind,
        amount=body.amount,
        booked_on=body.booked_on,
        voucher=body.voucher,
        milestone_id=failure.milestone_id,
        cause=None if body.kind == "penaltyReceipt" else "result",
        note=body.note,
    )
    posted = await post_entry(session, entry, contract_id=head.contract_id, head=head)
    await session.flush()
    session.add(FailureEntry(entry_id=posted.id, failure_id=failure.id))
    await session.flush()
    recorded.penalties.append(Penalty(posted.id, posted.kind, posted.amount))


def _told(session: AsyncSession, recorded: Recorded, action: str) -> Recorded:
    failure = recorded.failure
    outbox.emit(session, failure_event(recorded), subject=failure.contract_id, region=failure.region)
    fields = {"failure_id": str(failure.id), "category": failure.category}
    audit.record(session, action, noun="contract", noun_id=failure.contract_id, region=failure.region, fields=fields)
    return recorded
