"""Refusals about successions."""

from shared.problems import Conflict, Forbidden, NotFound

__all__ = ["ContractsOutsideScope", "OpenContractsLeft", "SuccessionNotFound", "SuccessionUnsound"]


class SuccessionNotFound(NotFound):
    """The organisation has no succession with this id."""

    slug, title = "succession-not-found", "No such succession"


class SuccessionUnsound(Conflict):
    """The succession contradicts itself or what is recorded."""

    slug, title = "succession-unsound", "The succession cannot be so"


class OpenContractsLeft(Conflict):
    """Open contracts would be left without a party: the problem names them."""

    slug, title = "open-contracts-left", "Open contracts have nobody to go on with them"


class ContractsOutsideScope(Forbidden):
    """Open contracts lie outside the caller's regions; a caller with a wider scope records the succession."""

    slug, title = "contracts-outside-scope", "Contracts outside your regions are concerned"
