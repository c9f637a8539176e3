"""The clock of marks: what has passed its last day ends."""

from datetime import timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from contracts.marks.service import end_overdue_marks
from shared.jobs import ClaimedJob, Continue, Job

__all__ = ["end_marks_job"]

_CHUNK = 200


async def end_marks(session: AsyncSession, _: ClaimedJob) -> Continue | None:
    """One chunk of the marks that are over."""
    return Continue(None) if await end_overdue_marks(session, limit=_CHUNK) == _CHUNK else None


end_marks_job = Job("contracts.end_marks", end_marks, every=timedelta(hours=1))
