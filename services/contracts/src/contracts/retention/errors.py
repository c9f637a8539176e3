"""Refusals about retention and holds."""

from shared.problems import Conflict, NotFound

__all__ = ["HoldNotFound", "HoldReleased", "PeriodConflict", "PeriodNotFound"]


class HoldNotFound(NotFound):
    """The contract has no such hold."""

    slug, title = "legal-hold-not-found", "No such legal hold"


class HoldReleased(Conflict):
    """A hold is released once."""

    slug, title = "legal-hold-released", "The hold was released already"


class PeriodNotFound(NotFound):
    """There is no such retention period in the caller's scope."""

    slug, title = "retention-period-not-found", "No such retention period"


class PeriodConflict(Conflict):
    """The period, or who asks, does not allow this."""

    slug, title = "retention-period-conflict", "The retention period does not allow this"
