"""Refusals about regions."""

from shared.problems import Conflict, NotFound

__all__ = ["RegionChangeAlreadyRecorded", "RegionChangeUnsound", "RegionNotFound"]


class RegionNotFound(NotFound):
    """No division has or had this code."""

    slug, title = "region-not-found", "No such division"


class RegionChangeAlreadyRecorded(Conflict):
    """A change of this code on this day is recorded already; what is recorded stays."""

    slug, title = "region-change-already-recorded", "The change of the division is recorded already"


class RegionChangeUnsound(Conflict):
    """The change contradicts itself or those that are recorded."""

    slug, title = "region-change-unsound", "The change of the division cannot be so"
