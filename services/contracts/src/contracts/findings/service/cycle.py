"""The cycle of a finding: open, activate, conclude, ask and answer, report, resolve, end, stop."""

from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from contracts.contracts.queries import get_contract
from contracts.contracts.service import organisations_of, rules_for
from contracts.findings import queries
from contracts.findings.errors import (
    EliminationPeriodRuns,
    FindingWithoutEffect,
    NotResponsible,
    ReportAwaited,
    SecondPersonNeeded,
)
from contracts.findings.models import Finding, FindingEntry
from contracts.findings.parameters import cycle_in
from contracts.findings.schemas import ConclusionIn, FindingIn, PostIn, ReportIn, ResolutionIn
from contracts.findings.service.store import Begun, announce, begun, note, require_responsible, run_clock
from contracts.inspections.queries import find_inspection
from contracts.inspections.service import require_supervisor
from contracts.working_days.queries import last_day
from shared import clock
from shared.db import principal_in
from shared.ids import new_id
from shared.problems import Unprocessable

__all__ = [
    "activate_finding",
    "cancel_finding",
    "close_finding",
    "complete_finding",
    "conclude_finding",
    "open_finding",
    "post_to_finding",
    "report_finding",
    "resolve_finding",
    "resume_finding",
    "stop_finding",
]


def _wrong(pointer: str, detail: str) -> Unprocessable:
    return Unprocessable(f"{pointer[1:]}: {detail}.", errors=[{"pointer": pointer, "detail": detail}])


async def open_finding(session: AsyncSession, body: FindingIn, *, contract_id: UUID) -> Finding:
    """Draft a matter to look into.

    ContractNotFound, NotAParty, InspectionNotFound; Unprocessable when nobody is responsible.
    """
    record = await get_contract(session, contract_id=contract_id)
    require_supervisor(session, record)
    state = record.state
    if body.responsible == "provider" and state.provider is None:
        raise _wrong("/responsible", "the contract has no provider")
    if body.inspection_id is not None:
        inspection = await find_inspection(session, inspection_id=body.inspection_id)
        if inspection.contract_id != contract_id or inspection.state != "carriedOut":
            raise _wrong("/inspection_id", "is no inspection of this contract that was carried out")
    moment = clock.now()
    finding = Finding(
        id=new_id(),
        version=1,
        contract_id=contract_id,
        region=state.region,
        simulated=state.simulated,
        inspection_id=body.inspection_id,
        reason=body.reason,
        responsible=body.responsible,
        state="draft",
        demand=body.demand,
        violations=[],
        rule=cycle_in((await rules_for(session, record)).rules).name,
        opened_by=principal_in(session).subject,
        opened_at=moment,
        updated_at=moment,
    )
    session.add(finding)
    await session.flush()
    note(session, finding, "opened", words=body.demand)
    await announce(session, finding, "opened")
    return finding


async def _supervised(session: AsyncSession, finding_id: UUID, action: str, *, if_match: int | None) -> Begun:
    found = await begun(session, finding_id, action, if_match=if_match)
    require_supervisor(session, found.record)
    if found.finding.responsible == "purchaser" and not principal_in(session).roles & {"finance", "auditor"}:
        raise NotResponsible("The purchaser is the one who must put it right: finance or an auditor decides about it.")
    return found


async def activate_finding(session: AsyncSession, *, finding_id: UUID, reason: str, if_match: int | None) -> Finding:
    """Begin to look into it; the parties see it from now on, and the time for a conclusion runs."""
    found = await _supervised(session, finding_id, "activate", if_match=if_match)
    await _start(session, found)
    return await _changed(session, found.finding, "activated", reason)


async def _start(session: AsyncSession, found: Begun) -> None:
    figures, finding = found.cycle.figures, found.finding
    finding.state, finding.rule = "active", found.cycle.name
    finding.resolution, finding.reported_at, finding.reported_by = None, None, None
    finding.resolved_by, finding.resolved_at, finding.concluded_at, finding.report_by = None, None, None, None
    await run_clock(session, finding, "conclude", figures.conclude_within, figures.unit)
    finding.conclude_by = finding.due_on


