"""Refusals about amendments: each names the figure or date in the way, the rule, and the way out."""

from shared.problems import Conflict, NotFound

__all__ = [
    "AmendmentAlreadyConfirmed",
    "AmendmentAlreadyProposed",
    "AmendmentBelowLedger",
    "AmendmentChangesNothing",
    "AmendmentNotFound",
    "AmendmentNotOpen",
    "AmendmentOutOfOrder",
    "AmendmentOverLimit",
    "AmendmentReasonMisfit",
    "AmendmentStale",
    "AmendmentTermsConflict",
]


class AmendmentNotFound(NotFound):
    """The contract has no such amendment."""

    slug, title = "amendment-not-found", "No such amendment"


class AmendmentChangesNothing(Conflict):
    """What it would change is so already."""

    slug, title = "amendment-changes-nothing", "The amendment changes nothing"


class AmendmentReasonMisfit(Conflict):
    """The reason is unknown, or does not fit what the amendment changes."""

    slug, title = "amendment-reason-misfit", "The reason does not fit the change"


class AmendmentOutOfOrder(Conflict):
    """Its date is before the contract's or an earlier amendment's, or in the future."""

    slug, title = "amendment-out-of-order", "The amendment's dates are out of order"


class AmendmentOverLimit(Conflict):
    """A rule of the contract's pinned set does not allow it; `missing` names each with its figures."""

    slug, title = "amendment-over-limit", "The amendment is over a limit of the contract's rules"


class AmendmentBelowLedger(Conflict):
    """The value would be under what was committed, accepted or paid already."""

    slug, title = "amendment-below-ledger", "The new value is below what is booked"


class AmendmentTermsConflict(Conflict):
    """Milestones or lots do not add up, or a reported milestone would change."""

    slug, title = "amendment-terms-conflict", "The amended terms do not add up"


class AmendmentAlreadyProposed(Conflict):
    """A contract has one open proposal at a time."""

    slug, title = "amendment-already-proposed", "An amendment is proposed already"


class AmendmentNotOpen(Conflict):
    """It is in force or was withdrawn."""

    slug, title = "amendment-not-open", "The amendment is not open any more"


class AmendmentAlreadyConfirmed(Conflict):
    """A side confirms once."""

    slug, title = "amendment-already-confirmed", "This side has confirmed already"


class AmendmentStale(Conflict):
    """The contract's terms are no longer those that the amendment was proposed against."""

    slug, title = "amendment-stale", "The contract changed since the proposal"
