"""Refusals about acceptances."""

from shared.problems import Conflict

__all__ = ["AcceptanceInTheFuture"]


class AcceptanceInTheFuture(Conflict):
    """Nothing is accepted before its day."""

    slug, title = "acceptance-in-the-future", "The date of acceptance lies in the future"
