"""Refusals about subcontracts: each names the rule behind it."""

from shared.problems import Conflict, NotFound

__all__ = [
    "SubcontractNotFound",
    "SubcontractNotOpen",
    "SubcontractOfTheWhole",
    "SubcontractOutOfTerm",
    "SubcontractorNotEligible",
]


class SubcontractNotFound(NotFound):
    """The contract has no such subcontract."""

    slug, title = "subcontract-not-found", "No such subcontract"


class SubcontractOfTheWhole(Conflict):
    """All subcontracts together would take the whole of the contract, or more."""

    slug, title = "subcontract-of-the-whole", "The whole is not given to others"


class SubcontractorNotEligible(Conflict):
    """A party of the contract is no subcontractor of it."""

    slug, title = "subcontractor-not-eligible", "This organisation cannot be the subcontractor"


class SubcontractOutOfTerm(Conflict):
    """Its term lies outside the contract's."""

    slug, title = "subcontract-out-of-term", "The subcontract's term lies outside the contract's"


class SubcontractNotOpen(Conflict):
    """Its state does not allow this."""

    slug, title = "subcontract-not-open", "The subcontract's state does not allow this"
