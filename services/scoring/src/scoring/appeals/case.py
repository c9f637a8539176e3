"""The case of an appeal: its marks, raw and calibrated, its round, and who took part in the first decision.

A round and its evaluations may belong to a region above the caller's. Whoever has been found to be a party of the case
reads what is about the case, and no more.
"""

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from scoring.appeals.errors import FlagDecisionNotFound
from scoring.appeals.schemas import MarkOut, MarksOut, ValueOut
from scoring.calibrations.queries import decisions_of, find_round, flags_of, values_of
from scoring.determinations.queries import list_determinations
from scoring.evaluations.queries import (
    assignments_of,
    evaluations_of,
    evaluators_by_id,
    list_cases,
    submitted_marks,
)
from scoring.evidence.queries import evidence_as_of
from scoring.scores.queries import items_of, row_of
from shared.auth import SYSTEM
from shared.db import principal_in

__all__ = [
    "FlagDecision",
    "beyond_scope",
    "flag_decision_of",
    "flag_now",
    "marks_of",
    "resting_on",
    "round_of",
    "took_part_in",
]

_CASES = 200


@dataclass(frozen=True, slots=True)
class FlagDecision:
    """The decision upon a flag."""

    decided_by: str
    decided_at: datetime


async def flag_now(session: AsyncSession, decision_id: UUID, *, round_id: UUID) -> tuple[list[UUID], str | None]:
    """The contracts of the flag that a decision was upon, and what is decided upon it now; None: it is undecided."""
    with beyond_scope(session):
        flag_id = next(each.flag_id for each in await decisions_of(session, round_id) if each.id == decision_id)
        flag, decision = next(each for each in await flags_of(session, round_id) if each[0].id == flag_id)
    undecided = decision is None or decision.outcome == "annulled"
    return sorted(flag.contracts), None if undecided or decision is None else decision.outcome


async def resting_on(session: AsyncSession, round_id: UUID, contract_ids: Collection[UUID]) -> list[UUID]:
    """The determinations in force of these contracts whose score rests on the round's values."""
    found: list[UUID] = []
    with beyond_scope(session):
        for contract_id in contract_ids:
            for made, _ in await list_determinations(
                session, contract_id=contract_id, provider=None, after=None, limit=_CASES, in_force=True
            ):
                row = await row_of(
                    session,
                    contract_id=contract_id,
                    framework_id=made.framework_id,
                    content_hash=made.content_hash,
                )
                rated = [item[4]["details"] for item in await items_of(session, row.content) if item[1] == "rating"]
                if any(details.get("round") == str(round_id) for details in rated):
                    found.append(made.id)
    return found


@contextmanager
def beyond_scope(session: AsyncSession) -> Iterator[None]:
    """Reach what belongs to the case of a party that has been found; whoever acts stays who acts."""
    principal = principal_in(session)
    session.info["principal"] = replace(SYSTEM, subject=principal.subject)
    try:
        yield
    finally:
        session.info["principal"] = principal


async def round_of(session: AsyncSession, contract_id: UUID, *, known_at: datetime) -> UUID | None:
    """The calibration round whose values had entered the contract's evidence last by an instant.

    A determination is appealed against with the round's parameters that it rests on, whatever round came after its
    cut-off. None where no marks were in the case by then.
    """
    with beyond_scope(session):
        items = await evidence_as_of(session, contract_id, known_at=known_at)
    rated = [body for _, kind, _, _, body in items if kind == "rating" and body["details"].get("round")]
    last = max(rated, key=lambda body: datetime.fromisoformat(body["recorded_at"]), default=None)
    return None if last is None else UUID(last["details"]["round"])


async def took_part_in(session: AsyncSession, contract_id: UUID, *, round_id: UUID | None) -> set[str]:
    """Subjects who took part in the evaluation of a contract or in its round: evaluators, reviewers, who closed it."""
    with beyond_scope(session):
        cases = await list_cases(session, contract_id=contract_id, after=None, limit=_CASES)
        raters = {each.evaluator_id for case in cases for each in await assignments_of(session, case_id=case.id)}
        people = {evaluator.subject for evaluator in (await evaluators_by_id(session, raters)).values()}
        people |= {case.reviewed_by for case in cases if case.reviewed_by is not None}
        # The lead evaluator signs with the register's code; who that is, the register says.
        leads = {each.lead_id for each in (await evaluations_of(session, cases)).values()}
        people |= {evaluator.subject for evaluator in (await evaluators_by_id(session, leads)).values()}
        if round_id is not None:
            closed_by = (await find_round(session, round_id)).closed_by
            people |= {closed_by} if closed_by is not None else set()
            people |= {decision.decided_by for decision in await decisions_of(session, round_id)}
    return people


async def flag_decision_of(
    session: AsyncSession, decision_id: UUID, *, round_id: UUID, contract_id: UUID
) -> FlagDecision:
    """The decision upon a flag that holds a contract; FlagDecisionNotFound."""
    with beyond_scope(session):
        for flag, decision in await flags_of(session, round_id):
            if decision is None or decision.id != decision_id or decision.outcome == "annulled":
                continue
            if contract_id in flag.contracts:
                return FlagDecision(decision.decided_by, decision.decided_at)
    raise FlagDecisionNotFound(f"No decision {decision_id} upon a flag of round {round_id} is about the contract.")


async def marks_of(session: AsyncSession, contract_id: UUID) -> MarksOut:
    """The raw and the calibrated marks of one contract; the caller has been found to be a party of its case."""
    with beyond_scope(session):
        cases = await list_cases(session, contract_id=contract_id, after=None, limit=_CASES)
        marks = await submitted_marks(session, {case.evaluation_id for case in cases})
        values = await values_of(session, contract_id=contract_id)
    # Nobody sees a mark before its rating is closed: of a case that is being rated again those that a round has.
    closed = {case.evaluation_id for case in cases if case.state not in {"planned", "rating"}}
    known = {UUID(evaluator) for value in values for evaluator in value.marks}
    columns = zip(marks.contract, marks.rater, marks.criterion, marks.mark, marks.evaluation, strict=True)
    return MarksOut(
        contract_id=contract_id,
        raw=[
            MarkOut(evaluator_id=rater, criterion=criterion, mark=float(mark), evaluation_id=evaluation)
            for contract, rater, criterion, mark, evaluation in columns
            if contract == contract_id and (evaluation in closed or rater in known)
        ],
        calibrated=[ValueOut.model_validate(value) for value in values],
    )
