"""What people add to the register: that a duty was done, or that it is waived (by two persons)."""

from datetime import date
from uuid import UUID

from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from contracts.contracts.queries import get_contract
from contracts.contracts.service import require_party
from contracts.obligations.duties import Duty, obligation_id
from contracts.obligations.errors import (
    ObligationNotFound,
    ObligationProvenByFact,
    ObligationSettled,
    WaiverNeedsSecondPerson,
    WaiverNotFound,
)
from contracts.obligations.models import ObligationAct
from contracts.obligations.queries import find_waiver
from contracts.obligations.register import Register, register_of
from contracts.obligations.schemas import ProofIn
from contracts.register_jobs import refresh_register
from shared import audit, clock
from shared.db import principal_in
from shared.ids import new_id
from shared.problems import Unprocessable

__all__ = ["approve_waiver", "record_proof", "request_waiver"]


async def _found(session: AsyncSession, contract_id: UUID, wanted: UUID, *, sides: bool) -> tuple[Register, Duty]:
    """The register and one of its duties, by a caller who may act on it; ObligationNotFound, NotAParty."""
    record = await get_contract(session, contract_id=contract_id)
    register = await register_of(session, record)
    duty = next((each for each in register.duties if obligation_id(contract_id, each.code) == wanted), None)
    if duty is None:
        raise ObligationNotFound(f"Contract {contract_id} has no right or duty {wanted}.")
    state = record.state
    if duty.side != "evaluator":
        require_party(
            principal_in(session),
            purchaser_id=state.purchaser.organisation_id,
            provider_id=state.provider.organisation_id if state.provider else None,
            members=state.members,
            sides=("purchaser", "provider") if sides and duty.side == "provider" else ("purchaser",),
        )
    return register, duty


async def record_proof(session: AsyncSession, body: ProofIn, *, contract_id: UUID, wanted: UUID) -> ObligationAct:
    """Note that a duty was done which no recorded fact can show.

    ContractNotFound, ObligationNotFound, NotAParty; ObligationProvenByFact: record the fact itself; ObligationSettled;
    Unprocessable for a day in the future.
    """
    register, duty = await _found(session, contract_id, wanted, sides=True)
    if not duty.stated:
        raise ObligationProvenByFact(
            "Whether this is done is shown by a recorded fact; record that one.", how=duty.how, code=duty.code
        )
    if duty.proof is not None or duty.waiver is not None:
        raise ObligationSettled("It is done or waived already.", code=duty.code)
    if body.done_on > clock.today():
        raise Unprocessable("done_on is in the future.", errors=[{"pointer": "/done_on", "detail": "is in the future"}])
    return await _record(
        session,
        register,
        wanted,
        "proof",
        reason=body.note,
        done_on=body.done_on,
        document_sha256=body.document_sha256,
    )


async def request_waiver(session: AsyncSession, *, contract_id: UUID, wanted: UUID, reason: str) -> ObligationAct:
    """Ask to waive a duty; it has no effect until a second person approves it."""
    register, duty = await _found(session, contract_id, wanted, sides=False)
    if duty.proof is not None or duty.waiver is not None or await find_waiver(session, obligation_id=wanted):
        raise ObligationSettled("It is done, waived, or a waiver was asked for already.", code=duty.code)
    return await _record(session, register, wanted, "waiver", reason=reason)


async def approve_waiver(session: AsyncSession, *, contract_id: UUID, wanted: UUID) -> ObligationAct:
    """Put a waiver into force; approving it again changes nothing. WaiverNotFound, WaiverNeedsSecondPerson."""
    register, duty = await _found(session, contract_id, wanted, sides=False)
    waiver = await find_waiver(session, obligation_id=wanted)
    if waiver is None:
        raise WaiverNotFound("Ask for it first: POST .../waiver with the reason.", code=duty.code)
    if waiver.approved_by is not None:
        return waiver
    subject = principal_in(session).subject
    if waiver.recorded_by == subject:
        raise WaiverNeedsSecondPerson("You asked for it; somebody else approves it.")
    waiver.approved_by, waiver.approved_at = subject, clock.now()
    await session.flush()
    _noted(session, register, wanted, "obligation.waived")
    await refresh_register(session, contract_id=contract_id)
    return waiver


async def _record(
    session: AsyncSession,
    register: Register,
    wanted: UUID,
    kind: str,
    *,
    reason: str,
    done_on: date | None = None,
    document_sha256: str | None = None,
) -> ObligationAct:
    state = register.record.state
    act = ObligationAct(
        id=new_id(),
        contract_id=state.contract_id,
        region=state.region,
        obligation_id=wanted,
        kind=kind,
        done_on=done_on,
        reason=reason,
        document_sha256=document_sha256,
        recorded_by=principal_in(session).subject,
        recorded_at=clock.now(),
    )
    try:
        async with session.begin_nested():
            session.add(act)
    except IntegrityError as error:
        raise ObligationSettled("A waiver was asked for already.") from error
    _noted(session, register, wanted, "obligation.proved" if kind == "proof" else "obligation.waiver_requested")
    await refresh_register(session, contract_id=state.contract_id)
    return act


def _noted(session: AsyncSession, register: Register, wanted: UUID, act: str) -> None:
    state = register.record.state
    audit.record(
        session,
        act,
        noun="contract",
        noun_id=state.contract_id,
        region=state.region,
        fields={"obligation_id": str(wanted)},
    )
