"""Recording acceptances; each books its value in the ledger, in the same transaction."""

from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from contracts.acceptances.errors import AcceptanceInTheFuture
from contracts.acceptances.models import Acceptance
from contracts.acceptances.schemas import AcceptanceIn
from contracts.contracts.errors import ContractStateConflict
from contracts.contracts.service import open_for_fact
from contracts.contracts.transitions import allowed_actions
from contracts.ledger.service import post_acceptance
from shared import audit, clock, outbox
from shared.events import AcceptanceRecorded, RecipientsOpinion
from shared.ids import new_id

__all__ = ["acceptance_event", "record_acceptance"]


def acceptance_event(acceptance: Acceptance) -> AcceptanceRecorded:
    """The acceptance as its event carries it."""
    return AcceptanceRecorded(
        acceptance_id=acceptance.id,
        contract_id=acceptance.contract_id,
        region=acceptance.region,
        result=acceptance.result,
        accepted_on=acceptance.accepted_on,
        accepted_value=acceptance.accepted_value,
        currency=acceptance.currency,
        opinion=RecipientsOpinion.model_validate(acceptance.opinion) if acceptance.opinion else None,
        recorded_at=acceptance.recorded_at,
    )


async def record_acceptance(session: AsyncSession, body: AcceptanceIn, *, contract_id: UUID) -> Acceptance:
    """Record a result of acceptance and book its value.

    AcceptanceOverValue, AcceptanceInTheFuture; ContractStateConflict for a contract that is not in force and was not
    terminated (a terminated contract's last part may still be accepted, a completed one's cannot).
    """
    head = await open_for_fact(session, contract_id=contract_id)
    if head.state == "completed":
        raise ContractStateConflict(
            "The contract is completed; its acceptance stands.", state=head.state, actions=allowed_actions(head.state)
        )
    if body.accepted_on > clock.today():
        raise AcceptanceInTheFuture(
            f"{body.accepted_on} is in the future; record the acceptance when it has taken place."
        )
    entry = None
    if body.accepted_value:
        entry = await post_acceptance(
            session,
            head,
            amount=body.accepted_value,
            accepted_on=body.accepted_on,
            delivered_on=body.delivered_on,
        )
    acceptance = Acceptance(
        id=new_id(),
        contract_id=contract_id,
        region=head.region,
        result=body.result,
        accepted_on=body.accepted_on,
        accepted_value=body.accepted_value,
        currency=head.currency,
        opinion=body.opinion.model_dump() if body.opinion else None,
        document_sha256=body.document_sha256,
        note=body.note,
        entry_id=entry.id if entry else None,
        recorded_at=clock.now(),
    )
    session.add(acceptance)
    outbox.emit(session, acceptance_event(acceptance), subject=contract_id, region=head.region)
    noted = {"acceptance_id": str(acceptance.id), "result": body.result}
    audit.record(session, "acceptance.recorded", noun="contract", noun_id=contract_id, region=head.region, fields=noted)
    return acceptance