async def cancel_finding(session: AsyncSession, *, finding_id: UUID, reason: str, if_match: int | None) -> Finding:
    """Drop a draft."""
    found = await _supervised(session, finding_id, "cancel", if_match=if_match)
    found.finding.state, found.finding.ended_at = "cancelled", clock.now()
    return await _changed(session, found.finding, "cancelled", reason)


async def conclude_finding(
    session: AsyncSession, body: ConclusionIn, *, finding_id: UUID, if_match: int | None
) -> Finding:
    """Say what was found: with violations the elimination period begins, without any the matter is declined."""
    found = await _supervised(session, finding_id, "conclude", if_match=if_match)
    finding, figures = found.finding, found.cycle.figures
    known = {each.code for each in figures.violation_types}
    unknown = [position for position, each in enumerate(body.violations) if each.type not in known]
    if unknown:
        raise Unprocessable(
            f"The rule set knows these violations: {', '.join(sorted(known))}.",
            errors=[{"pointer": f"/violations/{position}/type", "detail": "is none of them"} for position in unknown],
        )
    finding.state = "addressed" if body.violations else "declined"
    finding.violations = [violation.model_dump() | {"result": None} for violation in body.violations]
    finding.demand, finding.concluded_at = body.demand or finding.demand, clock.now()
    if body.violations:
        await run_clock(session, finding, "report", figures.eliminate_within, figures.unit)
        finding.report_by = finding.due_on
    else:
        await run_clock(session, finding, "close", figures.nothing_found_within, figures.unit)
    note(session, finding, "concluded", words=body.words, document=body.document)
    await announce(session, finding, "concluded")
    return finding


async def post_to_finding(session: AsyncSession, body: PostIn, *, finding_id: UUID) -> FindingEntry:
    """Ask, or answer a question, by either side. The time for an answer is information only.

    FindingNotFound, FindingStateConflict, NotAParty; Unprocessable: it answers no question of this finding.
    """
    found = await begun(session, finding_id, "post", if_match=None)
    finding = found.finding
    finding.version -= 1  # a post is no change of the finding
    side = _side_of(session, found)
    reply_by = None
    if body.answers is None:
        figures = found.cycle.figures
        reply_by = await last_day(session, start=clock.today(), within=figures.reply_within, unit=figures.unit)
    else:
        history = await queries.history_of(session, finding_id=finding_id)
        if not any(entry.id == body.answers and entry.kind == "question" for entry in history):
            raise _wrong("/answers", "is no question of this finding")
    entry = note(
        session,
        finding,
        "question" if body.answers is None else "answer",
        side=side,
        words=body.words,
        document=body.document,
        reply_by=reply_by,
        answers=body.answers,
    )
    await session.flush()
    return entry


def _side_of(session: AsyncSession, found: Begun) -> str:
    """On whose side a caller speaks; NotResponsible for a stranger."""
    principal, state = principal_in(session), found.record.state
    if principal.roles & {"finance", "auditor"}:
        return "authority"
    for side in ("provider", "purchaser"):
        if side in principal.roles and principal.organisation in {None, *organisations_of(state, side)}:
            return "authority" if side == "purchaser" and found.finding.responsible == "provider" else side
    raise NotResponsible("Only supervision and the contract's parties take part.")


async def report_finding(session: AsyncSession, body: ReportIn, *, finding_id: UUID, if_match: int | None) -> Finding:
    """The responsible party says what it has put right; NotResponsible for anybody else."""
    found = await begun(session, finding_id, "report", if_match=if_match)
    require_responsible(session, found)
    finding = found.finding
    finding.reported_at, finding.reported_by = clock.now(), principal_in(session).subject
    note(session, finding, "reported", side=finding.responsible, words=body.words, document=body.document)
    await announce(session, finding, "reported")
    return finding


