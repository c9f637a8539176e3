"""The steps that every act on a complaint is made of."""

from datetime import datetime

from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncSession

from shared.events import ComplaintUpdated
from shared.ids import new_id
from shared.outbox import emit
from surveys.complaints.clocks import clocks
from surveys.complaints.models import Complaint, Contact, Entry
from surveys.kernel.redaction import redact

__all__ = ["complaint_updated", "end_contact", "keep_contact", "note", "set_open"]


def note(
    session: AsyncSession, complaint: Complaint, kind: str, *, author: str, now: datetime, words: str | None = None
) -> None:
    """Add a step to the history, its words redacted, and tell of the case as it stands now."""
    clean = redact(words) if words else None
    session.add(Entry(id=new_id(), complaint_id=complaint.id, at=now, kind=kind, author=author, words=clean))
    emit(session, complaint_updated(complaint), subject=complaint.id, region=complaint.region)


def complaint_updated(complaint: Complaint) -> ComplaintUpdated:
    """The event of a case as it is: no words and no person."""
    fields = {name: getattr(complaint, name) for name in ComplaintUpdated.model_fields if name != "complaint_id"}
    return ComplaintUpdated(complaint_id=complaint.id, **fields)


def set_open(complaint: Complaint, *, now: datetime) -> None:
    """Open a closed case again: its clock and the questions begin anew."""
    complaint.status, complaint.closed_at, complaint.outcome = "open", None, None
    complaint.asked, complaint.ask_at = 0, None
    complaint.reopened += 1
    complaint.replied_at = None
    complaint.expected_at = clocks().expected_at(complaint.severity, since=now)


async def end_contact(session: AsyncSession, complaint: Complaint, *, now: datetime) -> None:
    """The case has ended: its contact data go after the time in the settings."""
    until = clocks().contact_until(now)
    await session.execute(update(Contact).where(Contact.complaint_id == complaint.id).values(delete_at=until))


async def keep_contact(session: AsyncSession, complaint: Complaint) -> None:
    """The case goes on: so do its contact data."""
    await session.execute(update(Contact).where(Contact.complaint_id == complaint.id).values(delete_at=None))
