"""Refusals about responses."""

from shared.problems import Conflict, TooLarge, Unavailable, Unprocessable

__all__ = ["AnswerQueueFull", "ResponseConflict", "ResponseMalformed", "ResponseTooLarge", "WaveNotOpen"]


class ResponseConflict(Conflict):
    """The submission id was used with other content."""

    slug, title = "response-conflict", "Another response has this id"


class WaveNotOpen(Conflict):
    """The wave takes no answers (any more, or not yet)."""

    slug, title = "wave-not-open", "The wave takes no answers"


class ResponseMalformed(Unprocessable):
    """Answers that the instrument does not allow; `errors` names each question."""

    slug, title = "response-malformed", "The response does not fit the instrument"


class ResponseTooLarge(TooLarge):
    """One response is over the limit."""

    slug, title = "response-too-large", "The response is too large"


class AnswerQueueFull(Unavailable):
    """Too many responses wait for their commit; nothing was stored."""

    slug, title = "answer-queue-full", "Too many responses at once"
