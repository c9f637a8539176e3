"""Refusals about payment terms and late interest."""

from shared.problems import Conflict, NotFound

__all__ = ["NoInterestToBook", "PaymentTermsNotFound"]


class PaymentTermsNotFound(NotFound):
    """No payment terms are recorded for the contract."""

    slug, title = "payment-terms-not-found", "There are no payment terms"


class NoInterestToBook(Conflict):
    """All interest that has run is booked."""

    slug, title = "no-interest-to-book", "No interest to book"
