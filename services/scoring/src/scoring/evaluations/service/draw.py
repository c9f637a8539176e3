"""The random assignment: drawn once, logged with seed, algorithm and exclusions, so that anybody can repeat it."""

import asyncio
import secrets
from collections import Counter
from collections.abc import Sequence
from typing import Any
from uuid import UUID

import numpy as np
from sqlalchemy.ext.asyncio import AsyncSession

from scoring.canonical import canonical, sha256
from scoring.evaluations import queries
from scoring.evaluations.errors import AssignmentDisconnected, AssignmentImpossible, AssignmentWeak
from scoring.evaluations.models import Assignment, Case, Draw, Evaluation, Evaluator
from scoring.evaluations.service.exclusions import QUALIFICATION, Exclusions, exclusions
from scoring.evaluations.service.steps import expect, note_case, note_evaluation
from scoring.kernel import assignment as kernel
from shared import clock
from shared.db import principal_in
from shared.ids import new_id

__all__ = ["body_of", "draw_assignment", "draw_of", "generator_of", "pool_of", "task_of"]


def generator_of(seed: str) -> np.random.Generator:
    """The generator that a logged seed stands for: PCG64 through numpy's SeedSequence."""
    return np.random.Generator(np.random.PCG64(np.random.SeedSequence(int(seed, 16))))


async def draw_assignment(session: AsyncSession, evaluation_id: UUID) -> Draw:
    """Draw who rates what, once; the rating begins with it.

    Raises:
        AssignmentImpossible: cases with too few evaluators without a conflict; each is named with the reasons.
        AssignmentDisconnected: cases and evaluators fall apart; the parts are named.
        AssignmentWeak: severities would be determined worse than half as well as the ratings allow.
    """
    evaluation = await queries.find_evaluation(session, evaluation_id, lock=True)
    expect(evaluation, "planned")
    cases = await queries.cases_of(session, evaluation_id, lock=True)
    pool = await pool_of(session, evaluation)
    barred = await exclusions(session, pool, cases)
    seed = secrets.token_hex(16)
    rng = generator_of(seed)
    # A large plan takes seconds of arithmetic: other requests go on meanwhile.
    made = await asyncio.to_thread(_assign, evaluation, cases, pool, barred, rng)
    body = body_of(evaluation, cases, pool, barred) | {
        "algorithm": made.algorithm,
        "balanced": made.balanced,
        "blocks": [list(block) for block in made.blocks],
        "fiedler": made.fiedler,
        "reference": made.reference,
    }
    draw = draw_of(session, evaluation, seed, body, barred)
    session.add(draw)
    await session.flush()
    session.add_all(_tasks(draw, cases, pool, made.blocks, rng))
    evaluation.state = "rating"
    evaluation.drawn_at = draw.drawn_at
    note_evaluation(session, evaluation, cases, "drawn")
    for case in cases:
        case.state = "rating"
        note_case(session, evaluation, case, "drawn")
    return draw


async def pool_of(session: AsyncSession, evaluation: Evaluation) -> list[Evaluator]:
    """The evaluators of the plan who may still take part, by id."""
    found = await queries.evaluators_by_id(session, [UUID(each) for each in evaluation.evaluator_ids])
    organisations = await queries.organisations_by_id(session, {each.organisation_id for each in found.values()})
    return [
        each
        for _, each in sorted(found.items())
        if each.state == "active" and organisations[each.organisation_id].state == "active"
    ]


def _assign(
    evaluation: Evaluation,
    cases: Sequence[Case],
    pool: Sequence[Evaluator],
    barred: Exclusions,
    rng: np.random.Generator,
) -> kernel.Assignment:
    excluded = np.array([[(case.id, each.id) in barred for each in pool] for case in cases], dtype=np.bool_)
    anchors = [place for place, case in enumerate(cases) if case.anchor]
    try:
        made = kernel.assign(
            v=len(pool),
            k=evaluation.per_case,
            excluded=excluded.reshape(len(cases), len(pool)),
            anchors=anchors,
            rng=rng,
        )
    except kernel.TooFewEvaluatorsError as error:
        raise impossible(evaluation, [cases[place] for place in error.cases], pool, barred) from error
    if len(made.components) > 1:
        raise _disconnected(made.blocks, cases, pool, made.components)
    if not made.strong:
        raise AssignmentWeak(
            f"The severities of {len(pool)} evaluators over {len(cases)} cases would be determined badly: the graph's "
            f"second eigenvalue is {made.fiedler:.2f}, a balanced assignment of the size has {made.reference:.2f}, "
            "and half of that is needed. Take fewer evaluators, more per case, or 5 anchors.",
            fiedler=made.fiedler,
            reference=made.reference,
        )
    return made


