"""Refusals about waves."""

from shared.problems import Conflict, NotFound, Unprocessable

__all__ = [
    "ContractUnknown",
    "MarginsUnfit",
    "WaveAlreadyClosed",
    "WaveAlreadyOpen",
    "WaveKindNotDue",
    "WaveNotFound",
]


class WaveNotFound(NotFound):
    """There is no such wave in the caller's regions."""

    slug, title = "wave-not-found", "No such wave"


class ContractUnknown(NotFound):
    """The contract is not known here (yet), or lies outside the caller's regions."""

    slug, title = "contract-unknown", "The contract is not known here"


class WaveKindNotDue(Conflict):
    """The contract is not in the stage that this kind of wave asks about."""

    slug, title = "wave-kind-not-due", "This kind of wave is not due"


class WaveAlreadyOpen(Conflict):
    """A contract has one open wave of a kind at most."""

    slug, title = "wave-already-open", "A wave of this kind is open already"


class WaveAlreadyClosed(Conflict):
    """A closed wave stays as it is."""

    slug, title = "wave-already-closed", "The wave is closed already"


class MarginsUnfit(Unprocessable):
    """Margins that cannot be weighted to; names each with what is wrong."""

    slug, title = "margins-unfit", "The margins do not fit"
