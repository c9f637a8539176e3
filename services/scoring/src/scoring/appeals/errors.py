from shared.problems import Conflict, Forbidden, NotFound

__all__ = [
    "AppealNotFound",
    "AppealPending",
    "AppealPeriodOver",
    "AppealStateConflict",
    "DeciderBarred",
    "FlagDecisionNotFound",
    "NotAPartyToTheCase",
    "NotServedYet",
]


class AppealNotFound(NotFound):
    """There is no such appeal in the caller's scope."""

    slug, title = "appeal-not-found", "No such appeal"


class FlagDecisionNotFound(NotFound):
    """There is no such decision upon a flag that holds the contract."""

    slug, title = "flag-decision-not-found", "No such decision"


class NotAPartyToTheCase(Forbidden):
    """Only the provider and the purchaser of the case may appeal."""

    slug, title = "not-a-party-to-the-case", "You are no party to the case"


class NotServedYet(Conflict):
    """The time for an appeal begins with the service of the decision."""

    slug, title = "appeal-not-served-yet", "The decision was not served yet"


class AppealPeriodOver(Conflict):
    """The time for an appeal is over; its last day is named."""

    slug, title = "appeal-period-over", "The time for an appeal is over"


class AppealPending(Conflict):
    """The same side has appealed against it already; the appeal is named."""

    slug, title = "appeal-pending", "Appealed already"


class AppealStateConflict(Conflict):
    """The state of the appeal does not allow this."""

    slug, title = "appeal-state-conflict", "The state does not allow this"


class DeciderBarred(Conflict):
    """Who took part in the first decision, or appeals, does not decide the appeal."""

    slug, title = "appeal-decider-barred", "Another person must decide"
