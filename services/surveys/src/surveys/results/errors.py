"""Refusals about results."""

from shared.problems import Conflict

__all__ = ["AnswersDeleted", "FormatMissing", "TooFewAnswers", "WaveNotClosed", "WeightingImpossible"]


class WaveNotClosed(Conflict):
    """There are no results before the wave is closed: a look at live results would steer who answers."""

    slug, title = "wave-not-closed", "The wave is not closed yet"


class WeightingImpossible(Conflict):
    """The answers of a wave cannot be weighted to the margins: an empty category, or raking that does not converge."""

    slug, title = "weighting-impossible", "The answers cannot be weighted to these margins"


class TooFewAnswers(Conflict):
    """Answers of fewer than ten people are not handed out, not even to officers."""

    slug, title = "too-few-answers", "There are too few answers to hand out"


class FormatMissing(Conflict):
    """The library that writes a format is not installed here."""

    slug, title = "format-missing", "The format is not installed"


class AnswersDeleted(Conflict):
    """The answers of the wave were deleted when their time was over."""

    slug, title = "answers-deleted", "The answers are deleted"
