"""Writing an appeal: its history, its events, the suspension of what it is against."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from scoring.appeals import queries
from scoring.appeals.case import beyond_scope, resting_on
from scoring.appeals.errors import AppealStateConflict
from scoring.appeals.models import Appeal, AppealEntry
from scoring.determinations.queries import standing, suspended_by_appeal
from scoring.determinations.service import release, suspend
from scoring.results.queries import rule_set_for, rule_set_of
from scoring.results.rules import AppealClocks
from scoring.results.schemas import DocumentIn
from scoring.results.service import resume_uses, suspend_uses
from shared import audit, clock
from shared.concurrency import check_version
from shared.db import principal_in
from shared.events import AppealState
from shared.ids import new_id
from shared.outbox import emit

__all__ = ["announce", "appeal_clocks", "appeal_event", "begun", "end_suspension", "note", "set_suspension", "withhold"]


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


async def appeal_clocks(session: AsyncSession, *, against: str, against_id: UUID, region: str) -> AppealClocks:
    """The clocks of an appeal: of the rule set that the determination's consequences were opened by.

    The decision upon a flag opens nothing: there it is the rule set that applies to the region.
    """
    if against != "determination":
        return (await rule_set_for(session, region)).appeal
    return (await rule_set_of(session, against_id, region=region)).appeal


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
    """Withhold publication and money effects of what is appealed against, or let them go on.

    They go on when no other appeal suspends them. Of a flag's decision these are the determinations of the contract
    that rest on its round; where there is none, nothing is suspended.
    """
    if suspends == appeal.suspends:
        return
    if not suspends:
        await end_suspension(session, appeal, reason=reason)
        return
    if appeal.against == "determination":
        await withhold(session, appeal, [appeal.against_id], reason=reason)
    elif appeal.round_id is not None:
        resting = await resting_on(session, appeal.round_id, [appeal.contract_id])
        await withhold(session, appeal, resting, reason=reason)


async def withhold(session: AsyncSession, appeal: Appeal, determination_ids: Sequence[UUID], *, reason: str) -> None:
    """Suspend these determinations, as far as the appeal does not yet."""
    with beyond_scope(session):  # those of a flag may lie beside the caller's region
        already = await suspended_by_appeal(session, appeal.id)
        for determination_id in determination_ids:
            if determination_id not in already:
                await suspend(session, determination_id, appeal_id=appeal.id, reason=reason)
                await suspend_uses(session, determination_id, appeal_id=appeal.id)
    appeal.suspends = appeal.suspends or bool(determination_ids)


async def end_suspension(session: AsyncSession, appeal: Appeal, *, reason: str) -> None:
    """Let everything go on that this appeal suspends, as far as no other appeal does."""
    with beyond_scope(session):
        for determination_id in await suspended_by_appeal(session, appeal.id):
            await release(session, determination_id, appeal_id=appeal.id, reason=reason)
            if not (await standing(session, determination_id)).suspended_by:
                await resume_uses(session, determination_id)
    appeal.suspends = False
