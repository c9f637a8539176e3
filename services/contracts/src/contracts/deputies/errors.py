"""Refusals about deputies."""

from shared.problems import Conflict, Forbidden, NotFound

__all__ = ["DeputiesNotAllowed", "DeputyNotFound", "DeputyNotYours", "NoDeputyOf"]


class DeputyNotFound(NotFound):
    """There is no such deputy, or you may not see it."""

    slug, title = "deputy-not-found", "No such deputy"


class DeputiesNotAllowed(Conflict):
    """The region's settings allow no deputies."""

    slug, title = "deputies-not-allowed", "The region allows no deputies"


class DeputyNotYours(Forbidden):
    """A deputy is named and revoked by the person itself, or by an operator."""

    slug, title = "deputy-not-yours", "Somebody else names this deputy"


class NoDeputyOf(Conflict):
    """The caller is not a deputy of the person today, for this action and region."""

    status = 403
    slug, title = "no-deputy-of", "You are no deputy of this person"
