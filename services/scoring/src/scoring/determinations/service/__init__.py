from scoring.determinations.service.acts import acted_event, annul, publish, release, serve, suspend
from scoring.determinations.service.issue import IN_EFFECT, issue_determination, issued_event

__all__ = [
    "IN_EFFECT",
    "acted_event",
    "annul",
    "issue_determination",
    "issued_event",
    "publish",
    "release",
    "serve",
    "suspend",
]
