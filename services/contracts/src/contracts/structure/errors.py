"""Refusals about a contract's structure and its confirmation."""

from shared.problems import Conflict

__all__ = [
    "CallOffNotInForce",
    "ConfirmationPartyUnclear",
    "FrameworkNotUsable",
    "NothingConfirmed",
    "PartNotInContract",
    "StructureUnsound",
    "TermsChanged",
]


class FrameworkNotUsable(Conflict):
    """The contract that is named as framework agreement is none in force."""

    slug, title = "framework-not-usable", "This is no framework agreement in force"


class StructureUnsound(Conflict):
    """The structure does not fit the contract; `missing` says what, by which rule, and how to mend it."""

    slug, title = "structure-unsound", "The structure does not fit the contract"


class PartNotInContract(Conflict):
    """The contract has no such lot, call-off or member."""

    slug, title = "part-not-in-contract", "The contract has no such part"


class CallOffNotInForce(Conflict):
    """Facts are recorded about call-offs that are or were in force."""

    slug, title = "call-off-not-in-force", "The call-off is not in force"


class TermsChanged(Conflict):
    """The hash is not that of the present terms: read them again before confirming."""

    slug, title = "terms-changed", "These are not the present terms"


class ConfirmationPartyUnclear(Conflict):
    """It is not clear for which party the caller confirms; `parties` names those of the contract."""

    slug, title = "confirmation-party-unclear", "For which party is this?"


class NothingConfirmed(Conflict):
    """The party has no standing confirmation."""

    slug, title = "nothing-confirmed", "The party has not confirmed"
