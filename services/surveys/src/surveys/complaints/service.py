"""Acts on complaints: receive, triage, reply, close, confirm, reopen, and the sweeps of the clocks."""

import hashlib
from dataclasses import asdict, dataclass
from datetime import datetime
from uuid import UUID

import rfc8785
from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from shared import audit, clock
from shared.auth import Principal
from shared.ids import new_id
from surveys.complaints import queries
from surveys.complaints.clocks import clocks
from surveys.complaints.codes import code_key, code_of, open_contact, seal_contact
from surveys.complaints.errors import (
    ComplaintClosed,
    ComplaintConflict,
    ComplaintNotFound,
    ComplaintOpen,
    OutcomeNotDue,
)
from surveys.complaints.models import Complaint, Contact, Entry
from surveys.complaints.queries import Case
from surveys.complaints.steps import complaint_updated, end_contact, keep_contact, note, set_open
from surveys.kernel.crockford import CodeMalformed
from surveys.kernel.redaction import redact
from surveys.waves.queries import ContractStub, get_contract

__all__ = [
    "SWEEP",
    "NewComplaint",
    "answer_outcome",
    "ask_due",
    "close_complaint",
    "complaint_updated",
    "delete_contacts",
    "find_by_code",
    "read_contact",
    "receive_complaint",
    "reopen_complaint",
    "reply_to_complaint",
    "triage_complaint",
]

# A report of wrongdoing waits less; who praises waits for nothing.
FIRST_SEVERITY = {"complaint": "normal", "suggestion": "low", "praise": "low", "report": "high"}
SWEEP = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class NewComplaint:
    """What a citizen hands in."""

    contract_id: UUID
    kind: str
    service_code: str
    description: str
    address: str | None = None
    language: str | None = None
    contact: str | None = None

    @property
    def sha256(self) -> bytes:
        """Hash of the RFC 8785 form of the content."""
        content = asdict(self) | {"contract_id": str(self.contract_id)}
        return hashlib.sha256(rfc8785.dumps(content)).digest()


async def receive_complaint(session: AsyncSession, complaint_id: UUID, new: NewComplaint) -> tuple[Case, str, bool]:
    """Take a case once; returns it, its receipt code and whether it is new.

    The texts are redacted before they are stored; contact data go into their own table, sealed.

    Raises:
        ContractUnknown: the contract is not known here.
        ComplaintConflict: the id was used with other content.
    """
    contract = await get_contract(session, new.contract_id)
    now, code = clock.now(), code_of(complaint_id)
    severity, praise = FIRST_SEVERITY[new.kind], new.kind == "praise"
    inserted = await session.scalars(
        insert(Complaint)
        .values(
            id=complaint_id,
            version=1,
            contract_id=contract.id,
            region=contract.region,
            simulated=contract.simulated,
            code_key=code_key(code),
            content_sha256=new.sha256,
            kind=new.kind,
            service_code=new.service_code,
            severity=severity,
            language=new.language,
            description=redact(new.description),
            address=redact(new.address) if new.address else None,
            status="closed" if praise else "open",
            asked=0,
            reopened=0,
            requested_at=now,
            updated_at=now,
            closed_at=now if praise else None,
            expected_at=None if praise else clocks().expected_at(severity, since=now),
        )
        .on_conflict_do_nothing()
        .returning(Complaint)
    )
    complaint = inserted.first()
    if complaint is None:
        return await _repeated(session, complaint_id, new, contract), code, False
    if new.contact:
        until = clocks().contact_until(now) if praise else None
        session.add(Contact(complaint_id=complaint_id, sealed=seal_contact(complaint_id, new.contact), delete_at=until))
    note(session, complaint, "received", author="citizen", now=now)
    await session.flush()
    return Case(complaint, contract), code, True


async def find_by_code(session: AsyncSession, code: str, *, for_update: bool = False) -> Case:
    """The case of a receipt code as it was read from paper.

    Raises:
        ComplaintNotFound: it is no code, or no case has it (both answer alike).
    """
    try:
        key = code_key(code)
    except CodeMalformed as error:
        raise ComplaintNotFound("No case has this code. Compare it with your receipt, symbol by symbol.") from error
    return await queries.get_by_code_key(session, key, for_update=for_update)


async def triage_complaint(
    session: AsyncSession, complaint_id: UUID, *, principal: Principal, severity: str, service_code: str | None
) -> Case:
    """Set severity and subject; the time for the answer counts on from when it began.

    Raises:
        ComplaintNotFound, ComplaintClosed: as their names say.
    """
    case = await _open_case(session, complaint_id, principal=principal)
    complaint = case.complaint
    complaint.expected_at = clocks().moved(complaint.expected_at, before=complaint.severity, after=severity)
    complaint.severity = severity
    complaint.service_code = service_code or complaint.service_code
    return await _acted(session, case, "triaged", principal=principal, words=None)


async def reply_to_complaint(session: AsyncSession, complaint_id: UUID, *, principal: Principal, words: str) -> Case:
    """Answer the citizen; the case stays open. The first reply stops the clock.

    Raises:
        ComplaintNotFound, ComplaintClosed: as their names say.
    """
    case = await _open_case(session, complaint_id, principal=principal)
    case.complaint.replied_at = case.complaint.replied_at or clock.now()
    return await _acted(session, case, "replied", principal=principal, words=words)


