"""Refusals about rights and duties, and about calendar feeds."""

from shared.problems import Conflict, NotFound

__all__ = [
    "CalendarNotFound",
    "ObligationNotFound",
    "ObligationProvenByFact",
    "ObligationSettled",
    "WaiverNeedsSecondPerson",
    "WaiverNotFound",
]


class ObligationNotFound(NotFound):
    """The contract has no such right or duty."""

    slug, title = "obligation-not-found", "No such right or duty"


class WaiverNotFound(NotFound):
    """Nobody has asked to waive it."""

    slug, title = "waiver-not-found", "No waiver was asked for"


class ObligationProvenByFact(Conflict):
    """A recorded fact shows whether it is done; `how` says which."""

    slug, title = "obligation-proven-by-fact", "A recorded fact proves this duty"


class ObligationSettled(Conflict):
    """It is done or waived already."""

    slug, title = "obligation-settled", "It is done or waived already"


class WaiverNeedsSecondPerson(Conflict):
    """Who asked for a waiver does not approve it."""

    slug, title = "waiver-needs-second-person", "A second person approves a waiver"


class CalendarNotFound(NotFound):
    """There is no such calendar, or it was revoked (both answer the same)."""

    slug, title = "calendar-not-found", "No such calendar"
