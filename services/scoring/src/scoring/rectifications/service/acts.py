"""What is done with a rectification: open, activate, conclude, ask and answer, report, resolve, end, stop."""

from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from scoring.evidence.queries import contract_of
from scoring.rectifications import queries
from scoring.rectifications.errors import (
    EliminationPeriodRuns,
    NotTheResponsibleParty,
    ReportAwaited,
)
from scoring.rectifications.models import Rectification, RectificationEntry
from scoring.rectifications.schemas import ConclusionIn, PostIn, RectificationIn, ReportIn, ResolutionIn
from scoring.rectifications.service.store import announce, begun, note, run_clock, side_of, today_of
from scoring.results.errors import SamePerson
from scoring.results.queries import calendar_for, find_rule_set, rule_set_for
from scoring.results.service import close_improvement, open_after_rectification
from scoring.scores.errors import ScoreNotFound
from shared import clock
from shared.db import principal_in
from shared.events import (
    RectificationChanged,
    RectificationOpened,
    RectificationReported,
    RectificationResolved,
)
from shared.ids import new_id
from shared.problems import Unprocessable

__all__ = [
    "activate_rectification",
    "cancel_rectification",
    "close_rectification",
    "complete_rectification",
    "conclude_rectification",
    "open_rectification",
    "post_to_rectification",
    "report_rectification",
    "resolve_rectification",
    "resume_rectification",
    "stop_rectification",
]


async def open_rectification(session: AsyncSession, body: RectificationIn) -> Rectification:
    """Draft a rectification by hand. ScoreNotFound: no such contract; Unprocessable: nobody can be responsible."""
    contract = await contract_of(session, body.contract_id)
    if contract is None:
        raise ScoreNotFound(f"Contract {body.contract_id} is unknown here, or of another region.")
    if body.responsible == "provider" and contract.provider_id is None:
        raise Unprocessable(
            "The contract has no provider.", errors=[{"pointer": "/responsible", "detail": "nobody is that party"}]
        )
    rule_set = await rule_set_for(session, contract.region)
    moment = clock.now()
    made = Rectification(
        id=new_id(),
        version=1,
        contract_id=contract.contract_id,
        region=contract.region,
        simulated=contract.simulated,
        purchaser_id=contract.purchaser_id,
        provider_id=contract.provider_id,
        cause=body.cause,
        finding_id=body.finding_id,
        responsible=body.responsible,
        rule_set_id=rule_set.id,
        rule_set_version=rule_set.version,
        state="draft",
        demand=body.demand,
        findings=[],
        effects=[],
        opened_at=moment,
        opened_by=principal_in(session).subject,
        updated_at=moment,
    )
    session.add(made)
    await session.flush()
    note(session, made, "opened", side="authority", words=body.demand)
    announce(session, made, RectificationOpened, action="opened")
    return made


async def activate_rectification(
    session: AsyncSession, rectification_id: UUID, *, reason: str, if_match: int | None = None
) -> Rectification:
    """Begin the monitoring; the parties see it from now on."""
    found = await begun(session, rectification_id, "activate", if_match=if_match)
    found.state = "active"
    await run_clock(session, found, "monitor", "monitoring")
    return _changed(session, found, "activated", words=reason)


async def cancel_rectification(
    session: AsyncSession, rectification_id: UUID, *, reason: str, if_match: int | None = None
) -> Rectification:
    """Drop a draft."""
    found = await begun(session, rectification_id, "cancel", if_match=if_match)
    found.state = "cancelled"
    return _changed(session, found, "cancelled", words=reason)


async def conclude_rectification(
    session: AsyncSession, rectification_id: UUID, body: ConclusionIn, *, if_match: int | None = None
) -> Rectification:
    """Say what was found: with findings the elimination period begins, without any the matter is declined."""
    found = await begun(session, rectification_id, "conclude", if_match=if_match)
    found.state = "addressed" if body.findings else "declined"
    found.findings = [finding.model_dump() | {"result": None} for finding in body.findings]
    found.demand = body.demand or found.demand
    if body.findings:
        await run_clock(session, found, "report", "elimination")
    else:
        await run_clock(session, found, "close", "nothing_found")
    note(session, found, "concluded", side="authority", words=body.words, document=body.document)
    announce(session, found, RectificationChanged, action="concluded")
    return found


async def post_to_rectification(session: AsyncSession, rectification_id: UUID, body: PostIn) -> RectificationEntry:
    """Ask, or answer a question. The time for an answer is information only: nothing follows from its end.

    RectificationNotFound, RectificationStateConflict; Unprocessable: it answers no question of this rectification.
    """
    found = await begun(session, rectification_id, "post", if_match=None)
    if body.answers is not None:
        questions = {each.id for each in await queries.history_of(session, found.id) if each.kind == "question"}
        if body.answers not in questions:
            raise Unprocessable(
                "There is no such question here.", errors=[{"pointer": "/answers", "detail": "names no question"}]
            )
    reply_by = None
    if body.answers is None:
        rule_set = await find_rule_set(session, found.rule_set_id, found.rule_set_version)
        calendar = await calendar_for(session, found.region)
        reply_by = calendar.limit(calendar.day_of(clock.now()), rule_set.rectification.reply)
    entry = note(
        session,
        found,
        "question" if body.answers is None else "answer",
        side=side_of(session, found),
        words=body.words,
        document=body.document,
        reply_by=reply_by,
        answers=body.answers,
    )
    await session.flush()
    return entry


