"""Refusals of the publication."""

from shared.problems import Conflict, NotFound, Unprocessable

__all__ = [
    "BreakdownUnknown",
    "LedgerDisagrees",
    "PublicationPending",
    "ReceiptNotIncluded",
    "ReceiptUnreadable",
    "ReleaseNotFound",
    "ReleaseTooClose",
]


class PublicationPending(Conflict):
    """The wave is closed and its tables are being protected; they come within moments."""

    slug, title = "publication-pending", "The publication is being prepared"


class ReleaseNotFound(NotFound):
    """The wave has no release with this number."""

    slug, title = "release-not-found", "No such release"


class ReleaseTooClose(Conflict):
    """The release would differ from an earlier one by so few persons that the difference would tell who they are."""

    slug, title = "release-too-close", "The release differs from an earlier one by too few persons"


class LedgerDisagrees(Conflict):
    """The answers are not those that the wave was closed with: somebody has changed the database."""

    slug, title = "ledger-disagrees", "The answers disagree with the published ledger"


class BreakdownUnknown(Unprocessable):
    """The release has no table by these variables."""

    slug, title = "breakdown-unknown", "No such breakdown"


class ReceiptUnreadable(Unprocessable):
    """The text is no receipt: a symbol is wrong or missing."""

    slug, title = "receipt-unreadable", "Not a receipt"


class ReceiptNotIncluded(NotFound):
    """No answer of the wave has this receipt."""

    slug, title = "receipt-not-included", "The receipt is not in this wave's ledger"
