"""What every step leaves behind: a row in the list of acts, an audit row, and the event of the new state."""

from collections.abc import AsyncIterator, Iterable
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from scoring.evaluations import queries
from scoring.evaluations.errors import EvaluationStateRefused
from scoring.evaluations.models import Act, Case, Evaluation
from shared import audit, clock
from shared.db import principal_in
from shared.events import EvaluationCaseUpdated, EvaluationUpdated, EventData
from shared.ids import new_id
from shared.outbox import emit

__all__ = ["case_event", "evaluation_event", "expect", "note", "note_case", "note_evaluation", "standing_events"]

NEXT = {
    "planned": "draw the assignment: POST /v1/evaluations/{id}/draw",
    "rating": "wait for the ratings and close: POST /v1/evaluations/{id}/close",
    "rated": "open the exchange of views: POST /v1/evaluations/{id}/exchange",
    "preliminary": "open the exchange of views: POST /v1/evaluations/{id}/exchange",
    "exchange": "take views, then conclude: POST /v1/evaluations/cases/{id}/conclude",
    "review": "review one level up: POST /v1/evaluations/cases/{id}/review",
    "final": "publish: POST /v1/evaluations/cases/{id}/publish",
    "published": "nothing: it is published; an appeal is the way to a change",
    "cancelled": "nothing: it was cancelled",
}


def expect(subject: Evaluation | Case, *states: str) -> None:
    """Refuse a step that is not possible in this state, and say which one is."""
    if subject.state not in states:
        noun = "evaluation" if isinstance(subject, Evaluation) else "case"
        raise EvaluationStateRefused(
            f"The {noun} {subject.id} is {subject.state}; this step needs {' or '.join(states)}. "
            f"Next: {NEXT[subject.state]}.",
            state=subject.state,
        )


def note(
    session: AsyncSession,
    kind: str,
    *,
    evaluation_id: UUID,
    region: str,
    case_id: UUID | None = None,
    outcome: str | None = None,
    reason: str | None = None,
) -> None:
    """Put a step on the list of acts and into the audit."""
    session.add(
        Act(
            id=new_id(),
            region=region,
            evaluation_id=evaluation_id,
            case_id=case_id,
            kind=kind,
            outcome=outcome,
            reason=reason,
            by=principal_in(session).subject,
            at=clock.now(),
        )
    )
    noun, noun_id = ("evaluation_case", case_id) if case_id else ("evaluation", evaluation_id)
    audit.record(session, f"{noun}.{kind}", noun=noun, noun_id=noun_id, region=region)


def note_case(
    session: AsyncSession,
    evaluation: Evaluation,
    case: Case,
    kind: str,
    *,
    outcome: str | None = None,
    reason: str | None = None,
) -> None:
    """A step that changed a case: its version rises and its event goes out."""
    case.version += 1
    note(
        session, kind, evaluation_id=evaluation.id, region=case.region, case_id=case.id, outcome=outcome, reason=reason
    )
    emit(session, case_event(evaluation, case), subject=case.contract_id, region=case.region)


def note_evaluation(
    session: AsyncSession, evaluation: Evaluation, cases: Iterable[Case], kind: str, *, reason: str | None = None
) -> None:
    """A step that changed an evaluation: its version rises and its event goes out."""
    evaluation.version += 1
    note(session, kind, evaluation_id=evaluation.id, region=evaluation.region, reason=reason)
    emit(session, evaluation_event(evaluation, list(cases)), subject=evaluation.id, region=evaluation.region)


def evaluation_event(evaluation: Evaluation, cases: list[Case]) -> EvaluationUpdated:
    """The event of an evaluation as it stands."""
    return EvaluationUpdated(
        evaluation_id=evaluation.id,
        version=evaluation.version,
        region=evaluation.region,
        simulated=any(case.simulated for case in cases),
        title=evaluation.title,
        state=evaluation.state,
        stage=evaluation.stage,
        framework_id=evaluation.framework_id,
        framework_version=evaluation.framework_version,
        framework_hash=evaluation.framework_hash,
        form_id=evaluation.form_id,
        form_version=evaluation.form_version,
        form_sha256=evaluation.form_sha256,
        per_case=evaluation.per_case,
        cases=len(cases),
        evaluators=len(evaluation.evaluator_ids),
        rating_until=evaluation.rating_until,
    )


def case_event(evaluation: Evaluation, case: Case) -> EvaluationCaseUpdated:
    """The event of a case as it stands."""
    return EvaluationCaseUpdated(
        case_id=case.id,
        version=case.version,
        evaluation_id=case.evaluation_id,
        contract_id=case.contract_id,
        region=case.region,
        simulated=case.simulated,
        state=case.state,
        stage=evaluation.stage,
        framework_id=evaluation.framework_id,
        exchange_until=case.exchange_until,
        views_until=case.views_until,
        concluded_at=case.concluded_at,
        published_at=case.published_at,
    )


_PAGE = 200


async def standing_events(session: AsyncSession) -> AsyncIterator[tuple[EventData, UUID | str, str]]:
    """Every evaluation and its cases as they stand, for a listener that starts anew."""
    after: UUID | None = None
    while found := await queries.list_evaluations(session, state=None, after=after, limit=_PAGE):
        for evaluation in found:
            cases = await queries.cases_of(session, evaluation.id)
            yield evaluation_event(evaluation, cases), evaluation.id, evaluation.region
            for case in cases:
                yield case_event(evaluation, case), case.contract_id, case.region
        after = found[-1].id
