"""A change of staff: what one person has open goes to another, counted and recorded."""

from sqlalchemy.ext.asyncio import AsyncSession

from contracts.acts.errors import HandoverNotYours
from contracts.acts.models import Act, Handover
from contracts.acts.queries import open_acts_of
from contracts.acts.service.steps import note_step
from contracts.deputies.service import end_deputies, move_responsibilities
from contracts.rules.queries import may_keep
from shared import audit, clock
from shared.db import principal_in
from shared.ids import new_id
from shared.problems import Forbidden, Unprocessable

__all__ = ["give", "hand_over"]


async def hand_over(session: AsyncSession, *, scope: str, from_subject: str, to_subject: str, reason: str) -> Handover:
    """Move open acts and named responsibilities of a region from one person to another; deputies end.

    Three persons stay three: where the successor has an act in another hand already, the step is left to anybody in
    office (`cleared_acts`). What was done stays in the name of whoever did it.

    Raises:
        HandoverNotYours: the caller is neither that person, nor of a finance department, nor an operator.
        Forbidden: the region is not wholly within the caller's.
        Unprocessable: the two are one person.
    """
    principal = principal_in(session)
    if not may_keep(principal, scope):
        raise Forbidden(f"{scope} is outside your scope ({', '.join(principal.regions) or 'none'}).", region=scope)
    if principal.subject != from_subject and not principal.roles & {"finance", "operator"}:
        raise HandoverNotYours("The person itself, a finance department or an operator hands work over.")
    if from_subject == to_subject:
        raise Unprocessable("The two are one person.", errors=[{"pointer": "/to_subject", "detail": "is from_subject"}])
    handover_id = new_id()
    acts = await open_acts_of(session, subject=from_subject, scope=scope)
    cleared = 0
    for act in acts:
        cleared += give(act, from_subject, to_subject)
        act.version += 1
    await session.flush()
    for act in acts:
        note_step(session, act, step="handover", by=principal.subject, note=f"{from_subject} -> {to_subject}")
    moved = await move_responsibilities(
        session, from_subject=from_subject, to_subject=to_subject, scope=scope, handover_id=handover_id
    )
    handover = Handover(
        id=handover_id,
        from_subject=from_subject,
        to_subject=to_subject,
        reason=reason,
        scope=scope,
        moved_acts=len(acts),
        cleared_acts=cleared,
        moved_responsibilities=moved,
        ended_deputies=await end_deputies(session, subject=from_subject, scope=scope, reason=reason),
        handed_over_by=principal.subject,
        handed_over_at=clock.now(),
    )
    session.add(handover)
    await session.flush()
    counts = {"acts": handover.moved_acts, "responsibilities": moved, "deputies": handover.ended_deputies}
    audit.record(session, "staff.handed-over", noun="handover", noun_id=handover_id, fields=counts)
    return handover


def give(act: Act, leaving: str, coming: str) -> bool:
    """Put one person in another's place in an act; whether a name had to be cleared instead."""
    named = (act.reviewer, act.signer)
    if act.handler == leaving:
        act.handler = coming
    hands = {act.handler, act.prepared_by, act.prepared_for}
    act.reviewer = coming if act.reviewer == leaving else act.reviewer
    if act.reviewer == coming and coming in hands:
        act.reviewer = None
    act.signer = coming if act.signer == leaving else act.signer
    if act.signer == coming and coming in {*hands, act.reviewer, act.reviewed_by, act.reviewed_for}:
        act.signer = None
    return (act.reviewer, act.signer) != tuple(coming if name == leaving else name for name in named)
