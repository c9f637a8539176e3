"""Acts on rectifications, one module per use case."""

from scoring.rectifications.service.acts import (
    activate_rectification,
    cancel_rectification,
    close_rectification,
    complete_rectification,
    conclude_rectification,
    open_rectification,
    post_to_rectification,
    report_rectification,
    resolve_rectification,
    resume_rectification,
    stop_rectification,
)
from scoring.rectifications.service.determined import follow_use, tell_due_rectifications
from scoring.rectifications.service.standing import standing_rectifications
from scoring.rectifications.service.store import rectification_event

__all__ = [
    "activate_rectification",
    "cancel_rectification",
    "close_rectification",
    "complete_rectification",
    "conclude_rectification",
    "follow_use",
    "open_rectification",
    "post_to_rectification",
    "rectification_event",
    "report_rectification",
    "resolve_rectification",
    "resume_rectification",
    "standing_rectifications",
    "stop_rectification",
    "tell_due_rectifications",
]
