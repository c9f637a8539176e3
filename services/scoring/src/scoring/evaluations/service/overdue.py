"""What has run out: ratings that are outstanding, and exchanges of views that nobody concluded. Told once each."""

from datetime import date, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from scoring.evaluations import queries
from scoring.evaluations.models import Act, Case, Evaluation
from scoring.evaluations.service.steps import note
from shared import clock
from shared.events import ClockOverdue
from shared.ids import new_id
from shared.jobs import ClaimedJob, Job
from shared.outbox import emit

__all__ = ["OVERDUE_JOB", "sweep_overdue"]

_MOST: Final = 50
RATING, VIEWS = "rating", "views"


async def sweep_overdue(session: AsyncSession) -> int:
    """Note what ran out since the last sweep, and emit `scoring.clock.overdue.v1` per contract; returns how many.

    At most 50 of either at a time; the next sweep goes on.
    """
    told = 0
    noted = select(Act.evaluation_id).where(Act.kind == "overdue", Act.outcome == RATING)
    late = select(Evaluation).where(
        Evaluation.state == "rating", Evaluation.rating_until < clock.now(), Evaluation.id.not_in(noted)
    )
    for evaluation in (await session.execute(late.order_by(Evaluation.id).limit(_MOST))).scalars():
        tasks = await queries.assignments_of(session, evaluation_id=evaluation.id)
        waiting = {task.case_id for task in tasks if task.state in {"assigned", "declared"}}
        note(session, "overdue", evaluation_id=evaluation.id, region=evaluation.region, outcome=RATING)
        for case in await queries.cases_of(session, evaluation.id):
            if case.id in waiting:
                _tell(session, case, RATING, owner="evaluator", due_on=clock.day_of(evaluation.rating_until))
                told += 1
    # An exchange that was opened again after one more evaluator runs out again.
    noted_views = (
        select(Act.id)
        .where(Act.kind == "overdue", Act.outcome == VIEWS, Act.case_id == Case.id, Act.at > Case.exchange_until)
        .exists()
    )
    open_cases = select(Case).where(Case.state == "exchange", Case.exchange_until < clock.now(), ~noted_views)
    for case in (await session.execute(open_cases.order_by(Case.id).limit(_MOST))).scalars():
        until = case.exchange_until
        note(
            session,
            "overdue",
            evaluation_id=case.evaluation_id,
            region=case.region,
            case_id=case.id,
            outcome=VIEWS,
        )
        _tell(session, case, VIEWS, owner="evaluator", due_on=clock.day_of(until) if until else clock.today())
        told += 1
    return told


def _tell(session: AsyncSession, case: Case, what: str, *, owner: str, due_on: date) -> None:
    contract_id: UUID = case.contract_id
    emit(
        session,
        ClockOverdue(
            notice_id=new_id(),
            noun="evaluation_case",
            noun_id=case.id,
            contract_id=contract_id,
            region=case.region,
            simulated=case.simulated,
            clock=what,
            owner=owner,
            due_on=due_on,
            recorded_at=clock.now(),
        ),
        subject=contract_id,
        region=case.region,
    )


async def _run(session: AsyncSession, _: ClaimedJob) -> None:
    await sweep_overdue(session)


OVERDUE_JOB = Job("evaluations.overdue", _run, every=timedelta(minutes=15))
