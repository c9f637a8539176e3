"""Refusals about contracts: each says what is in the way and what to do about it."""

from shared.problems import Conflict, NotFound

__all__ = [
    "ConfirmationsRequired",
    "ContractAlreadyCompleted",
    "ContractAlreadyRecorded",
    "ContractConfirmed",
    "ContractNotActivatable",
    "ContractNotCompletable",
    "ContractNotCorrectable",
    "ContractNotEditable",
    "ContractNotFound",
    "ContractNotOfThePast",
    "ContractStateConflict",
    "MilestoneAlreadyReported",
    "MilestoneNotFound",
    "NotAParty",
]


class ContractNotFound(NotFound):
    """There is no such contract, or it lies in a region outside the scope."""

    slug, title = "contract-not-found", "No such contract"


class MilestoneNotFound(NotFound):
    """The contract has no such milestone."""

    slug, title = "milestone-not-found", "No such milestone"


class ContractAlreadyRecorded(Conflict):
    """The external id belongs to a contract that is recorded already."""

    slug, title = "contract-already-recorded", "The contract is recorded already"


class ContractStateConflict(Conflict):
    """The contract's state does not allow this."""

    slug, title = "contract-state-conflict", "The contract's state does not allow this"


class ContractAlreadyCompleted(ContractStateConflict):
    """A contract is completed once."""

    slug, title = "contract-already-completed", "The contract is completed already"


class ContractNotEditable(ContractStateConflict):
    """Terms are edited in drafts only."""

    slug, title = "contract-not-editable", "The contract is no draft"


class ContractConfirmed(ContractStateConflict):
    """A party has confirmed the terms; nobody changes them while a confirmation stands."""

    slug, title = "contract-confirmed", "The terms are confirmed by a party"


class ConfirmationsRequired(Conflict):
    """The region's settings want every party's confirmation; `waiting` names those that have not given it."""

    slug, title = "confirmations-required", "The parties have not all confirmed"


class ContractNotCorrectable(ContractStateConflict):
    """The term is not corrected so: the detail says why and what is done instead."""

    slug, title = "contract-not-correctable", "The contract cannot be corrected so"


class ContractNotOfThePast(Conflict):
    """Only a contract of the past may be closed as not evaluable."""

    slug, title = "contract-not-of-the-past", "The contract is none of the past"


class ContractNotActivatable(Conflict):
    """Something that a contract in force must have is missing; `missing` names each thing."""

    slug, title = "contract-not-activatable", "The contract cannot come into force yet"


class ContractNotCompletable(Conflict):
    """Something that a completed contract must have is missing; `missing` names each thing."""

    slug, title = "contract-not-completable", "The contract cannot be completed yet"


class MilestoneAlreadyReported(Conflict):
    """A milestone was reported before; a correction needs its reason."""

    slug, title = "milestone-already-reported", "The milestone was reported already"


class NotAParty(Conflict):
    """The caller's organisation is no party of the contract."""

    status = 403
    slug, title = "not-a-party", "Your organisation is no party of this contract"
