"""The steps that every act on a complaint is made of."""

from datetime import datetime

from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncSession

from shared.ids import new_id
from surveys.complaints.clocks import clocks
from surveys.complaints.models import Complaint, Contact, Entry
from surveys.kernel.redaction import redact

__all__ = ["end_contact", "keep_contact", "note", "set_open"]


def note(
    session: AsyncSession, complaint: Complaint, kind: str, *, author: str, now: datetime, words: str | None = None
) -> None:
    """Add a step to the history, its words redacted."""
    clean = redact(words) if words else None
    session.add(Entry(id=new_id(), complaint_id=complaint.id, at=now, kind=kind, author=author, words=clean))


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
