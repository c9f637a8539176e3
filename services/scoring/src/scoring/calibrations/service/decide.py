"""What people decide: on a flag, on a round whose evaluators agree too little; and what a changed mark would give."""

from decimal import Decimal
from typing import Final
from uuid import UUID

import numpy as np
from sqlalchemy.ext.asyncio import AsyncSession

from scoring.calibrations import queries
from scoring.calibrations.errors import (
    AlreadyDecided,
    FlagNotFound,
    MarksRefused,
    NothingToAdjudicate,
    RoundOpen,
    SamePerson,
)
from scoring.calibrations.models import CalibrationCorrection, CalibrationDecision, CalibrationRound
from scoring.calibrations.schemas import AdjudicationIn, FlagDecisionIn, TrialIn, TrialOut
from scoring.kernel.raters.fair import fair_mean
from shared import audit, clock
from shared.concurrency import check_version
from shared.db import principal_in
from shared.ids import new_id
from shared.jobs import enqueue

__all__ = ["FLAG_DECIDED", "adjudicate", "correct_mark", "decide_flag", "decide_flag_on_appeal", "trial_value"]

FLAG_DECIDED: Final = "scoring.flag_decided"
"""Kind of the job that follows a decision on a flag; its key is the decision's id. The appeals slice runs it: what an
appeal against an earlier decision suspends may go on."""


async def decide_flag(
    session: AsyncSession, round_id: UUID, flag_id: UUID, body: FlagDecisionIn
) -> CalibrationDecision:
    """Record what was decided on a flag, by somebody else than who closed the round.

    Nothing happens by itself: marks stay, an evaluator is not barred. With `second_evaluation` further evaluators are
    added to the cases and a new round replaces this one.

    Raises:
        RoundNotFound, FlagNotFound, AlreadyDecided, SamePerson.
    """
    found = await queries.find_round(session, round_id, lock=True)
    flag = await queries.find_flag(session, round_id, flag_id)
    _check_other(session, found)
    known = await _standing(session, round_id, flag_id)
    if known is not None and known.outcome != "annulled":
        raise AlreadyDecided(
            f"Flag {flag_id} was decided by {known.decided_by}: {known.outcome}.", decision=str(known.id)
        )
    replaces = None if known is None else known.id
    made = await _record(
        session,
        found,
        reasons=body.reasons,
        document_number=body.document_number,
        outcome=body.outcome,
        flag_id=flag.id,
        replaces=replaces,
    )
    if replaces is not None:
        await enqueue(session, FLAG_DECIDED, key=str(made.id))
    return made


async def _standing(session: AsyncSession, round_id: UUID, flag_id: UUID) -> CalibrationDecision | None:
    """The decision upon a flag that nothing replaces."""
    decisions = await queries.decisions_of(session, round_id)
    replaced = {each.replaces for each in decisions}
    return next((each for each in decisions if each.flag_id == flag_id and each.id not in replaced), None)


async def decide_flag_on_appeal(
    session: AsyncSession,
    round_id: UUID,
    decision_id: UUID,
    *,
    outcome: str,
    reasons: str,
    document_number: str,
    appeal_id: UUID,
) -> CalibrationDecision:
    """Replace the decision upon a flag by what an appeal decided: another outcome, or `annulled`.

    After `annulled` the flag is undecided again: it holds its contracts until somebody decides anew. The caller has
    made sure that the decider took no part in the first decision.

    Raises:
        RoundNotFound, FlagNotFound; AlreadyDecided: the decision was replaced already.
    """
    found = await queries.find_round(session, round_id, lock=True)
    old = next((each for each in await queries.decisions_of(session, round_id) if each.id == decision_id), None)
    if old is None or old.flag_id is None:
        raise FlagNotFound(f"There is no decision {decision_id} upon a flag of calibration round {round_id}.")
    standing = await _standing(session, round_id, old.flag_id)
    if standing is None or standing.id != old.id:
        raise AlreadyDecided(
            f"Decision {decision_id} was replaced already.", decision=None if standing is None else str(standing.id)
        )
    return await _record(
        session,
        found,
        reasons=reasons,
        document_number=document_number,
        outcome=outcome,
        flag_id=old.flag_id,
        replaces=old.id,
        appeal_id=appeal_id,
    )


