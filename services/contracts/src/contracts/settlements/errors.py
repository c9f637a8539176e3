"""Refusals about settlements: each says what is missing, by which rule, and how to mend it."""

from shared.problems import Conflict

__all__ = [
    "SettlementAlreadyConfirmed",
    "SettlementAlreadyProposed",
    "SettlementFaultMisfit",
    "SettlementNeedsSecondPerson",
    "SettlementNotOpen",
    "SettlementNotProposed",
    "SettlementNotReconciled",
]


class SettlementNotProposed(Conflict):
    """The contract has no settlement yet."""

    slug, title = "settlement-not-proposed", "No settlement is proposed"


class SettlementAlreadyProposed(Conflict):
    """A contract has one settlement."""

    slug, title = "settlement-already-proposed", "The contract has a settlement already"


class SettlementNotOpen(Conflict):
    """The settlement's state does not allow this."""

    slug, title = "settlement-not-open", "The settlement's state does not allow this"


class SettlementFaultMisfit(Conflict):
    """Who compensates does not fit whose fault it is."""

    slug, title = "settlement-fault-misfit", "The damages do not fit the fault"


class SettlementAlreadyConfirmed(Conflict):
    """A side confirms once."""

    slug, title = "settlement-already-confirmed", "This side has confirmed already"


class SettlementNeedsSecondPerson(Conflict):
    """A one-sided order is given by somebody else than who proposed the settlement."""

    slug, title = "settlement-needs-second-person", "A second person gives the order"


class SettlementNotReconciled(Conflict):
    """Something is still owed or missing; `missing` names each thing."""

    slug, title = "settlement-not-reconciled", "The contract's money is not settled yet"