async def report_rectification(
    session: AsyncSession, rectification_id: UUID, body: ReportIn, *, if_match: int | None = None
) -> Rectification:
    """The responsible party says what it has put right; NotTheResponsibleParty for anybody else."""
    found = await begun(session, rectification_id, "report", if_match=if_match)
    principal = principal_in(session)
    party = found.provider_id if found.responsible == "provider" else found.purchaser_id
    if found.responsible not in principal.roles or principal.organisation not in {None, party}:
        raise NotTheResponsibleParty(f"This is for the contract's {found.responsible} to report.")
    found.reported_at, found.reported_by = clock.now(), principal.subject
    note(session, found, "reported", side=found.responsible, words=body.words, document=body.document)
    announce(session, found, RectificationReported, action="reported")
    return found


async def resolve_rectification(
    session: AsyncSession, rectification_id: UUID, body: ResolutionIn, *, if_match: int | None = None
) -> Rectification:
    """Judge whether the matter is put right, and open what follows where it is not.

    Raises:
        RectificationNotFound, RectificationStateConflict, PreconditionFailed: as their names say.
        SamePerson: the reporter does not judge the report.
        ReportAwaited: there is no report, and the day from which it can be done without has not come.
        Unprocessable: the results name other findings.
    """
    found = await begun(session, rectification_id, "resolve", if_match=if_match)
    principal = principal_in(session)
    if principal.subject == found.reported_by:
        raise SamePerson("You reported what was put right; a second person judges it.")
    if not principal.roles & {"finance", "auditor"} and found.responsible == "purchaser":
        raise NotTheResponsibleParty("The purchaser is responsible: finance or an auditor judges it.")
    await _require_report(session, found)
    results = {each.code: each.result for each in body.results}
    known = [finding["code"] for finding in found.findings]
    if sorted(results) != sorted(known) or len(body.results) != len(known):
        raise Unprocessable(
            f"Say for each finding what became of it: {', '.join(known)}.",
            errors=[{"pointer": "/results", "detail": f"one for each of {', '.join(known)}"}],
        )
    found.findings = [finding | {"result": results[finding["code"]]} for finding in found.findings]
    found.resolution = body.resolution
    note(session, found, "resolved", side="authority", words=body.words, document=body.document)
    if found.use_id is not None:
        proof = (body.document.sha256, body.document.title)
        await close_improvement(session, found.use_id, improved=body.resolution == "completely", document=proof)
    if body.resolution != "completely" and found.determination_id is not None:
        opened = await open_after_rectification(
            session,
            determination_id=found.determination_id,
            rectification_id=found.id,
            resolution=body.resolution,
        )
        found.effects = [str(use.id) for use in opened]
    announce(session, found, RectificationResolved, action="resolved")
    return found


async def _require_report(session: AsyncSession, found: Rectification) -> None:
    if found.reported_at is not None or found.begun_on is None:
        return
    rule_set = await find_rule_set(session, found.rule_set_id, found.rule_set_version)
    calendar = await calendar_for(session, found.region)
    first = calendar.limit(found.begun_on, rule_set.rectification.unreported_from)
    if calendar.day_of(clock.now()) < first:
        raise ReportAwaited(
            f"Nothing was reported yet; without a report it is judged from {first} on, working day "
            f"{rule_set.rectification.unreported_from} of the period.",
            possible_on=first.isoformat(),
        )


async def complete_rectification(
    session: AsyncSession, rectification_id: UUID, *, reason: str, if_match: int | None = None
) -> Rectification:
    """End a rectification that was resolved; EliminationPeriodRuns before its period has ended."""
    return await _end(session, rectification_id, "complete", "completed", reason=reason, if_match=if_match)


async def close_rectification(
    session: AsyncSession, rectification_id: UUID, *, reason: str, if_match: int | None = None
) -> Rectification:
    """End a matter in which nothing was found; EliminationPeriodRuns before its period has ended."""
    return await _end(session, rectification_id, "close", "closed", reason=reason, if_match=if_match)


async def _end(
    session: AsyncSession, rectification_id: UUID, action: str, state: str, *, reason: str, if_match: int | None
) -> Rectification:
    found = await begun(session, rectification_id, action, if_match=if_match)
    if found.due_on is not None and await today_of(session, found) <= found.due_on:
        raise EliminationPeriodRuns(
            f"The period runs up to and with {found.due_on}; end it after that day.", due_on=found.due_on.isoformat()
        )
    found.state = state
    await run_clock(session, found, None)
    return _changed(session, found, state, words=reason)


async def stop_rectification(
    session: AsyncSession, rectification_id: UUID, *, reason: str, if_match: int | None = None
) -> Rectification:
    """Stop it, for example because a court has the matter before it; its clock ends."""
    found = await begun(session, rectification_id, "stop", if_match=if_match)
    found.state = "stopped"
    await run_clock(session, found, None)
    return _changed(session, found, "stopped", words=reason)


async def resume_rectification(
    session: AsyncSession, rectification_id: UUID, *, reason: str, if_match: int | None = None
) -> Rectification:
    """Take a stopped one up again: it is monitored anew and concluded anew."""
    found = await begun(session, rectification_id, "resume", if_match=if_match)
    found.state, found.resolution = "active", None
    await run_clock(session, found, "monitor", "monitoring")
    return _changed(session, found, "resumed", words=reason)


def _changed(session: AsyncSession, found: Rectification, act: str, *, words: str) -> Rectification:
    note(session, found, act, side="authority", words=words)
    announce(session, found, RectificationChanged, action=act)
    return found
