"""Acts on appeals, one module per use case."""

from scoring.appeals.service.decide import (
    decide_appeal,
    determine_on_appeal,
    order_suspension,
    serve_decision,
    settle_awaited,
    tell_due_appeals,
)
from scoring.appeals.service.file import file_appeal, withdraw_appeal
from scoring.appeals.service.standing import standing_appeals
from scoring.appeals.service.store import appeal_event

__all__ = [
    "appeal_event",
    "decide_appeal",
    "determine_on_appeal",
    "file_appeal",
    "order_suspension",
    "serve_decision",
    "settle_awaited",
    "standing_appeals",
    "tell_due_appeals",
    "withdraw_appeal",
]
