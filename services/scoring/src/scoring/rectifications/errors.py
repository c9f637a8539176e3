from shared.problems import Conflict, Forbidden, NotFound

__all__ = [
    "EliminationPeriodRuns",
    "NotTheResponsibleParty",
    "RectificationNotFound",
    "RectificationStateConflict",
    "ReportAwaited",
]


class RectificationNotFound(NotFound):
    """There is no such rectification in the caller's scope."""

    slug, title = "rectification-not-found", "No such rectification"


class RectificationStateConflict(Conflict):
    """The state of the rectification does not allow this; `actions` names what it does allow."""

    slug, title = "rectification-state-conflict", "The state does not allow this"


class ReportAwaited(Conflict):
    """Without a report the resolution waits for a day of the elimination period."""

    slug, title = "rectification-report-awaited", "The report is awaited"


class EliminationPeriodRuns(Conflict):
    """A rectification ends with its period, not before."""

    slug, title = "elimination-period-runs", "The period still runs"


class NotTheResponsibleParty(Forbidden):
    """Somebody else must do this."""

    slug, title = "not-the-responsible-party", "Somebody else must do this"
