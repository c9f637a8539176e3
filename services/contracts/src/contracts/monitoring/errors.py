"""Refusals about alerts of the monitoring."""

from shared.problems import Conflict, NotFound

__all__ = ["AlertAlreadyDecided", "AlertNotFound"]


class AlertNotFound(NotFound):
    """There is no such alert in the caller's regions."""

    slug, title = "alert-not-found", "There is no such alert"


class AlertAlreadyDecided(Conflict):
    """An alert is decided once."""

    slug, title = "alert-already-decided", "The alert is decided already"