async def correct_mark(
    session: AsyncSession,
    round_id: UUID,
    *,
    contract_id: UUID,
    region: str,
    evaluator_id: UUID,
    criterion: str,
    mark: Decimal,
    appeal_id: UUID,
) -> None:
    """Keep a mark that an appeal corrected, so that a later round over the same evaluations takes the corrected one."""
    session.add(
        CalibrationCorrection(
            id=new_id(),
            round_id=round_id,
            contract_id=contract_id,
            region=region,
            evaluator_id=evaluator_id,
            criterion=criterion,
            mark=mark,
            appeal_id=appeal_id,
            recorded_at=clock.now(),
        )
    )
    await session.flush()


async def adjudicate(
    session: AsyncSession, round_id: UUID, body: AdjudicationIn, *, if_match: int | None
) -> CalibrationRound:
    """Record a panel's decision that the marks of a round may be used although its evaluators agree too little.

    Raises:
        RoundNotFound, NothingToAdjudicate, SamePerson, PreconditionFailed.
    """
    found = await queries.find_round(session, round_id, lock=True)
    check_version(if_match, found.version)
    if found.state != "needs_adjudication":
        raise NothingToAdjudicate(f"Calibration round {found.id} is {found.state}; there is nothing to adjudicate.")
    _check_other(session, found)
    await _record(
        session,
        found,
        reasons=body.reasons,
        document_number=body.document_number,
        outcome="adjudicated",
        flag_id=None,
    )
    found.state = "closed"
    found.version += 1
    await session.flush()
    return found


def _check_other(session: AsyncSession, found: CalibrationRound) -> None:
    if principal_in(session).subject == found.closed_by:
        raise SamePerson("You closed this round; another person has to decide on what it found.")


async def _record(
    session: AsyncSession,
    found: CalibrationRound,
    *,
    reasons: str,
    document_number: str | None,
    outcome: str,
    flag_id: UUID | None,
    replaces: UUID | None = None,
    appeal_id: UUID | None = None,
) -> CalibrationDecision:
    made = CalibrationDecision(
        id=new_id(),
        round_id=found.id,
        region=found.region,
        flag_id=flag_id,
        outcome=outcome,
        reasons=reasons,
        document_number=document_number,
        decided_by=principal_in(session).subject,
        decided_at=clock.now(),
        replaces=replaces,
        appeal_id=appeal_id,
    )
    session.add(made)
    await session.flush()
    audit.record(session, "calibration.decided", noun="calibration", noun_id=found.id, region=found.region)
    return made


async def trial_value(session: AsyncSession, round_id: UUID, body: TrialIn) -> TrialOut:
    """What a contract's value on a criterion would be with other marks, under the round's own parameters.

    An appeal is decided with the round's parameters: severities are not estimated anew. Nothing is stored.

    Raises:
        RoundNotFound, RoundOpen; MarksRefused: an evaluator or criterion that the round does not know.
    """
    found = await queries.find_round(session, round_id)
    if found.content is None:
        raise RoundOpen(f"Calibration round {round_id} is open: it has no parameters yet.")
    stored = await queries.values_of(session, round_id=round_id, contract_id=body.contract_id)
    standing = next((each for each in stored if each.criterion == body.criterion), None)
    if standing is None:
        raise MarksRefused(
            f"The round has no value of contract {body.contract_id} on criterion {body.criterion}.",
            errors=[{"pointer": "/criterion", "detail": "no such value in the round"}],
        )
    severities = found.content["criteria"][body.criterion]["severities"]
    known = severities if found.offered else standing.marks
    unknown = [each for each in body.marks if str(each) not in known]
    if unknown:
        raise MarksRefused(
            f"The round knows no severity of evaluator {', '.join(str(each) for each in unknown)}.",
            errors=[{"pointer": f"/marks/{each}", "detail": "not an evaluator of the round"} for each in unknown],
        )
    marks = {evaluator: str(told["mark"]) for evaluator, told in standing.marks.items()}
    marks |= {str(evaluator): str(mark) for evaluator, mark in body.marks.items()}
    gone = {str(each) for each in body.without}
    kept = sorted(evaluator for evaluator in marks if evaluator not in gone)
    if not kept:
        raise MarksRefused("No mark is left.", errors=[{"pointer": "/without", "detail": "leaves no evaluator"}])
    points = [float(severities[each]["points"]) if found.offered else 0.0 for each in kept]
    value, clipped = fair_mean(np.array([float(marks[each]) for each in kept]), np.array(points))
    return TrialOut(
        round_id=round_id,
        contract_id=body.contract_id,
        criterion=body.criterion,
        basis=standing.basis,
        standing=standing.fair if standing.fair is not None else standing.raw,
        value=f"{value:.6f}",
        clipped=clipped,
        ratings=len(kept),
    )
