"""Deciding an appeal: by somebody else, with that round's parameters, and what follows."""

from typing import Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from scoring.appeals import queries
from scoring.appeals.case import beyond_scope, flag_now, resting_on
from scoring.appeals.errors import AppealStateConflict, DeciderBarred
from scoring.appeals.models import Appeal
from scoring.appeals.schemas import DecisionIn, NewDeterminationIn, ServiceOfDecisionIn, SuspensionIn
from scoring.appeals.service.marks import correct_marks
from scoring.appeals.service.store import announce, appeal_clocks, begun, end_suspension, note, set_suspension, withhold
from scoring.calibrations.service import decide_flag_on_appeal
from scoring.determinations.queries import find_determination, standing, suspended_by_appeal
from scoring.determinations.schemas import DeterminationIn
from scoring.determinations.service import annul, issue_determination
from scoring.evidence.queries import lock_contracts
from scoring.results.queries import calendar_for, untold
from scoring.results.service import CHUNK, latest_day, open_results, tell
from shared import clock
from shared.db import principal_in
from shared.events import AppealChanged, AppealDecided
from shared.problems import Unprocessable

__all__ = [
    "decide_appeal",
    "determine_on_appeal",
    "order_suspension",
    "serve_decision",
    "settle_awaited",
    "tell_due_appeals",
]


_CLEARED: Final = ("unfounded", "marks_stand")
"""Decisions upon a flag after which its marks are used as they are."""


async def order_suspension(
    session: AsyncSession, appeal_id: UUID, body: SuspensionIn, *, if_match: int | None = None
) -> Appeal:
    """A reasoned order lifts the suspension, or sets it again, while the appeal is decided.

    AppealStateConflict where nothing changes or nothing can be suspended; DeciderBarred for those who decided first.
    """
    appeal = await begun(session, appeal_id, state="filed", act="ordered about", if_match=if_match)
    _require_other(session, appeal)
    before = appeal.suspends
    await set_suspension(session, appeal, suspends=body.suspends, reason=body.reason)
    if before == appeal.suspends:
        raise AppealStateConflict(
            "The appeal suspends already." if appeal.suspends else "The appeal suspends nothing.", state=appeal.state
        )
    kind = "suspension_ordered" if body.suspends else "suspension_lifted"
    note(session, appeal, kind, words=body.reason, document=body.document)
    announce(session, appeal, AppealChanged, action=kind)
    return appeal


async def decide_appeal(
    session: AsyncSession, appeal_id: UUID, body: DecisionIn, *, if_match: int | None = None
) -> Appeal:
    """Decide an appeal. The caller is none of those who took part in the first decision.

    upheld: the determination stands and its effects go on. changed: corrected marks enter the evidence as the round's
    own parameters make them; the new determination follows within the time for it, and until then effects wait.
    annulled: the determination falls, and what it demanded is void. remitted: the first authority determines anew.

    Of the decision upon a flag: changed replaces it by `flag_outcome`; annulled and remitted leave the flag undecided,
    so that it holds its contracts again. While the marks are not cleared, the determinations of all its contracts that
    rest on them are suspended.

    Raises:
        AppealNotFound, PreconditionFailed, AppealStateConflict, DeciderBarred: as their names say.
        Unprocessable: a correction names a mark that there is not.
    """
    appeal = await begun(session, appeal_id, state="filed", act="decided", if_match=if_match)
    _require_other(session, appeal)
    if (body.flag_outcome is not None) != (appeal.against == "flag_decision" and body.outcome == "changed"):
        raise Unprocessable(
            "flag_outcome says what a changed decision upon a flag becomes; it belongs there and nowhere else.",
            errors=[{"pointer": "/flag_outcome", "detail": "comes with `changed` against a flag's decision"}],
        )
    if body.corrections:
        if appeal.round_id is None:
            raise Unprocessable(
                "The case has no marks of evaluators to correct.",
                errors=[{"pointer": "/corrections", "detail": "there are no marks"}],
            )
        appeal.corrections = await correct_marks(session, appeal, appeal.round_id, body)
    appeal.state, appeal.outcome, appeal.decision = "decided", body.outcome, body.reasons
    appeal.decision_number = body.decision_number
    appeal.decided_by, appeal.decided_at = principal_in(session).subject, clock.now()
    appeal.clock, appeal.due_on = None, None
    if appeal.against == "determination":
        await _follow(session, appeal, body)
    else:
        await _follow_flag(session, appeal, body)
    note(session, appeal, "decided", words=body.reasons, document=body.document)
    announce(session, appeal, AppealDecided, action="decided")
    return appeal