async def resolve_finding(
    session: AsyncSession, body: ResolutionIn, *, finding_id: UUID, if_match: int | None
) -> Finding:
    """Verify what was put right, violation by violation; by another person than who reported.

    FindingNotFound, FindingStateConflict, PreconditionFailed, SecondPersonNeeded, ReportAwaited; Unprocessable when
    the results are not one for each violation, or the inspection is not of this contract.
    """
    found = await _supervised(session, finding_id, "resolve", if_match=if_match)
    finding, subject = found.finding, principal_in(session).subject
    if subject == finding.reported_by:
        raise SecondPersonNeeded("You reported what was put right; somebody else verifies it.")
    await _require_report(session, found)
    if len(body.results) != len(finding.violations):
        raise _wrong("/results", f"one for each of the {len(finding.violations)} violations, in their order")
    if body.inspection_id is not None:
        inspection = await find_inspection(session, inspection_id=body.inspection_id)
        if inspection.contract_id != finding.contract_id or inspection.state != "carriedOut":
            raise _wrong("/inspection_id", "is no inspection of this contract that was carried out")
    finding.violations = [
        violation | {"result": result} for violation, result in zip(finding.violations, body.results, strict=True)
    ]
    eliminated = body.results.count("eliminated")
    finding.resolution = "completely" if eliminated == len(body.results) else "partly" if eliminated else "none"
    finding.resolved_at, finding.resolved_by = clock.now(), subject
    words = body.words if body.inspection_id is None else f"{body.words} (inspection {body.inspection_id})"
    note(session, finding, "resolved", words=words, document=body.document)
    await announce(session, finding, "resolved")
    return finding


async def _require_report(session: AsyncSession, found: Begun) -> None:
    finding, figures = found.finding, found.cycle.figures
    if finding.reported_at is not None or finding.begun_on is None:
        return
    first = await last_day(session, start=finding.begun_on, within=figures.unreported_from, unit=figures.unit)
    if clock.today() < first:
        raise ReportAwaited(
            f"Nothing was reported yet; without a report it is judged from {first} on ({found.cycle.name}).",
            possible_on=first.isoformat(),
        )


async def complete_finding(session: AsyncSession, *, finding_id: UUID, reason: str, if_match: int | None) -> Finding:
    """End a matter that was resolved, after its period.

    EliminationPeriodRuns before; FindingWithoutEffect when it was not put right completely and nothing followed.
    """
    found = await _supervised(session, finding_id, "complete", if_match=if_match)
    finding = found.finding
    if finding.resolution != "completely" and not await queries.effects_of(session, finding_id=finding_id):
        missing = {
            "what": "effect",
            "rule": f"{found.cycle.name}: what was not put right has an effect on payment, renewal or the next budget",
            "how": f"POST /v1/findings/{finding_id}/effects (renewal renew and budget keep are decisions too)",
        }
        raise FindingWithoutEffect(
            f"It was put right {finding.resolution}; record what follows from that, then complete it.",
            missing=[missing],
        )
    return await _end(session, found, "completed", reason)


async def close_finding(session: AsyncSession, *, finding_id: UUID, reason: str, if_match: int | None) -> Finding:
    """End a matter in which nothing was found; EliminationPeriodRuns before its period has ended."""
    return await _end(session, await _supervised(session, finding_id, "close", if_match=if_match), "closed", reason)


async def _end(session: AsyncSession, found: Begun, state: str, reason: str) -> Finding:
    finding = found.finding
    if finding.due_on is not None and clock.today() <= finding.due_on:
        raise EliminationPeriodRuns(
            f"The period runs up to and with {finding.due_on}; end it after that day ({found.cycle.name}).",
            due_on=finding.due_on.isoformat(),
        )
    finding.state, finding.ended_at = state, clock.now()
    await run_clock(session, finding, None, 0, "")
    return await _changed(session, finding, state, reason)


async def stop_finding(session: AsyncSession, *, finding_id: UUID, reason: str, if_match: int | None) -> Finding:
    """Stop it, for example because a court has the matter before it; its clock ends."""
    found = await _supervised(session, finding_id, "stop", if_match=if_match)
    found.finding.state = "stopped"
    await run_clock(session, found.finding, None, 0, "")
    return await _changed(session, found.finding, "stopped", reason)


async def resume_finding(session: AsyncSession, *, finding_id: UUID, reason: str, if_match: int | None) -> Finding:
    """Take a stopped one up again: it is looked into and concluded anew."""
    found = await _supervised(session, finding_id, "resume", if_match=if_match)
    await _start(session, found)
    return await _changed(session, found.finding, "resumed", reason)


async def _changed(session: AsyncSession, finding: Finding, act: str, words: str) -> Finding:
    note(session, finding, act, words=words)
    await announce(session, finding, act)
    return finding
