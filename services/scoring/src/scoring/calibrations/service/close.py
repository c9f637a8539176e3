"""Closing a round: its parameters, values and flags are fixed, and the values become evidence."""

import asyncio
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

import numpy as np
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from scoring.calibrations import queries
from scoring.calibrations.columns import TOTAL, Column, columns_of, marks_hash
from scoring.calibrations.computation import ALGORITHM, DRIFT, Found, compute
from scoring.calibrations.errors import EvaluationsNotRated, RoundClosed
from scoring.calibrations.models import CalibratedValue, CalibrationFlag, CalibrationRound
from scoring.calibrations.refusal import refusal_text
from scoring.canonical import canonical_text, sha256
from scoring.evaluations.queries import Marks, cases_of, find_evaluation, find_form, submitted_marks
from scoring.evaluations.service import refuse_conflicted_marks
from scoring.evidence.queries import standing_statement
from scoring.evidence.service import add_statements
from scoring.evidence.statements import Statement
from scoring.kernel.raters.flags import Flag
from shared import audit, clock
from shared.concurrency import check_version
from shared.db import principal_in
from shared.ids import new_id
from shared.jobs import ClaimedJob, Continue, Job, enqueue

__all__ = ["ENTER_JOB", "close_round"]

KIND: Final = "calibrations.enter"
_CHUNK: Final = 50
_LEAST_FIGURE: Final = Decimal("0.000001")


async def close_round(session: AsyncSession, round_id: UUID, *, if_match: int | None) -> CalibrationRound:
    """Calibrate the round's marks, or refuse to and say why; nothing of it changes afterwards.

    The values become evidence by a job that follows at once; until it is done they hold the determinations. A round
    whose evaluators agree too little (alpha below .667) is `needs_adjudication`.

    Raises:
        RoundNotFound, RoundClosed, PreconditionFailed.
        EvaluationsNotRated: there is no submitted mark at all, or a case got a further evaluator meanwhile.
        EvaluatorHasConflict: marks come from an evaluator of whom a conflict became known.
    """
    found = await queries.find_round(session, round_id, lock=True)
    check_version(if_match, found.version)
    if found.state != "open":
        raise RoundClosed(f"Calibration round {found.id} was closed by {found.closed_by} and does not change any more.")
    ids = [UUID(each) for each in found.evaluation_ids]
    await _check_rated(session, ids)
    await refuse_conflicted_marks(session, ids)
    marks = await submitted_marks(session, ids)
    if not marks.unit:
        raise EvaluationsNotRated(
            "There is no submitted rating in these evaluations.", evaluations=found.evaluation_ids
        )
    form = await find_form(session, found.form_id, found.form_version)
    weights = {each["code"]: float(each["weight"]) for each in form.document["criteria"] if each.get("weight")}
    corrected = await queries.corrections_of(session, set(marks.contract), evaluation_ids=found.evaluation_ids)
    marks = _corrected(marks, corrected)
    columns, whole = columns_of(marks, weights=weights)
    whole = _corrected_total(whole, corrected)
    digest = marks_hash(marks)
    earlier = None if found.prior_round_id is None else await queries.find_round(session, found.prior_round_id)
    # In a thread of its own: a large round takes seconds, and other requests go on.
    result = await asyncio.to_thread(
        compute, columns, whole, level=found.level, prior=_severities(earlier), seed=int(digest[:15], 16)
    )
    simulated = {case.contract_id: case.simulated for each in ids for case in await cases_of(session, each)}
    await _store(
        session,
        found,
        result,
        whole,
        marks_digest=digest,
        prior=earlier,
        simulated=simulated,
        corrected=sorted(
            [str(contract), str(rater), name, f"{mark:.6f}"] for (contract, rater, name), mark in corrected.items()
        ),
    )
    await enqueue(session, KIND, key=str(found.id))
    audit.record(session, "calibration.closed", noun="calibration", noun_id=found.id, region=found.region)
    return found