async def _follow(session: AsyncSession, appeal: Appeal, body: DecisionIn) -> None:
    reason = f"Appeal {appeal.id} was decided ({body.decision_number}): {body.outcome}."
    if body.outcome in {"changed", "remitted"}:
        # The effects of what falls must not begin again for the few days until the new determination is there.
        clocks = await appeal_clocks(
            session, against=appeal.against, against_id=appeal.against_id, region=appeal.region
        )
        calendar = await calendar_for(session, appeal.region)
        appeal.clock = "refile"
        appeal.due_on = calendar.limit(calendar.day_of(clock.now()), clocks.refile)
        return
    if body.outcome == "annulled":
        # The suspension ends with what it suspended; nothing is resumed.
        if (await standing(session, appeal.against_id)).in_force:
            await annul(session, appeal.against_id, appeal_id=appeal.id, reason=reason)
        await open_results(session, appeal.against_id)
        appeal.suspends = False
        return
    await set_suspension(session, appeal, suspends=False, reason=reason)


async def _follow_flag(session: AsyncSession, appeal: Appeal, body: DecisionIn) -> None:
    """What becomes of the flag's decision, and of the determinations that rest on it."""
    assert appeal.round_id is not None  # noqa: S101 - filed with it
    reason = f"Appeal {appeal.id} was decided ({body.decision_number}): {body.outcome}."
    if body.outcome == "upheld":
        await set_suspension(session, appeal, suspends=False, reason=reason)
        return
    with beyond_scope(session):  # a round may belong to a region above
        made = await decide_flag_on_appeal(
            session,
            appeal.round_id,
            appeal.against_id,
            outcome=body.flag_outcome or "annulled",
            reasons=body.reasons,
            document_number=body.decision_number,
            appeal_id=appeal.id,
        )
    if made.outcome in _CLEARED and not body.corrections:
        await set_suspension(session, appeal, suspends=False, reason=reason)
        return
    # All that rests on marks which somebody has to look at again waits, not only the appellant's.
    contracts, _ = await flag_now(session, appeal.against_id, round_id=appeal.round_id)
    await lock_contracts(session, contracts)
    resting = await resting_on(session, appeal.round_id, contracts)
    await withhold(session, appeal, resting, reason=reason)
    clocks = await appeal_clocks(session, against=appeal.against, against_id=appeal.against_id, region=appeal.region)
    calendar = await calendar_for(session, appeal.region)
    appeal.clock, appeal.due_on = "refile", calendar.limit(calendar.day_of(clock.now()), clocks.refile)


async def _settle_flag(session: AsyncSession, appeal: Appeal) -> bool:
    """End what an appeal against a flag's decision suspends, when the marks are cleared or nothing rests on them."""
    assert appeal.round_id is not None  # noqa: S101 - filed with it
    _, now = await flag_now(session, appeal.against_id, round_id=appeal.round_id)
    suspended = await suspended_by_appeal(session, appeal.id)
    standing_still = [each for each in suspended if (await standing(session, each)).in_force]
    cleared = now in _CLEARED and not appeal.corrections
    if standing_still and not cleared:
        return False
    if not standing_still and now is None:
        return False  # nothing waits, and the flag still has to be decided anew
    await end_suspension(session, appeal, reason=f"What appeal {appeal.id} asked to be looked at again is decided.")
    return True


