"""Refusals about rule sets."""

from shared.problems import Conflict, NotFound

__all__ = [
    "OverrideNeedsSecondPerson",
    "OverrideNotFound",
    "RuleNotFound",
    "RuleNotOverridable",
    "RuleSetAlreadyApproved",
    "RuleSetIdTaken",
    "RuleSetNeedsSecondPerson",
    "RuleSetNotApproved",
    "RuleSetNotFound",
    "RuleSetVersionTaken",
]


class RuleSetNotFound(NotFound):
    """There is no such rule set or version, or it is a draft of another region."""

    slug, title = "rule-set-not-found", "No such rule set"


class RuleNotFound(NotFound):
    """The rule set has no such rule."""

    slug, title = "rule-not-found", "No such rule"


class RuleSetIdTaken(Conflict):
    """The code belongs to a shipped set or to another region."""

    slug, title = "rule-set-id-taken", "The rule set's code is taken"


class RuleSetVersionTaken(Conflict):
    """The version is recorded with other content; what a contract may have pinned never changes."""

    slug, title = "rule-set-version-taken", "The rule set's version is recorded with other content"


class RuleSetAlreadyApproved(Conflict):
    """A rule set is approved once."""

    slug, title = "rule-set-already-approved", "The rule set is approved already"


class RuleSetNotApproved(Conflict):
    """Only the rules of an approved set can be confirmed."""

    slug, title = "rule-set-not-approved", "The rule set is a draft"


class RuleSetNeedsSecondPerson(Conflict):
    """Who uploaded a rule set does not approve it."""

    slug, title = "rule-set-needs-second-person", "A second person must approve the rule set"


class RuleNotOverridable(Conflict):
    """There is nothing to set aside: the rule is kept, or set aside already."""

    slug, title = "rule-not-overridable", "There is nothing to set aside"


class OverrideNotFound(NotFound):
    """The contract has no such override."""

    slug, title = "override-not-found", "No such override"


class OverrideNeedsSecondPerson(Conflict):
    """Who asked to set a rule aside does not approve it."""

    slug, title = "override-needs-second-person", "A second person must approve the override"