def impossible(
    evaluation: Evaluation, cases: Sequence[Case], pool: Sequence[Evaluator], barred: Exclusions
) -> AssignmentImpossible:
    named = [
        {
            "case_id": str(case.id),
            "contract_id": str(case.contract_id),
            "evaluators_left": sum((case.id, each.id) not in barred for each in pool),
            "excluded": [
                {"evaluator": each.code, "reasons": barred[case.id, each.id]}
                for each in pool
                if (case.id, each.id) in barred
            ],
        }
        for case in cases
    ]
    contracts = ", ".join(str(each["contract_id"]) for each in named[:5])
    return AssignmentImpossible(
        f"Too few of the {len(pool)} evaluators may rate contract {contracts}; {evaluation.per_case} are needed "
        "(an anchor: two). Plan the evaluation with further evaluators.",
        cases=named,
    )


def _disconnected(
    blocks: Sequence[Sequence[int]],
    cases: Sequence[Case],
    pool: Sequence[Evaluator],
    parted: Sequence[Sequence[int]],
) -> AssignmentDisconnected:
    parts = [
        {
            "evaluators": [pool[member].code for member in part],
            "contracts": [
                str(case.contract_id) for case, block in zip(cases, blocks, strict=True) if set(block) & set(part)
            ],
        }
        for part in parted
    ]
    told = " | ".join(", ".join(part["evaluators"][:6]) for part in parts[:4])
    return AssignmentDisconnected(
        f"The evaluators fall into {len(parts)} parts without a common case ({told}): a severe evaluator could not be "
        "told from a poor region. Add evaluators who may rate across the parts, or at least 5 anchors.",
        components=parts,
    )


def body_of(
    evaluation: Evaluation, cases: Sequence[Case], pool: Sequence[Evaluator], barred: Exclusions
) -> dict[str, Any]:
    """What a draw is logged with: who and what in the order of the numbers, and every exclusion."""
    return {
        "numpy": np.__version__,
        "per_case": evaluation.per_case,
        "evaluators": [str(each.id) for each in pool],
        "cases": [str(case.id) for case in cases],
        "anchors": [str(case.id) for case in cases if case.anchor],
        "exclusions": [
            {"case": str(case), "evaluator": str(evaluator), "reasons": reasons}
            for (case, evaluator), reasons in sorted(barred.items())
        ],
    }


def draw_of(
    session: AsyncSession,
    evaluation: Evaluation,
    seed: str,
    body: dict[str, Any],
    barred: Exclusions,
    *,
    case: Case | None = None,
    random: bool = True,
) -> Draw:
    """The row of a draw; `random` false for a choice."""
    able = {UUID(each) for each in body["evaluators"]} - _out_of_it(body)
    limited = any(
        reason.startswith(QUALIFICATION)
        for (_, evaluator_id), reasons in barred.items()
        if evaluator_id in able
        for reason in reasons
    )
    return Draw(
        id=new_id(),
        evaluation_id=evaluation.id,
        case_id=case.id if case else None,
        region=case.region if case else evaluation.region,
        seed=seed,
        algorithm=str(body["algorithm"]),
        random=random and not limited,
        body=body,
        sha256=sha256(canonical(body)),
        drawn_by=principal_in(session).subject,
        drawn_at=clock.now(),
    )


def _out_of_it(body: dict[str, Any]) -> set[UUID]:
    """Evaluators who may rate none of the cases: they limit nothing."""
    counts = Counter(UUID(each["evaluator"]) for each in body["exclusions"])
    return {evaluator for evaluator, count in counts.items() if count == len(body["cases"])}


def _tasks(
    draw: Draw,
    cases: Sequence[Case],
    pool: Sequence[Evaluator],
    blocks: Sequence[Sequence[int]],
    rng: np.random.Generator,
) -> list[Assignment]:
    """One assignment per mark to give; every evaluator goes through the own cases in a random order."""
    tasks = []
    for number, evaluator in enumerate(pool):
        mine = [case for case, block in zip(cases, blocks, strict=True) if number in block]
        for position, place in enumerate(rng.permutation(len(mine)), 1):
            tasks.append(task_of(draw, mine[place], evaluator, position=position))
    return tasks


def task_of(draw: Draw, case: Case, evaluator: Evaluator, *, position: int) -> Assignment:
    """A case as a task of an evaluator."""
    return Assignment(
        id=new_id(),
        region=case.region,
        evaluation_id=draw.evaluation_id,
        case_id=case.id,
        evaluator_id=evaluator.id,
        draw_id=draw.id,
        position=position,
        state="assigned",
        version=1,
    )
