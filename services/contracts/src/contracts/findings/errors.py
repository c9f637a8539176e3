"""Refusals about findings."""

from shared.problems import Conflict, NotFound

__all__ = [
    "EliminationPeriodRuns",
    "FindingNotFound",
    "FindingStateConflict",
    "FindingWithoutEffect",
    "NotResponsible",
    "ReportAwaited",
    "SecondPersonNeeded",
]


class FindingNotFound(NotFound):
    """There is no such finding in the caller's regions."""

    slug, title = "finding-not-found", "No such finding"


class FindingStateConflict(Conflict):
    """The finding's state does not allow this; `actions` names what it does."""

    slug, title = "finding-state-conflict", "The finding's state does not allow this"


class EliminationPeriodRuns(Conflict):
    """A matter does not end before its period has."""

    slug, title = "elimination-period-runs", "The period still runs"


class ReportAwaited(Conflict):
    """Nothing was reported, and the day from which it is judged without a report has not come."""

    slug, title = "report-awaited", "A report is awaited"


class SecondPersonNeeded(Conflict):
    """Who reported does not judge the report."""

    slug, title = "second-person-needed", "A second person has to do this"


class NotResponsible(Conflict):
    """The caller is not the party that must put the matter right."""

    status = 403
    slug, title = "not-responsible", "This is for the responsible party to do"


class FindingWithoutEffect(Conflict):
    """What was not put right does not end without an effect; `missing` names it."""

    slug, title = "finding-without-effect", "The finding has had no effect yet"