async def determine_on_appeal(
    session: AsyncSession, appeal_id: UUID, body: NewDeterminationIn, *, if_match: int | None = None
) -> Appeal:
    """Issue the determination that carries out a decision to change or remit; it names the one that it replaces.

    Raises AppealNotFound, AppealStateConflict, DeciderBarred, and whatever `issue_determination` refuses. A remitted
    case is determined by the first authority, who may be the one that signed before.
    """
    appeal = await begun(session, appeal_id, state="decided", act="carried out", if_match=if_match)
    if appeal.outcome not in {"changed", "remitted"} or appeal.against != "determination":
        raise AppealStateConflict(
            f"The appeal was {appeal.outcome}: there is nothing to determine.", state=appeal.state
        )
    if appeal.new_determination_id is not None:
        raise AppealStateConflict(f"Determination {appeal.new_determination_id} carries it out.", state=appeal.state)
    if appeal.outcome == "changed":
        _require_other(session, appeal)
    old, _ = await find_determination(session, appeal.against_id)
    made = await issue_determination(
        session,
        DeterminationIn(
            contract_id=appeal.contract_id,
            framework_id=old.framework_id,
            document_number=body.document_number,
            content_hash=body.content_hash,
            replaces=old.id,
            reason=f"{appeal.decision_number}: {appeal.decision}"[:4000],
            panel=body.panel,
            reweighted=body.reweighted,
            softened_targets=body.softened_targets,
        ),
        appeal_id=appeal.id,
    )
    appeal.new_determination_id = made.id
    appeal.clock, appeal.due_on, appeal.suspends = None, None, False
    await open_results(session, old.id)  # what the old one demanded is void now
    note(session, appeal, "determined", words=body.document_number)
    announce(session, appeal, AppealChanged, action="determined")
    return appeal


async def serve_decision(
    session: AsyncSession, appeal_id: UUID, body: ServiceOfDecisionIn, *, if_match: int | None = None
) -> Appeal:
    """Record that the decision was handed over to the side that appealed.

    AppealNotFound, AppealStateConflict; Unprocessable for a time before the decision or in the future.
    """
    appeal = await begun(session, appeal_id, state="decided", act="served", if_match=if_match)
    if appeal.served_at is not None:
        raise AppealStateConflict(f"The decision was served at {appeal.served_at.isoformat()}.", state=appeal.state)
    if appeal.decided_at is None or not appeal.decided_at <= body.served_at <= clock.now():
        raise Unprocessable(
            "A decision is served after it was made and before that is reported.",
            errors=[{"pointer": "/served_at", "detail": "before the decision, or in the future"}],
        )
    appeal.served_at, appeal.proof_of_service = body.served_at, body.proof.sha256
    note(session, appeal, "served", words=None, document=body.proof)
    announce(session, appeal, AppealChanged, action="served")
    return appeal


def _require_other(session: AsyncSession, appeal: Appeal) -> None:
    subject = principal_in(session).subject
    if subject in appeal.barred:
        raise DeciderBarred(
            "You took part in the first decision, or filed the appeal; somebody else decides it.", subject=subject
        )


async def settle_awaited(session: AsyncSession) -> None:
    """End what decided appeals still suspend, where what they asked for has been decided or determined since."""
    after: UUID | None = None
    # All of them: many that still wait must not keep those behind them from being settled.
    while waiting := await queries.awaited_determinations(session, after=after, limit=CHUNK):
        for each in waiting:
            await _settle(session, each)
        await session.flush()
        after = waiting[-1].id


async def _settle(session: AsyncSession, appeal: Appeal) -> None:
    if appeal.against == "flag_decision":
        if await _settle_flag(session, appeal):
            appeal.clock, appeal.due_on = None, None
            appeal.version += 1
            announce(session, appeal, AppealChanged, action="settled")
        return
    successor = (await standing(session, appeal.against_id)).replaced_by
    if successor is not None:
        # The first authority has determined a remitted case anew by itself.
        appeal.new_determination_id, appeal.clock, appeal.due_on, appeal.suspends = successor, None, None, False
        appeal.version += 1
        announce(session, appeal, AppealChanged, action="determined")


async def tell_due_appeals(session: AsyncSession, *, after: UUID | None) -> UUID | None:
    """Give the notices about appeals, of a chunk; returns its last id, None at the end."""
    if after is None:
        await settle_awaited(session)
    due = await untold(session, Appeal, until=latest_day(), after=after, limit=CHUNK)
    for each in due:
        today = (await calendar_for(session, each.region)).day_of(clock.now())
        await tell(session, each, noun="appeal", limit=each.clock or "decide", owner="finance", today=today)
    return due[-1].id if len(due) == CHUNK else None
