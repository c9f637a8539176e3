"""Refusals about acts in three hands."""

from shared.problems import Conflict, Forbidden, NotFound, PreconditionFailed

__all__ = [
    "ActAlreadyOpen",
    "ActNamesAnother",
    "ActNeedsOtherPerson",
    "ActNotFound",
    "ActNotReady",
    "ActStale",
    "HandoverNotYours",
]


class ActNotFound(NotFound):
    """There is no such act, or it lies in a region outside the scope."""

    slug, title = "act-not-found", "No such act"


class ActAlreadyOpen(Conflict):
    """The contract has an open act of this action."""

    slug, title = "act-already-open", "Such an act is open already"


class ActNotReady(Conflict):
    """The act is at another step."""

    slug, title = "act-not-ready", "The act is at another step"


class ActNeedsOtherPerson(Conflict):
    """Preparing, reviewing and signing are done by three persons."""

    slug, title = "act-needs-other-person", "Another person does this step"


class ActNamesAnother(Conflict):
    """The step is a named person's."""

    slug, title = "act-names-another", "Another person is named for this step"


class ActStale(PreconditionFailed):
    """The contract has changed since the act was prepared."""

    slug, title = "act-stale", "The contract has changed since the act was prepared"


class HandoverNotYours(Forbidden):
    """Work is handed over by the person itself, a finance department or an operator."""

    slug, title = "handover-not-yours", "Somebody else hands this work over"
