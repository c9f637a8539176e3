from shared.problems import Conflict, NotFound

__all__ = [
    "DeterminationExists",
    "DeterminationNotFound",
    "DeterminationReplaced",
    "EvidenceHeld",
    "EvidenceNotDeterminable",
    "ReplacesAnother",
    "ScoreNotHead",
]


class DeterminationNotFound(NotFound):
    """There is no such determination in the caller's scope."""

    slug, title = "determination-not-found", "No such determination"


class EvidenceHeld(Conflict):
    """Evidence is missing whose absence blocks a determination; `missing` names each indicator."""

    slug, title = "evidence-held", "Evidence is missing"


class EvidenceNotDeterminable(Conflict):
    """The score rests on answers of whoever came (an open link): it may be shown live and never determined."""

    slug, title = "evidence-not-determinable", "Evidence that may not be determined upon"


class ScoreNotHead(Conflict):
    """The score has moved on since it was read; the present version and hash are named."""

    slug, title = "score-not-head", "The score has moved on"


class DeterminationExists(Conflict):
    """The contract is determined under this framework and stage; a correction names the one that it replaces."""

    slug, title = "determination-exists", "Determined already"


class DeterminationReplaced(Conflict):
    """The determination to be replaced was replaced already; the newest is named."""

    slug, title = "determination-replaced", "Replaced already"


class ReplacesAnother(Conflict):
    """The determination to be replaced is about another contract, framework or stage."""

    slug, title = "determination-replaces-another", "It is about something else"
