"""What follows from a finding: effects on payment, renewal and budget, liability, an appeal."""

from uuid import UUID

from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from contracts.findings.models import Finding, FindingEffect
from contracts.findings.queries import carries_effect
from contracts.findings.schemas import AppealIn, EffectIn, LiabilityIn
from contracts.findings.service.store import announce, begun, note, require_responsible
from contracts.inspections.service import require_supervisor
from contracts.ledger.queries import get_entry, is_reversed
from shared import clock
from shared.db import principal_in
from shared.ids import new_id
from shared.problems import Unprocessable

__all__ = ["appeal_finding", "record_effect", "record_liability"]

_KIND_OF = {"deduct": "deduction", "penalty": "penalty", "refund": "refund"}


async def record_effect(
    session: AsyncSession, body: EffectIn, *, finding_id: UUID, if_match: int | None
) -> FindingEffect:
    """Record what a resolved finding led to. A payment effect names the ledger entry that carries it.

    FindingNotFound, FindingStateConflict (resolve it first), NotAParty; Unprocessable when the entry is not the
    contract's or not of this kind, was taken back, or carries another effect.
    """
    found = await begun(session, finding_id, "effect", if_match=if_match)
    require_supervisor(session, found.record)
    finding, amount = found.finding, body.amount
    if body.entry_id is not None:
        entry = await get_entry(session, entry_id=body.entry_id)
        wanted, wrong = _KIND_OF[body.decision], None
        if entry is None or entry.contract_id != finding.contract_id or entry.kind != wanted:
            wrong = f"is no entry of kind {wanted} of this contract"
        elif await is_reversed(session, entry_id=entry.id):
            wrong = "was taken back"
        elif await carries_effect(session, entry_id=entry.id):
            wrong = "carries an effect already"
        if entry is None or wrong:
            raise Unprocessable(f"entry_id {wrong}.", errors=[{"pointer": "/entry_id", "detail": wrong}])
        amount = entry.amount
    effect = FindingEffect(
        id=new_id(),
        finding_id=finding.id,
        contract_id=finding.contract_id,
        region=finding.region,
        kind=body.kind,
        decision=body.decision,
        entry_id=body.entry_id,
        amount=amount,
        currency=found.record.state.currency,
        reason=body.reason,
        document_sha256=body.document_sha256,
        recorded_by=principal_in(session).subject,
        recorded_at=clock.now(),
    )
    try:
        async with session.begin_nested():
            session.add(effect)
    except IntegrityError as error:  # another finding took the entry at the same time
        detail = "carries an effect already"
        raise Unprocessable(f"entry_id {detail}.", errors=[{"pointer": "/entry_id", "detail": detail}]) from error
    note(session, finding, "effect", words=f"{body.kind}: {body.decision}. {body.reason}")
    await announce(session, finding, "effect")
    return effect


async def appeal_finding(session: AsyncSession, body: AppealIn, *, finding_id: UUID, if_match: int | None) -> Finding:
    """Note that the responsible party contests the conclusion; stopping it is an act of its own."""
    found = await begun(session, finding_id, "appeal", if_match=if_match)
    side = found.finding.responsible
    require_responsible(session, found)
    found.finding.appeal = {"proceeding": body.proceeding, "at": clock.now().isoformat()}
    note(session, found.finding, "appealed", side=side, words=body.proceeding)
    await announce(session, found.finding, "appealed")
    return found.finding


async def record_liability(
    session: AsyncSession, body: LiabilityIn, *, finding_id: UUID, if_match: int | None
) -> Finding:
    """Note a report about liability (处理处罚)."""
    found = await begun(session, finding_id, "liability", if_match=if_match)
    require_supervisor(session, found.record)
    found.finding.liability = {"report_number": body.report_number, "at": clock.now().isoformat()}
    note(session, found.finding, "liability", words=body.words or body.report_number, document=body.document)
    await announce(session, found.finding, "liability")
    return found.finding
