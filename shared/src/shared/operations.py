"""What an operator sees of a service: dead letters, jobs, gaps; and the acts on them."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Request
from pydantic import Field
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from shared import audit, clock, inbox
from shared.auth import Principal, allow
from shared.db import Database, ReadSession, WriteSession, is_unavailable
from shared.inbox import Subscription
from shared.jobs import ADDED
from shared.problems import Conflict, NotFound
from shared.savepoint import savepoint
from shared.web import Out, router

__all__ = ["operations_router"]

_REOPEN = text("UPDATE job SET state = 'open', attempts = 0, run_at = :now, finished_at = NULL WHERE id = :id")


class DeadLetter(Out):
    """An event that could not be applied."""

    source: str = Field(description="Producing service.")
    epoch: int = Field(description="Epoch of the source.")
    seq: int = Field(description="Number of the event in its source.")
    type: str = Field(description="Type of the event.")
    event_id: UUID | None = Field(description="Id of the event, when it could be read.")
    reason: str | None = Field(description="The last error.")
    attempts: int = Field(description="Tries so far.")
    received_at: datetime = Field(description="When it was given up.")


class JobOut(Out):
    """A job that is open or has failed."""

    id: UUID = Field(description="Id of the job.")
    kind: str = Field(description="What runs.")
    key: str = Field(description="What it is about.")
    state: str = Field(description="open or failed.")
    run_at: datetime = Field(description="When it is due.")
    attempts: int = Field(description="Failed tries so far.")
    error: str | None = Field(description="The last error.")
    progress: dict[str, Any] | None = Field(description="How far a long job has come.")


class JobIsOpen(Conflict):
    """There is nothing to repeat."""

    slug, title = "job-is-open", "A newer job does the work already"


class DeadLetterStillFails(Conflict):
    """The handler failed again."""

    slug, title = "dead-letter-still-fails", "The event still cannot be applied"


def operations_router(service: str, subscriptions: tuple[Subscription, ...]) -> APIRouter:
    """The operator's endpoints of a service, under /v1/operations/<service>."""
    routes = router(tags=["operations"], prefix=f"/v1/operations/{service}")
    by_source = {subscription.source: subscription for subscription in subscriptions}

    @routes.get(
        "/dead-letters", summary="Events that could not be applied", operation_id=f"list_dead_letters_{service}"
    )
    async def list_dead_letters(session: ReadSession, _: Annotated[Principal, allow("operator")]) -> list[DeadLetter]:
        rows = await session.execute(
            text(
                "SELECT source, epoch, seq, type, event_id, reason, attempts, received_at FROM inbox "
                "WHERE state = 'dead' ORDER BY received_at LIMIT 200"
            )
        )
        return [DeadLetter.model_validate(row) for row in rows]

    @routes.post(
        "/dead-letters/{source}/{epoch}/{seq}/reapply",
        summary="Apply a dead event again",
        operation_id=f"reapply_dead_letter_{service}",
        status_code=204,
    )
    async def reapply_dead_letter(
        source: str,
        epoch: int,
        seq: int,
        request: Request,
        session: WriteSession,
        _: Annotated[Principal, allow("operator")],
    ) -> None:
        subscription = by_source.get(source)
        if subscription is None or not -1 <= epoch < 2**31 or not 0 <= seq < 2**63:
            raise NotFound(f"This service keeps no dead event {source} {epoch}:{seq}.")
        database: Database = request.app.state.database
        try:
            await inbox.reapply(database, subscription, source=source, epoch=epoch, seq=seq)
        except inbox.EventNotKeptError as error:
            raise NotFound(f"This service keeps no dead event {source} {epoch}:{seq}.") from error
        except Exception as error:
            if is_unavailable(error):
                raise
            raise DeadLetterStillFails(f"It fails again: {type(error).__name__}: {error}"[:500]) from error
        audit.record(session, "dead-letter.reapplied", noun="event", noun_id=f"{source} {epoch}:{seq}")

    @routes.get("/jobs", summary="Failed and open jobs", operation_id=f"list_jobs_{service}")
    async def list_jobs(session: ReadSession, _: Annotated[Principal, allow("operator")]) -> list[JobOut]:
        rows = await session.execute(
            text(
                "SELECT id, kind, key, state, run_at, attempts, error, progress FROM job "
                "WHERE state <> 'done' ORDER BY state = 'open', run_at, id LIMIT 200"
            )
        )
        return [JobOut.model_validate(row) for row in rows]

    @routes.post(
        "/jobs/{job_id}/retry",
        summary="Run a failed job again",
        operation_id=f"retry_job_{service}",
        status_code=204,
    )
    async def retry_job(job_id: UUID, session: WriteSession, _: Annotated[Principal, allow("operator")]) -> None:
        """From where it had come; once its cause is mended."""
        failed = text("SELECT kind, key FROM job WHERE id = :id AND state = 'failed' FOR UPDATE")
        row = (await session.execute(failed, {"id": job_id})).one_or_none()
        if row is None:
            raise NotFound(f"This service keeps no failed job {job_id}.")
        try:
            async with savepoint(session):
                await session.execute(_REOPEN, {"id": job_id, "now": clock.now()})
        except IntegrityError as error:
            raise JobIsOpen(f"A job {row.kind} {row.key} is open; it does the same.") from error
        session.info[ADDED] = True
        audit.record(session, "job.retried", noun="job", noun_id=f"{row.kind} {row.key}")

    return routes
