"""Refusals about acceptances."""

from shared.problems import Conflict

__all__ = ["AcceptanceInTheFuture", "AcceptanceNotRepeatable", "OpinionOfAnotherContract"]


class AcceptanceInTheFuture(Conflict):
    """Nothing is accepted before its day."""

    slug, title = "acceptance-in-the-future", "The date of acceptance lies in the future"


class AcceptanceNotRepeatable(Conflict):
    """Only a rejected or partly accepted acceptance of this contract is held again, each once."""

    slug, title = "acceptance-not-repeatable", "This acceptance is not held again"


class OpinionOfAnotherContract(Conflict):
    """The wave asked the recipients of another contract."""

    slug, title = "opinion-of-another-contract", "The wave is another contract's"