async def _check_rated(session: AsyncSession, evaluation_ids: list[UUID]) -> None:
    """Nobody is rating: the evaluations are locked, so that nobody begins to while the round is being closed."""
    again = [
        str(each)
        for each in sorted(evaluation_ids)
        if (await find_evaluation(session, each, lock=True)).state != "rated"
    ]
    if again:
        raise EvaluationsNotRated(
            f"Evaluation {', '.join(again)} is being rated again: close its rating first, "
            f"POST /v1/evaluations/{again[0]}/close.",
            evaluations=again,
        )


def _corrected(marks: Marks, corrected: Mapping[tuple[UUID, UUID, str], Decimal]) -> Marks:
    """The marks as appeals have put them right."""
    if not corrected:
        return marks
    named = zip(marks.contract, marks.rater, marks.criterion, strict=True)
    right = [float(corrected.get(each, mark)) for each, mark in zip(named, marks.mark.tolist(), strict=True)]
    return replace(marks, mark=np.array(right))


def _corrected_total(whole: Column, corrected: Mapping[tuple[UUID, UUID, str], Decimal]) -> Column:
    """The same of whole ratings, where one mark is all that enters."""
    named = [
        (whole.contracts[unit], whole.evaluators[rater], TOTAL)
        for unit, rater in zip(whole.unit.tolist(), whole.rater.tolist(), strict=True)
    ]
    if corrected.keys().isdisjoint(named):
        return whole
    right = [float(corrected.get(each, mark)) for each, mark in zip(named, whole.mark.tolist(), strict=True)]
    return replace(whole, mark=np.array(right))


def _severities(earlier: CalibrationRound | None) -> dict[str, dict[str, Any]]:
    if earlier is None or earlier.content is None or not earlier.offered:
        return {}
    return {name: told["severities"] for name, told in earlier.content["criteria"].items()}


async def _store(
    session: AsyncSession,
    found: CalibrationRound,
    result: Found,
    whole: Column,
    *,
    marks_digest: str,
    prior: CalibrationRound | None,
    simulated: dict[UUID, bool],
    corrected: list[list[str]],
) -> None:
    regions = dict(zip(whole.contracts, whole.region, strict=True))
    values = [
        CalibratedValue(
            round_id=found.id,
            contract_id=each.contract_id,
            region=regions[each.contract_id],
            criterion=each.criterion,
            ratings=each.ratings,
            raw=_figure(each.raw),
            fair=None if each.fair is None else _figure(each.fair),
            shrunk=None if each.shrunk is None else _figure(each.shrunk),
            se=_figure(each.se),
            df=None if each.df is None else Decimal(repr(each.df)),
            clipped=each.clipped,
            evaluator_dependent=each.evaluator_dependent,
            simulated=simulated[each.contract_id],
            basis=each.basis,
            marks=each.marks,
        )
        for each in result.values
    ]
    flags = [_flag(found, each, whole) for each in result.flags]
    session.add_all(values)
    session.add_all(flags)
    found.offered = result.offered
    found.refusal = None if result.reason is None else refusal_text(result)
    found.content = {
        "schema": 1,
        "round": str(found.id),
        "level": found.level,
        "stage": found.stage,
        "framework": found.framework_hash,
        "form": [found.form_id, found.form_version],
        "evaluations": list(found.evaluation_ids),
        "algorithm": ALGORITHM,
        "drift": f"{DRIFT:.6f}",
        "marks": marks_digest,
        "prior": None if prior is None else {"round": str(prior.id), "sha256": prior.sha256},
        "random": whole.random,
        "offered": result.offered,
        "reason": result.reason,
        "parts": result.parts,
        "alpha": f"{result.decisive:.6f}",
        "criteria": result.criteria,
        "values": sha256(canonical_text([_told(each) for each in values])),
        "flags": sha256(canonical_text([[each.kind, each.criterion, each.detail] for each in flags])),
    }
    if corrected:
        found.content = found.content | {"corrected": sha256(canonical_text(corrected))}
    found.sha256 = sha256(canonical_text(found.content))
    found.state = "closed" if result.usable else "needs_adjudication"
    found.closed_by, found.closed_at = principal_in(session).subject, clock.now()
    found.version += 1
    await session.flush()


