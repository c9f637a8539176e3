"""Refusals about performance failures and their penalties."""

from shared.problems import Conflict, NotFound

__all__ = [
    "FailureInTheFuture",
    "FailureNotFound",
    "FailureNotWithdrawable",
    "FailureWithdrawn",
    "PenaltyOverContracted",
]


class FailureNotFound(NotFound):
    """The contract has no such failure."""

    slug, title = "failure-not-found", "No such performance failure"


class FailureInTheFuture(Conflict):
    """What has not happened is no failure."""

    slug, title = "failure-in-the-future", "The failure lies in the future"


class FailureWithdrawn(Conflict):
    """Nothing is booked for a failure that was withdrawn."""

    slug, title = "failure-withdrawn", "The failure was withdrawn"


class FailureNotWithdrawable(Conflict):
    """Money stands booked for it."""

    slug, title = "failure-not-withdrawable", "Penalties stand booked for the failure"


class PenaltyOverContracted(Conflict):
    """More would be imposed than the contract provides for, or more received than was imposed for this failure."""

    slug, title = "penalty-over-contracted", "The penalty exceeds what the contract provides"
