from shared.problems import Conflict, NotFound

__all__ = ["EvidenceNotFound", "EvidenceNotReconciled", "EvidenceSuperseded", "SupersedesAnother"]


class EvidenceNotFound(NotFound):
    """Nothing is known of the contract in the caller's scope, or not that item."""

    slug, title = "evidence-not-found", "No evidence of this contract"


class EvidenceNotReconciled(Conflict):
    """A count without error must agree with the ledger or register that it names; both figures are named."""

    slug, title = "evidence-not-reconciled", "The count does not reconcile"


class EvidenceSuperseded(Conflict):
    """The statement to be superseded was superseded already; the one that did it is named."""

    slug, title = "evidence-superseded", "Superseded already"


class SupersedesAnother(Conflict):
    """The statement to be superseded is about another contract, measure or kind."""

    slug, title = "evidence-supersedes-another", "It is about something else"
