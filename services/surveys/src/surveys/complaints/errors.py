"""Refusals about complaints."""

from shared.problems import Conflict, NotFound

__all__ = ["ComplaintClosed", "ComplaintConflict", "ComplaintNotFound", "ComplaintOpen", "OutcomeNotDue"]


class ComplaintNotFound(NotFound):
    """There is no such complaint for this caller, or no complaint has this code."""

    slug, title = "complaint-not-found", "No such complaint"


class ComplaintConflict(Conflict):
    """The id was used with other content."""

    slug, title = "complaint-conflict", "The id was used with other content"


class ComplaintClosed(Conflict):
    """A closed complaint is reopened before anything else is done with it."""

    slug, title = "complaint-closed", "The complaint is closed"


class ComplaintOpen(Conflict):
    """Only a closed complaint can be reopened."""

    slug, title = "complaint-open", "The complaint is open"


class OutcomeNotDue(Conflict):
    """The citizen says whether the matter is settled when the case is closed, and once for each closing."""

    slug, title = "complaint-outcome-not-due", "The outcome is not asked for now"
