"""What is done in an evaluation: planned, drawn, rated, closed, its cases discussed, reviewed, concluded, published."""

from scoring.evaluations.service.conclude import (
    conclude_case,
    open_exchange,
    publish_case,
    review_case,
    state_view,
)
from scoring.evaluations.service.draw import draw_assignment
from scoring.evaluations.service.exclusions import refuse_conflicted_marks
from scoring.evaluations.service.further import add_evaluator
from scoring.evaluations.service.overdue import OVERDUE_JOB, sweep_overdue
from scoring.evaluations.service.plan import cancel_evaluation, plan_evaluation
from scoring.evaluations.service.rate import close_rating, declare, rate, submit
from scoring.evaluations.service.steps import case_event, evaluation_event, standing_events

__all__ = [
    "OVERDUE_JOB",
    "add_evaluator",
    "cancel_evaluation",
    "case_event",
    "close_rating",
    "conclude_case",
    "declare",
    "draw_assignment",
    "evaluation_event",
    "open_exchange",
    "plan_evaluation",
    "publish_case",
    "rate",
    "refuse_conflicted_marks",
    "review_case",
    "standing_events",
    "state_view",
    "submit",
    "sweep_overdue",
]
