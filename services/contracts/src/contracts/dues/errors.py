"""Refusals about payment terms and late interest."""

from shared.problems import Conflict, NotFound

__all__ = ["InterestOverRun", "NoInterestToBook", "PaymentTermsNotFound", "PaymentTermsOverLimit"]


class PaymentTermsNotFound(NotFound):
    """No payment terms are recorded for the contract."""

    slug, title = "payment-terms-not-found", "There are no payment terms"


class PaymentTermsOverLimit(Conflict):
    """A confirmed rule of the contract's rule set does not allow these terms; `missing` names each."""

    slug, title = "payment-terms-over-limit", "The payment terms exceed what the rules allow"


class NoInterestToBook(Conflict):
    """All interest that has run is booked."""

    slug, title = "no-interest-to-book", "No interest to book"


class InterestOverRun(Conflict):
    """More late interest would be owed than has run, without a reason or against a confirmed rule."""

    slug, title = "interest-over-run", "More late interest than has run"
