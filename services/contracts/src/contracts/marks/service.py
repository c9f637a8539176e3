"""Setting, reviewing and ending marks. Each changes what everybody is told, so that each tells the contract anew."""

from uuid import UUID

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from contracts.contracts.queries import get_contract
from contracts.contracts.service import raise_version, require_party, tell_again
from contracts.marks.errors import MarkAlreadySet, MarkStateConflict
from contracts.marks.models import DisclosureMark
from contracts.marks.queries import get_mark
from contracts.marks.schemas import MarkIn
from shared import audit, clock
from shared.concurrency import check_version
from shared.db import principal_in
from shared.ids import new_id
from shared.problems import Unprocessable

__all__ = ["end_mark", "end_overdue_marks", "review_mark", "set_mark"]


async def set_mark(session: AsyncSession, body: MarkIn, *, contract_id: UUID) -> DisclosureMark:
    """Mark a contract, a field or a document; it counts at once. MarkAlreadySet while another one stands."""
    state = (await get_contract(session, contract_id=contract_id)).state
    principal = principal_in(session)
    require_party(principal, purchaser_id=state.purchaser.organisation_id, provider_id=None, members=state.members)
    if body.until is not None and body.until < clock.today():
        raise Unprocessable(
            "The last day has passed.", errors=[{"pointer": "/until", "detail": f"is before {clock.today()}"}]
        )
    mark = DisclosureMark(
        id=new_id(),
        version=1,
        contract_id=contract_id,
        region=state.region,
        subject=body.subject,
        target=body.target,
        level=body.level,
        basis=body.basis,
        until=body.until,
        set_by=principal.subject,
        set_at=clock.now(),
    )
    await raise_version(session, contract_id=contract_id)
    session.add(mark)
    try:
        await session.flush()
    except IntegrityError as error:
        raise MarkAlreadySet(
            f"{body.subject} {body.target} has a mark that stands; end it first: GET /v1/contracts/{contract_id}"
            "/disclosure, then POST .../disclosure/{mark_id}/end."
        ) from error
    await _told(session, mark, "disclosure.marked")
    return mark


async def review_mark(
    session: AsyncSession, *, contract_id: UUID, mark_id: UUID, if_match: int | None
) -> DisclosureMark:
    """A second person confirms a mark. MarkStateConflict for the person who set it, and for one that has ended."""
    mark = await _open(session, contract_id=contract_id, mark_id=mark_id, if_match=if_match)
    subject = principal_in(session).subject
    if mark.set_by == subject:
        raise MarkStateConflict("A mark is reviewed by a second person, not by the one who set it.")
    if mark.reviewed_by is not None:
        raise MarkStateConflict(f"It was reviewed on {mark.reviewed_at} by {mark.reviewed_by}.")
    mark.reviewed_by, mark.reviewed_at, mark.version = subject, clock.now(), mark.version + 1
    await session.flush()
    audit.record(
        session, "disclosure.reviewed", noun="contract", noun_id=contract_id, region=mark.region, fields=_noted(mark)
    )
    return mark


async def end_mark(
    session: AsyncSession, *, contract_id: UUID, mark_id: UUID, reason: str, if_match: int | None
) -> DisclosureMark:
    """End a mark: what it covered is public again. A reviewed mark is ended by a person who did not set it."""
    mark = await _open(session, contract_id=contract_id, mark_id=mark_id, if_match=if_match)
    if mark.reviewed_by is not None and mark.set_by == principal_in(session).subject:
        raise MarkStateConflict("A reviewed mark is ended by a second person, not by the one who set it.")
    await _end(session, mark, reason=reason)
    return mark


async def end_overdue_marks(session: AsyncSession, *, limit: int) -> int:
    """End marks whose last day has passed, so that listeners and readers of the feed are told; answers how many."""
    overdue = (
        select(DisclosureMark)
        .where(DisclosureMark.ended_at.is_(None), DisclosureMark.until < clock.today())
        .order_by(DisclosureMark.id)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    marks = (await session.execute(overdue)).scalars().all()
    for mark in marks:
        await _end(session, mark, reason=f"Its last day was {mark.until}.")
    return len(marks)


async def _open(session: AsyncSession, *, contract_id: UUID, mark_id: UUID, if_match: int | None) -> DisclosureMark:
    state = (await get_contract(session, contract_id=contract_id)).state
    principal = principal_in(session)
    require_party(principal, purchaser_id=state.purchaser.organisation_id, provider_id=None, members=state.members)
    mark = await get_mark(session, contract_id=contract_id, mark_id=mark_id)
    check_version(if_match, mark.version)
    if mark.ended_at is not None:
        raise MarkStateConflict(f"The mark ended on {mark.ended_at}: {mark.end_reason}")
    return mark


async def _end(session: AsyncSession, mark: DisclosureMark, *, reason: str) -> None:
    await raise_version(session, contract_id=mark.contract_id)
    mark.ended_by, mark.ended_at, mark.end_reason = principal_in(session).subject, clock.now(), reason
    mark.version += 1
    await session.flush()
    await _told(session, mark, "disclosure.ended")


async def _told(session: AsyncSession, mark: DisclosureMark, act: str) -> None:
    await tell_again(session, contract_id=mark.contract_id, action=act, fields=_noted(mark))


def _noted(mark: DisclosureMark) -> dict[str, str]:
    return {"mark_id": str(mark.id), "subject": mark.subject, "target": mark.target, "level": mark.level}
