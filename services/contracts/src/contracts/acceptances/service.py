"""Recording acceptances; each books its value in the ledger, in the same transaction."""

from collections import Counter
from uuid import UUID

from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from contracts.acceptances.errors import AcceptanceInTheFuture, AcceptanceNotRepeatable, OpinionOfAnotherContract
from contracts.acceptances.models import Acceptance, ClosedWave
from contracts.acceptances.queries import acceptances_by_id, closed_wave_contract
from contracts.acceptances.schemas import AcceptanceIn, OpinionIn
from contracts.contracts.errors import ContractStateConflict
from contracts.contracts.service import open_for_fact
from contracts.contracts.transitions import allowed_actions
from contracts.ledger.service import post_acceptance
from contracts.policies.service import require_direct
from shared import audit, clock, outbox
from shared.events import AcceptanceRecorded, RecipientsOpinion, WaveClosed
from shared.ids import new_id

__all__ = ["acceptance_event", "keep_closed_wave", "record_acceptance"]


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
        standards=dict(Counter(each["result"] for each in acceptance.standards or ())),
        repeats=acceptance.repeats,
    )


async def record_acceptance(session: AsyncSession, body: AcceptanceIn, *, contract_id: UUID) -> Acceptance:
    """Record a result of acceptance and book its value.

    AcceptanceOverValue, AcceptanceInTheFuture, AcceptanceNotRepeatable, OpinionOfAnotherContract (the wave that carries
    the opinion asked about another contract); ContractStateConflict for a contract that is not in force and was not
    terminated (a terminated contract's last part may still be accepted, a completed one's cannot).
    """
    head = await open_for_fact(session, contract_id=contract_id)
    await require_direct(session, "accept", region=head.region)
    if head.state == "completed":
        raise ContractStateConflict(
            "The contract is completed; its acceptance stands.", state=head.state, actions=allowed_actions(head.state)
        )
    if body.accepted_on > clock.today():
        raise AcceptanceInTheFuture(
            f"{body.accepted_on} is in the future; record the acceptance when it has taken place."
        )
    wave_known = await _wave_is_known(session, body.opinion, contract_id=contract_id) if body.opinion else None
    if body.repeats is not None:
        await _require_repeatable(session, body, contract_id=contract_id, acceptance_id=body.repeats)
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
        standards=[each.model_dump() for each in body.standards] if body.standards else None,
        participants=[each.model_dump() for each in body.participants] if body.participants else None,
        minutes_sha256=body.minutes_sha256,
        wave_known=wave_known,
        repeats=body.repeats,
    )
    session.add(acceptance)
    outbox.emit(session, acceptance_event(acceptance), subject=contract_id, region=head.region)
    noted = {"acceptance_id": str(acceptance.id), "result": body.result}
    audit.record(session, "acceptance.recorded", noun="contract", noun_id=contract_id, region=head.region, fields=noted)
    return acceptance


async def keep_closed_wave(session: AsyncSession, wave: WaveClosed) -> None:
    """Keep that a wave was closed; an older revision than the one that is kept changes nothing."""
    values = {
        "version": wave.version,
        "contract_id": wave.contract_id,
        "region": wave.region,
        "kind": wave.kind,
        "answers": wave.n,
        "closed_at": wave.closed_at,
        "results_sha256": wave.results_sha256,
    }
    statement = insert(ClosedWave).values(wave_id=wave.wave_id, **values)
    await session.execute(
        statement.on_conflict_do_update(
            index_elements=["wave_id"], set_=values, where=ClosedWave.version < statement.excluded.version
        )
    )


async def _wave_is_known(session: AsyncSession, opinion: OpinionIn, *, contract_id: UUID) -> bool | None:
    """Whether the closing of the wave that carries the opinion was heard of; None for one that was asked on site.

    One that was not heard of stands by its reference: the service must work while the surveys service is silent.
    """
    if opinion.kind != "wave" or opinion.reference is None:
        return None
    try:
        wave_id = UUID(opinion.reference)
    except ValueError:
        return False
    asked = await closed_wave_contract(session, wave_id=wave_id)
    if asked not in (None, contract_id):
        raise OpinionOfAnotherContract(
            f"Wave {wave_id} asked the recipients of contract {asked}; name a closed wave of this one "
            "(GET /v1/waves?contract_id=&state=closed), or record the opinion on site.",
            rule="Reg. 658 art. 45(2): the recipients of this service are asked",
        )
    return asked is not None


async def _require_repeatable(
    session: AsyncSession, body: AcceptanceIn, *, contract_id: UUID, acceptance_id: UUID
) -> None:
    found = await acceptances_by_id(session, contract_id=contract_id, acceptance_id=acceptance_id)
    before = next((each for each in found if each.id == acceptance_id), None)
    wrong = None
    if before is None:
        wrong = f"contract {contract_id} has no acceptance {acceptance_id}"
    elif before.result == "accepted":
        wrong = "what was accepted in full is not held again; reverse its ledger entry to take it back"
    elif len(found) > 1:
        wrong = "it was held again already; repeat the later one"
    elif body.accepted_on < before.accepted_on:
        wrong = f"it would be held again on {body.accepted_on}, before it was held ({before.accepted_on})"
    if wrong:
        raise AcceptanceNotRepeatable(f"{wrong[0].upper()}{wrong[1:]}.")
