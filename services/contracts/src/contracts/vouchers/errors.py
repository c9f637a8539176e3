"""Refusals about treasury vouchers."""

from shared.problems import Conflict, NotFound

__all__ = ["VoucherFileAlreadyImported", "VoucherMatchRefused", "VoucherNotFound", "VoucherNotOpen"]


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
