"""Refusals about the settings of the tenant."""

from shared.problems import Conflict, NotFound

__all__ = [
    "ActRequired",
    "PolicyAlreadyDecided",
    "PolicyAlreadyProposed",
    "PolicyNeedsSecondPerson",
    "PolicyProposalNotFound",
]


class ActRequired(Conflict):
    """The region's settings want this done in three hands: prepared, reviewed, signed."""

    slug, title = "act-required", "This takes an act that is prepared, reviewed and signed"


class PolicyProposalNotFound(NotFound):
    """The region has no such proposal."""

    slug, title = "policy-proposal-not-found", "No such proposal of settings"


class PolicyAlreadyProposed(Conflict):
    """A proposal for the region waits for its second person."""

    slug, title = "policy-already-proposed", "Other settings are proposed already"


class PolicyAlreadyDecided(Conflict):
    """The proposal was approved or rejected before."""

    slug, title = "policy-already-decided", "The proposal is decided already"


class PolicyNeedsSecondPerson(Conflict):
    """Who proposed settings does not put them into force."""

    slug, title = "policy-needs-second-person", "A second person approves settings"
