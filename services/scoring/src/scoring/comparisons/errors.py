from shared.problems import Conflict, NotFound

__all__ = [
    "ContractNotComparable",
    "FigureExists",
    "FigureNotFound",
    "FigureSuperseded",
    "SupersedesOtherFigure",
]


class ContractNotComparable(NotFound):
    """Nothing is known of the contract in the caller's scope."""

    slug, title = "contract-not-comparable", "No such contract"


class FigureNotFound(NotFound):
    """There is no such reference figure."""

    slug, title = "figure-not-found", "No such figure"


class FigureExists(Conflict):
    """There is a figure of this kind, region and year already; a correction names it."""

    slug, title = "figure-exists", "There is such a figure"


class FigureSuperseded(Conflict):
    """The figure to be corrected was corrected already; the one in force is named."""

    slug, title = "figure-superseded", "Corrected already"


class SupersedesOtherFigure(Conflict):
    """The figure to be corrected is about something else."""

    slug, title = "figure-supersedes-other", "It is about something else"
