"""Refusals about budget projects."""

from shared.problems import Conflict, NotFound

__all__ = ["BudgetBelowShares", "BudgetProjectAlreadyRecorded", "BudgetProjectNotFound", "BudgetUnchanged"]


class BudgetProjectNotFound(NotFound):
    """There is no such project in the caller's regions."""

    slug, title = "budget-project-not-found", "There is no such budget project"


class BudgetProjectAlreadyRecorded(Conflict):
    """A unit has one project of a code in a year."""

    slug, title = "budget-project-already-recorded", "The budget project is recorded already"


class BudgetBelowShares(Conflict):
    """Contracts hold more of the project than would be left of it."""

    slug, title = "budget-below-shares", "The contracts' shares exceed the budget"


class BudgetUnchanged(Conflict):
    """An adjustment changes the amount."""

    slug, title = "budget-unchanged", "The adjustment changes nothing"