async def close_complaint(session: AsyncSession, complaint_id: UUID, *, principal: Principal, words: str) -> Case:
    """Close a case with what was done. The citizen is asked twice whether it is settled and may reopen it.

    Raises:
        ComplaintNotFound, ComplaintClosed: as their names say.
    """
    case = await _open_case(session, complaint_id, principal=principal)
    complaint, now = case.complaint, clock.now()
    complaint.status, complaint.status_notes, complaint.closed_at = "closed", redact(words), now
    complaint.replied_at = complaint.replied_at or now
    complaint.asked, complaint.ask_at = 0, clocks().ask_at(now, asked=0)
    return await _acted(session, case, "closed", principal=principal, words=words)


async def reopen_complaint(session: AsyncSession, complaint_id: UUID, *, principal: Principal, words: str) -> Case:
    """Open a closed case again, for example when an inspection shows that nothing was done.

    Raises:
        ComplaintNotFound, ComplaintOpen: as their names say.
    """
    case = await queries.get_case(session, complaint_id, principal=principal, for_update=True)
    if case.complaint.status == "open":
        raise ComplaintOpen("The case is open already.")
    set_open(case.complaint, now=clock.now())
    await keep_contact(session, case.complaint)
    return await _acted(session, case, "reopened", principal=principal, words=words)


async def answer_outcome(session: AsyncSession, code: str, *, resolved: bool, comment: str | None) -> Case:
    """The citizen says whether the matter is settled. "Yes" ends the case, "no" opens it again.

    Raises:
        ComplaintNotFound: no case has the code.
        OutcomeNotDue: the case is open, is praise, or was answered after this closing.
    """
    case = await find_by_code(session, code, for_update=True)
    complaint, now = case.complaint, clock.now()
    if complaint.status == "open":
        raise OutcomeNotDue("The case is being worked on; you are asked when it is closed.")
    if complaint.kind == "praise" or complaint.outcome == "resolved":
        raise OutcomeNotDue("You have said already that the matter is settled, or nothing had to be settled.")
    if resolved:
        complaint.outcome, complaint.ask_at = "resolved", None
        await end_contact(session, complaint, now=now)
    else:
        set_open(complaint, now=now)
        await keep_contact(session, complaint)
    complaint.version += 1
    complaint.updated_at = now
    note(
        session, complaint, "resolved" if resolved else "not_resolved", author="citizen", now=now, words=comment or None
    )
    await session.flush()
    return case


async def read_contact(session: AsyncSession, complaint_id: UUID, *, principal: Principal) -> str | None:
    """Contact data in clear; None when there are none or they were deleted. Every reading leaves an audit row.

    Raises:
        ComplaintNotFound: there is no such case for the caller.
    """
    case = await queries.get_case(session, complaint_id, principal=principal)
    contact = await queries.get_contact(session, complaint_id)
    if contact is None:
        return None
    audit.record(
        session, "complaint.contact_read", noun="complaint", noun_id=complaint_id, region=case.complaint.region
    )
    return open_contact(complaint_id, contact.sealed)


async def ask_due(session: AsyncSession, *, now: datetime) -> int:
    """Do the next step of every closed case whose time has come: ask, ask once more, end as unconfirmed."""
    found = await session.scalars(
        select(Complaint)
        .where(Complaint.ask_at <= now)
        .order_by(Complaint.ask_at)
        .limit(SWEEP)
        .with_for_update(skip_locked=True)
    )
    done = 0
    for complaint in found:
        done += 1
        complaint.version += 1
        if complaint.closed_at is None:
            complaint.ask_at = None
        elif complaint.asked < 2:
            complaint.asked += 1
            complaint.ask_at = clocks().ask_at(complaint.closed_at, asked=complaint.asked)
            note(session, complaint, "asked", author="system", now=now)
        else:
            complaint.outcome, complaint.ask_at = "unconfirmed", None
            await end_contact(session, complaint, now=now)
            note(session, complaint, "unconfirmed", author="system", now=now)
    await session.flush()
    return done


async def delete_contacts(session: AsyncSession, *, now: datetime) -> int:
    """Delete contact data whose time has run out; the history says that it was done."""
    gone = await session.scalars(delete(Contact).where(Contact.delete_at <= now).returning(Contact.complaint_id))
    ids = gone.all()
    session.add_all(
        Entry(id=new_id(), complaint_id=found, at=now, kind="contact_deleted", author="system", words=None)
        for found in ids
    )
    return len(ids)


async def _repeated(session: AsyncSession, complaint_id: UUID, new: NewComplaint, contract: ContractStub) -> Case:
    complaint = await session.scalar(select(Complaint).where(Complaint.id == complaint_id))
    if complaint is None or complaint.content_sha256 != new.sha256:
        raise ComplaintConflict(f"Id {complaint_id} was used with other content; a new case needs a new random id.")
    return Case(complaint, contract)


async def _open_case(session: AsyncSession, complaint_id: UUID, *, principal: Principal) -> Case:
    case = await queries.get_case(session, complaint_id, principal=principal, for_update=True)
    if case.complaint.status == "closed":
        raise ComplaintClosed("The case is closed; reopen it first.")
    return case


async def _acted(session: AsyncSession, case: Case, kind: str, *, principal: Principal, words: str | None) -> Case:
    complaint, now = case.complaint, clock.now()
    complaint.version += 1
    complaint.updated_at = now
    author = "provider" if queries.is_provider(principal) else "officer"
    note(session, complaint, kind, author=author, now=now, words=words)
    audit.record(
        session, f"complaint.{kind}", noun="complaint", noun_id=complaint.id, region=complaint.region, fields=["status"]
    )
    await session.flush()
    return case
