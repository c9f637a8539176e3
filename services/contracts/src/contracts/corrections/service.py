"""Asking for corrections, and deciding about them as a second person."""

from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from contracts.contracts.queries import ContractRecord, get_contract
from contracts.contracts.service import (
    CorrectedTerm,
    correct_contract,
    lock_contract,
    require_correctable,
    require_purchaser,
)
from contracts.corrections.errors import (
    CorrectionAlreadyDecided,
    CorrectionAlreadyRequested,
    CorrectionNeedsSecondPerson,
)
from contracts.corrections.fields import term_of
from contracts.corrections.models import Correction
from contracts.corrections.queries import get_correction, waiting_correction
from contracts.corrections.schemas import CorrectionIn, CorrectionItem
from contracts.policies.service import require_direct
from shared import audit, clock
from shared.concurrency import check_version
from shared.db import principal_in
from shared.ids import new_id

__all__ = [
    "approve_correction",
    "check_correction",
    "record_signed_correction",
    "reject_correction",
    "request_correction",
    "request_item",
]


def check_correction(session: AsyncSession, record: ContractRecord, body: CorrectionIn) -> CorrectedTerm:
    """Refuse a correction that could not be made as the contract is now (see `term_of`, `require_correctable`)."""
    require_purchaser(session, record)
    term = term_of(record, field=body.field, old=body.old, new=body.new)
    require_correctable(session, record, term)
    return term


async def request_correction(
    session: AsyncSession, body: CorrectionIn, *, contract_id: UUID, if_match: int | None = None
) -> Correction:
    """Ask for a correction; it has no effect until a second person approves it.

    Raises:
        ContractNotFound: there is none in the caller's scope.
        ActRequired: the region's settings want corrections in three hands.
        FieldNotCorrectable, OldValueDiffers, CorrectionWithoutChange, ContractNotCorrectable, Unprocessable: see
            `check_correction`.
        CorrectionAlreadyRequested: one of the same field waits.
    """
    await lock_contract(session, contract_id=contract_id)
    record = await get_contract(session, contract_id=contract_id)
    await require_direct(session, "correction", region=record.state.region)
    check_version(if_match, record.state.version)
    check_correction(session, record, body)
    waiting = await waiting_correction(session, contract_id=contract_id, field=body.field)
    if waiting is not None:
        raise CorrectionAlreadyRequested(
            f"A correction of {body.field} waits for its second person; approve or reject it first.",
            correction_id=str(waiting),
        )
    correction = _correction(record, body, requested_by=principal_in(session).subject)
    session.add(correction)
    await session.flush()
    _note(session, correction, "contract.correction-requested")
    return correction


async def request_item(session: AsyncSession, item: CorrectionItem) -> tuple[UUID, str]:
    """One correction of a batch: its id and `created`."""
    return (await request_correction(session, item, contract_id=item.contract_id)).id, "created"


async def approve_correction(
    session: AsyncSession, *, correction_id: UUID, contract_id: UUID | None = None, note: str | None = None
) -> Correction:
    """Make a correction, as a second person; the contract must still hold the old value.

    Raises:
        CorrectionNotFound: there is none in the caller's scope.
        CorrectionAlreadyDecided: it was approved or rejected.
        CorrectionNeedsSecondPerson: the caller asked for it.
        ActRequired: the region's settings want corrections in three hands by now: reject it and prepare an act.
        and what `check_correction` refuses.
    """
    correction = await _open(session, correction_id, contract_id)
    await require_direct(session, "correction", region=correction.region)
    record = await correct_contract(
        session,
        contract_id=correction.contract_id,
        correction_id=correction.id,
        term_of=lambda stored: term_of(stored, field=correction.field, old=correction.old, new=correction.new),
    )
    _decide(session, correction, "approved", note)
    correction.version = record.state.version
    await session.flush()
    return correction


async def reject_correction(
    session: AsyncSession, *, correction_id: UUID, contract_id: UUID | None = None, reason: str
) -> Correction:
    """Leave the term as it is, as a second person or as the one who takes the request back."""
    correction = await _open(session, correction_id, contract_id, second=False)
    record = await get_contract(session, contract_id=correction.contract_id)
    require_purchaser(session, record)
    _decide(session, correction, "rejected", reason)
    await session.flush()
    _note(session, correction, "contract.correction-rejected")
    return correction


async def record_signed_correction(
    session: AsyncSession, body: CorrectionIn, *, contract_id: UUID, act_id: UUID, prepared_by: str, if_match: int
) -> Correction:
    """Make a correction that came by an act in three hands; the caller has just signed it."""
    record = await get_contract(session, contract_id=contract_id)
    correction = _correction(record, body, requested_by=prepared_by)
    corrected = await correct_contract(
        session,
        contract_id=contract_id,
        correction_id=correction.id,
        term_of=lambda stored: term_of(stored, field=body.field, old=body.old, new=body.new),
        if_match=if_match,
    )
    _decide(session, correction, "approved", None)
    correction.act_id, correction.version = act_id, corrected.state.version
    session.add(correction)
    await session.flush()
    return correction


def _correction(record: ContractRecord, body: CorrectionIn, *, requested_by: str) -> Correction:
    return Correction(
        id=new_id(),
        contract_id=record.state.contract_id,
        region=record.state.region,
        field=body.field,
        old=body.old,
        new=body.new,
        reason=body.reason,
        proof_sha256=body.proof_sha256,
        proof_title=body.proof_title,
        state="requested",
        requested_by=requested_by,
        requested_at=clock.now(),
    )


async def _open(
    session: AsyncSession, correction_id: UUID, contract_id: UUID | None, *, second: bool = True
) -> Correction:
    correction = await get_correction(session, correction_id=correction_id, contract_id=contract_id)
    if correction.state != "requested":
        raise CorrectionAlreadyDecided(f"The correction is {correction.state}.", state=correction.state)
    if second and correction.requested_by == principal_in(session).subject:
        raise CorrectionNeedsSecondPerson("You asked for this correction; somebody else approves it.")
    return correction


def _decide(session: AsyncSession, correction: Correction, state: str, note: str | None) -> None:
    correction.state = state
    correction.decided_by, correction.decided_at = principal_in(session).subject, clock.now()
    correction.decision_note = note


def _note(session: AsyncSession, correction: Correction, action: str) -> None:
    audit.record(
        session,
        action,
        noun="contract",
        noun_id=correction.contract_id,
        region=correction.region,
        fields={"field": correction.field, "correction_id": str(correction.id)},
    )
