"""Writing a rectification: its history, its clock, its events."""

from datetime import date
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from scoring.rectifications import queries
from scoring.rectifications.errors import RectificationStateConflict
from scoring.rectifications.models import Rectification, RectificationEntry
from scoring.rectifications.steps import allowed
from scoring.results.queries import calendar_for, find_rule_set
from scoring.results.schemas import DocumentIn
from shared import audit, clock
from shared.concurrency import check_version
from shared.db import principal_in
from shared.events import RectificationFinding, RectificationState
from shared.ids import new_id
from shared.outbox import emit

__all__ = ["announce", "begun", "note", "rectification_event", "run_clock", "side_of", "today_of"]


def rectification_event(rectification: Rectification, event: type[RectificationState]) -> RectificationState:
    """The whole aggregate as its event carries it."""
    columns = {name: getattr(rectification, name, None) for name in RectificationState.model_fields}
    report_due_on = rectification.due_on if rectification.clock == "report" else None
    return event(
        **columns
        | {
            "rectification_id": rectification.id,
            "findings": tuple(RectificationFinding.model_validate(each) for each in rectification.findings),
            "effects": tuple(UUID(each) for each in rectification.effects),
            "report_due_on": report_due_on,
            "recorded_at": rectification.updated_at,
        }
    )


def announce(
    session: AsyncSession, rectification: Rectification, event: type[RectificationState], *, action: str
) -> None:
    """Emit it as it is now, and leave the audit row."""
    rectification.updated_at = clock.now()
    data = rectification_event(rectification, event)
    emit(session, data, subject=rectification.contract_id, region=rectification.region)
    audit.record(
        session,
        f"rectification.{action}",
        noun="rectification",
        noun_id=rectification.id,
        region=rectification.region,
        fields={"contract_id": str(rectification.contract_id), "state": rectification.state},
    )


async def begun(session: AsyncSession, rectification_id: UUID, action: str, *, if_match: int | None) -> Rectification:
    """The rectification, locked and one version on, to do something with it that its state allows.

    RectificationNotFound, PreconditionFailed, RectificationStateConflict.
    """
    found = await queries.find_rectification(session, rectification_id, for_update=True)
    check_version(if_match, found.version)
    actions = allowed(found.state, resolved=found.resolution is not None)
    if action not in actions:
        raise RectificationStateConflict(
            f"It is {found.state}{' and resolved' if found.resolution else ''} and cannot {action}; possible now: "
            f"{', '.join(actions) or 'nothing, it has ended'}.",
            state=found.state,
            actions=list(actions),
        )
    found.version += 1
    found.updated_at = clock.now()
    return found


async def today_of(session: AsyncSession, rectification: Rectification) -> date:
    """Today where the contract's offices are."""
    return (await calendar_for(session, rectification.region)).day_of(clock.now())


async def run_clock(session: AsyncSession, rectification: Rectification, name: str | None, field: str = "") -> None:
    """Let a clock begin today, of so many working days as the rule set says; None ends the clock."""
    rectification.clock, rectification.due_on, rectification.begun_on = name, None, None
    if name is None:
        return
    rule_set = await find_rule_set(session, rectification.rule_set_id, rectification.rule_set_version)
    calendar = await calendar_for(session, rectification.region)
    rectification.begun_on = calendar.day_of(clock.now())
    rectification.due_on = calendar.limit(rectification.begun_on, getattr(rule_set.rectification, field))


def note(
    session: AsyncSession,
    rectification: Rectification,
    kind: str,
    *,
    side: str,
    words: str | None = None,
    document: DocumentIn | None = None,
    reply_by: date | None = None,
    answers: UUID | None = None,
) -> RectificationEntry:
    """Add a step to the history."""
    entry = RectificationEntry(
        id=new_id(),
        rectification_id=rectification.id,
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


def side_of(session: AsyncSession, rectification: Rectification) -> str:
    """On whose side the caller stands: a party of the contract by its organisation or role, or the authority."""
    principal = principal_in(session)
    if principal.roles & {"finance", "auditor", "operator"}:
        return "authority"
    if "provider" in principal.roles:
        return "provider"
    return "purchaser" if rectification.responsible == "purchaser" else "authority"
