"""Writing an appeal: its history, its events, the suspension of what it is against."""

from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from scoring.appeals import queries
from scoring.appeals.errors import AppealStateConflict
from scoring.appeals.models import Appeal, AppealEntry
from scoring.determinations.queries import standing
from scoring.determinations.service import release, suspend
from scoring.results.schemas import DocumentIn
from scoring.results.service import resume_uses, suspend_uses
from shared import audit, clock
from shared.concurrency import check_version
from shared.db import principal_in
from shared.events import AppealState
from shared.ids import new_id
from shared.outbox import emit

__all__ = ["announce", "appeal_event", "begun", "note", "set_suspension"]


def appeal_event(appeal: Appeal, event: type[AppealState]) -> AppealState:
    """The whole aggregate as its event carries it."""
    columns = {name: getattr(appeal, name, None) for name in AppealState.model_fields}
    return event(**columns | {"appeal_id": appeal.id, "recorded_at": appeal.updated_at})


def announce(session: AsyncSession, appeal: Appeal, event: type[AppealState], *, action: str) -> None:
    """Emit it as it is now, and leave the audit row."""
    appeal.updated_at = clock.now()
    emit(session, appeal_event(appeal, event), subject=appeal.contract_id, region=appeal.region)
    noted = {"against": str(appeal.against_id), "state": appeal.state, "outcome": appeal.outcome}
    audit.record(session, f"appeal.{action}", noun="appeal", noun_id=appeal.id, region=appeal.region, fields=noted)


async def begun(
    session: AsyncSession,
    appeal_id: UUID,
    *,
    state: str,
    act: str,
    if_match: int | None = None,
    party: UUID | None = None,
) -> Appeal:
    """The appeal, locked and one version on, to do something with it in that state.

    AppealNotFound, PreconditionFailed, AppealStateConflict.
    """
    appeal = await queries.find_appeal(session, appeal_id, party=party, for_update=True)
    check_version(if_match, appeal.version)
    if appeal.state != state:
        raise AppealStateConflict(
            f"The appeal is {appeal.state}; only one that is {state} can be {act}.", state=appeal.state
        )
    appeal.version += 1
    appeal.updated_at = clock.now()
    return appeal


def note(
    session: AsyncSession, appeal: Appeal, kind: str, *, words: str | None, document: DocumentIn | None = None
) -> None:
    """Add a step to the history."""
    session.add(
        AppealEntry(
            id=new_id(),
            appeal_id=appeal.id,
            kind=kind,
            author=principal_in(session).subject,
            words=words,
            document_sha256=document.sha256 if document else None,
            document_title=document.title if document else None,
            at=clock.now(),
        )
    )


async def set_suspension(session: AsyncSession, appeal: Appeal, *, suspends: bool, reason: str) -> None:
    """Withhold publication and money effects of the determination appealed against, or let them go on.

    They go on when no other appeal suspends them. The decision upon a flag has no such effects.
    """
    if appeal.against != "determination" or suspends == appeal.suspends:
        return
    if suspends:
        await suspend(session, appeal.against_id, appeal_id=appeal.id, reason=reason)
        await suspend_uses(session, appeal.against_id, appeal_id=appeal.id)
    else:
        await release(session, appeal.against_id, appeal_id=appeal.id, reason=reason)
        if not (await standing(session, appeal.against_id)).suspended_by:
            await resume_uses(session, appeal.against_id)
    appeal.suspends = suspends
