"""Refusals about comparisons."""

from shared.problems import Conflict, NotFound, Unprocessable

__all__ = ["NothingToCompare", "TooMuchToCompare", "UnknownMeasure"]


class NothingToCompare(NotFound):
    """No closed wave fits the question."""

    slug, title = "nothing-to-compare", "There is nothing to compare"


class TooMuchToCompare(Conflict):
    """More waves or answers fit than are compared in one request."""

    slug, title = "too-much-to-compare", "Too much to compare at once"


class UnknownMeasure(Unprocessable):
    """The questionnaire has no such question, or the question no such measure."""

    slug, title = "unknown-measure", "The questionnaire has no such measure"