def _told(value: CalibratedValue) -> list[Any]:
    figures = [None if each is None else f"{each:.6f}" for each in (value.raw, value.fair, value.shrunk, value.se)]
    return [str(value.contract_id), value.criterion, value.basis, *figures, value.marks]


def _figure(value: float) -> Decimal:
    return Decimal(repr(value)).quantize(_LEAST_FIGURE)


def _flag(found: CalibrationRound, flag: Flag, whole: Column) -> CalibrationFlag:
    pair = flag.other is not None and flag.kind == "copying"
    party = None
    if flag.other is not None and not pair:
        party = sorted({each for each in whole.provider if each is not None})[flag.other]
    return CalibrationFlag(
        id=new_id(),
        round_id=found.id,
        region=found.region,
        kind=flag.kind,
        criterion=whole.criterion,
        evaluator_id=whole.evaluators[flag.rater],
        other_evaluator_id=whole.evaluators[flag.other] if pair and flag.other is not None else None,
        provider_id=party,
        contracts=[whole.contracts[each] for each in flag.units],
        detail={
            "effect": f"{flag.effect:.6f}",
            "p": f"{flag.p:.6f}",
            "n": flag.n,
            **{name: f"{value:.6f}" for name, value in sorted(flag.detail.items())},
        },
        # Severity is what calibration takes out; it holds nothing where it was taken out.
        holds=not (flag.kind == "severity" and found.offered),
        raised_at=clock.now(),
    )


async def _enter(session: AsyncSession, job: ClaimedJob) -> Continue | None:
    """One chunk of contracts: their values become evidence, and their scores follow."""
    found = await queries.find_round(session, UUID(job.key))
    waiting = (
        select(CalibratedValue.contract_id)
        .where(CalibratedValue.round_id == found.id, CalibratedValue.evidence_id.is_(None))
        .distinct()
        .order_by(CalibratedValue.contract_id)
        .limit(_CHUNK)
    )
    contract_ids = list((await session.execute(waiting)).scalars())
    if not contract_ids:
        return None
    kinds = defaultdict(set)
    for flag, _ in await queries.flags_of(session, found.id):
        for contract_id in flag.contracts:
            kinds[contract_id].add(flag.kind)
    for contract_id in contract_ids:
        values = await queries.values_of(session, round_id=found.id, contract_id=contract_id)
        statements = [
            (
                _statement(found, value, sorted(kinds[contract_id])),
                await standing_statement(
                    session, contract_id=contract_id, kind="rating", measure=value.criterion, stage=found.stage
                ),
            )
            for value in values
        ]
        ids = await add_statements(session, contract_id=contract_id, statements=statements, by=found.closed_by)
        for value, evidence_id in zip(values, ids, strict=True):
            value.evidence_id = evidence_id
        await session.flush()
    done = (job.cursor or 0) + len(contract_ids)
    return Continue(done, progress={"contracts": done})


def _statement(found: CalibrationRound, value: CalibratedValue, flags: list[str]) -> Statement:
    assert found.closed_at is not None  # noqa: S101 - only a closed round is entered
    figures = {"raw": value.raw, "fair": value.fair, "shrunk": value.shrunk}
    return Statement(
        kind="rating",
        measure=value.criterion,
        value=value.fair if value.basis == "fair" else value.raw,
        dist="t" if value.df is not None else "normal",
        se=value.se,
        df=value.df,
        n=value.ratings,
        unit="points",
        method=f"{ALGORITHM['id']} {ALGORITHM['version']}" if value.basis == "fair" else "mean of the marks",
        stage=found.stage,
        valid_on=clock.day_of(found.closed_at),
        source=f"calibration round {found.id}",
        simulated=value.simulated,
        details={name: None if each is None else f"{each:.6f}" for name, each in figures.items()}
        | {
            "round": str(found.id),
            "round_sha256": found.sha256,
            "basis": value.basis,
            "clipped": value.clipped,
            "evaluator_dependent": value.evaluator_dependent,
            "flags": flags,
        },
    )


ENTER_JOB = Job(KIND, _enter)
