from shared.problems import Conflict, Forbidden, NotFound

__all__ = [
    "AdverseChoiceNotBorne",
    "AmountTooLarge",
    "NotTheOwner",
    "ResultUseNotFound",
    "ResultUseStateConflict",
    "RuleSetExists",
    "RuleSetNotFound",
    "RuleSetStateConflict",
    "SamePerson",
]


class ResultUseNotFound(NotFound):
    """There is no such consequence in the caller's scope."""

    slug, title = "result-use-not-found", "No such use of a result"


class ResultUseStateConflict(Conflict):
    """The state of the consequence does not allow this."""

    slug, title = "result-use-state-conflict", "The state does not allow this"


class AdverseChoiceNotBorne(Conflict):
    """The determination does not bear an adverse choice: too uncertain, and no panel has decided."""

    slug, title = "adverse-choice-not-borne", "The determination does not bear an adverse choice"


class AmountTooLarge(Conflict):
    """More money than the contract is worth cannot be moved by its result."""

    slug, title = "result-amount-too-large", "The amount is over the contract's value"


class NotTheOwner(Forbidden):
    """Somebody else must act on it."""

    slug, title = "not-the-owner", "Somebody else must act on it"


class RuleSetNotFound(NotFound):
    """There is no such rule set."""

    slug, title = "rule-set-not-found", "No such rule set"


class RuleSetExists(Conflict):
    """A released version is never edited: a change is a new version."""

    slug, title = "rule-set-exists", "The version exists"


class RuleSetStateConflict(Conflict):
    """The rule set is not waiting for its approval."""

    slug, title = "rule-set-state-conflict", "The state does not allow this"


class SamePerson(Conflict):
    """A second person must do this."""

    slug, title = "second-person-needed", "A second person must do this"
