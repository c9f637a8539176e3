"""Refusals of the exchange."""

from shared.problems import Conflict, NotFound

__all__ = ["FeedStartsAnew", "RecordNotFound"]


class RecordNotFound(NotFound):
    """No process with this ocid is published, or none in the caller's regions."""

    slug, title = "record-not-found", "No such contracting process"


class FeedStartsAnew(Conflict):
    """The offset lies after everything that this database has ever known: it was restored from an older copy."""

    slug, title = "feed-starts-anew", "The changes feed has to be read from its beginning"
