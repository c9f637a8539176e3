"""Writing a finding: its history, its clock, its event, and the register of duties that depends on it."""

from collections.abc import Sequence
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from contracts.contracts.queries import ContractRecord, get_contract
from contracts.contracts.service import organisations_of, rules_for
from contracts.findings import queries
from contracts.findings.errors import FindingStateConflict, NotResponsible
from contracts.findings.models import Finding, FindingEffect, FindingEntry
from contracts.findings.parameters import Cycle, cycle_in
from contracts.findings.schemas import DocumentIn
from contracts.findings.steps import allowed
from contracts.register_jobs import refresh_register
from contracts.working_days.queries import last_day
from shared import audit, clock, outbox
from shared.concurrency import check_version
from shared.db import principal_in
from shared.events import FindingChanged, FindingEffectTold, FindingViolation
from shared.ids import new_id

__all__ = ["Begun", "announce", "begun", "finding_event", "note", "require_responsible", "run_clock"]


class Begun:
    """A finding, locked and one version on, with its contract and the cycle that applies to it."""

    def __init__(self, finding: Finding, record: ContractRecord, cycle: Cycle) -> None:
        self.finding = finding
        self.record = record
        self.cycle = cycle


def finding_event(finding: Finding, effects: Sequence[FindingEffect]) -> FindingChanged:
    """The whole aggregate as its event carries it."""
    special = {"finding_id", "violations", "effects", "recorded_at"}
    plain: dict[str, Any] = {
        name: getattr(finding, name) for name in FindingChanged.model_fields if name not in special
    }
    return FindingChanged(
        finding_id=finding.id,
        violations=tuple(FindingViolation.model_validate(each) for each in finding.violations),
        effects=tuple(
            FindingEffectTold(
                effect_id=effect.id,
                kind=effect.kind,
                decision=effect.decision,
                entry_id=effect.entry_id,
                amount=effect.amount,
                currency=effect.currency,
            )
            for effect in effects
        ),
        recorded_at=finding.updated_at,
        **plain,
    )


async def begun(session: AsyncSession, finding_id: UUID, action: str, *, if_match: int | None) -> Begun:
    """A finding to do something with that its state allows.

    FindingNotFound, PreconditionFailed, FindingStateConflict.
    """
    finding = await queries.find_finding(session, finding_id=finding_id, lock=True)
    check_version(if_match, finding.version)
    actions = allowed(finding.state, resolved=finding.resolution is not None)
    if action not in actions:
        raise FindingStateConflict(
            f"It is {finding.state}{' and resolved' if finding.resolution else ''} and cannot {action}; possible now: "
            f"{', '.join(actions) or 'nothing, it has ended'}.",
            state=finding.state,
            actions=list(actions),
        )
    record = await get_contract(session, contract_id=finding.contract_id)
    cycle = cycle_in((await rules_for(session, record)).rules)
    finding.version += 1
    return Begun(finding, record, cycle)


def require_responsible(session: AsyncSession, found: Begun) -> None:
    """Refuse (NotResponsible) everybody but the party that must put the matter right."""
    principal, side = principal_in(session), found.finding.responsible
    if side not in principal.roles or principal.organisation not in {None, *organisations_of(found.record.state, side)}:
        raise NotResponsible(f"This is for the contract's {side} to do.")


async def run_clock(session: AsyncSession, finding: Finding, clock_name: str | None, within: int, unit: str) -> None:
    """Start a clock today, or (None) end the one that runs."""
    begun_on: date | None = None
    due_on: date | None = None
    if clock_name is not None:
        begun_on = clock.today()
        with session.no_autoflush:  # what is half set would be written with the query
            due_on = await last_day(session, start=begun_on, within=within, unit=unit)
    finding.clock, finding.begun_on, finding.due_on = clock_name, begun_on, due_on


def note(
    session: AsyncSession,
    finding: Finding,
    kind: str,
    *,
    side: str = "authority",
    words: str | None = None,
    document: DocumentIn | None = None,
    reply_by: date | None = None,
    answers: UUID | None = None,
) -> FindingEntry:
    """One step of the history."""
    entry = FindingEntry(
        id=new_id(),
        finding_id=finding.id,
        kind=kind,
        author=principal_in(session).subject,
        side=side,
        words=words,
        document_sha256=document.sha256 if document else None,
        document_title=document.title if document else None,
        reply_by=reply_by,
        answers=answers,
        at=clock.now(),
    )
    session.add(entry)
    return entry


async def announce(session: AsyncSession, finding: Finding, act: str) -> None:
    """Emit it as it is now, leave the audit row, and have the contract's register made anew."""
    finding.updated_at = clock.now()
    await session.flush()
    effects = await queries.effects_of(session, finding_id=finding.id)
    region, noted = finding.region, {"finding_id": str(finding.id), "state": finding.state}
    if finding.state in queries.HIDDEN:
        # Neither an event nor the contract's history tells of a draft, which only supervision sees.
        audit.record(session, f"finding.{act}", noun="finding", noun_id=finding.id, region=region, fields=noted)
        return
    outbox.emit(session, finding_event(finding, effects), subject=finding.contract_id, region=region)
    audit.record(session, f"finding.{act}", noun="contract", noun_id=finding.contract_id, region=region, fields=noted)
    await refresh_register(session, contract_id=finding.contract_id)
