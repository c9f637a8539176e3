from shared.problems import Conflict, NotFound, Unprocessable

__all__ = [
    "LibraryUnreadable",
    "NotSealable",
    "NothingToReport",
    "ReportExists",
    "ReportNotFound",
    "ReportNotReady",
    "SealExists",
    "TableNotAdditive",
]


class ReportNotFound(NotFound):
    """There is no such report in the caller's scope."""

    slug, title = "report-not-found", "No such report"


class NothingToReport(NotFound):
    """The contract has nothing that the caller may read: no score, no determination in effect, none published."""

    slug, title = "nothing-to-report", "Nothing to report on"


class ReportExists(Conflict):
    """The determination has its report, or the number is taken; the standing report is named."""

    slug, title = "report-exists", "Reported already"


class ReportNotReady(Conflict):
    """The report is still being made."""

    slug, title = "report-not-ready", "The report is being made"


class NotSealable(Conflict):
    """The scan names another document than the one that was issued."""

    slug, title = "report-not-sealable", "It is not this document that was sealed"


class SealExists(Conflict):
    """A sealed scan is bound to the report; replacing it takes a reason."""

    slug, title = "seal-exists", "Sealed already"


class TableNotAdditive(Conflict):
    """The ministry's table adds points up; the framework has a node that does not, or a rule without a formula."""

    slug, title = "table-not-additive", "The table cannot hold this framework"


class LibraryUnreadable(Unprocessable):
    """The file is no indicator library; each row that is wrong is named."""

    slug, title = "library-unreadable", "The indicator library cannot be read"
