"""Refusals about treasury vouchers."""

from shared.problems import Conflict, NotFound

__all__ = [
    "UnmatchingAlreadyRequested",
    "UnmatchingNeedsSecondPerson",
    "UnmatchingNotRequested",
    "VoucherFileAlreadyImported",
    "VoucherMatchRefused",
    "VoucherMonthReconciled",
    "VoucherNotFound",
    "VoucherNotOpen",
]


class VoucherNotFound(NotFound):
    """There is no such voucher in the caller's regions."""

    slug, title = "voucher-not-found", "There is no such voucher"


class VoucherFileAlreadyImported(Conflict):
    """The same file was imported before."""

    slug, title = "voucher-file-already-imported", "The file was imported already"


class VoucherNotOpen(Conflict):
    """A duplicate, dismissed or matched voucher is not booked, matched or dismissed."""

    slug, title = "voucher-not-open", "The voucher is not open"


class VoucherMatchRefused(Conflict):
    """The entry cannot be proved by this voucher."""

    slug, title = "voucher-match-refused", "The entry does not belong to the voucher"


class UnmatchingAlreadyRequested(Conflict):
    """Somebody has asked to take matches of the voucher back, and nobody has decided yet."""

    slug, title = "unmatching-already-requested", "Taking the match back was asked for already"


class UnmatchingNotRequested(Conflict):
    """Nobody has asked to take matches of the voucher back."""

    slug, title = "unmatching-not-requested", "Taking the match back was not asked for"


class UnmatchingNeedsSecondPerson(Conflict):
    """Who asked to take a match back does not do it."""

    slug, title = "unmatching-needs-second-person", "A second person takes the match back"


class VoucherMonthReconciled(Conflict):
    """The voucher's month agrees with the ledger; taking a match back would open it again."""

    slug, title = "voucher-month-reconciled", "The month is reconciled"
