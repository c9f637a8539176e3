"""Refusals about responses."""

from typing import Any, ClassVar

from shared.problems import Conflict, Forbidden, NotFound, TooLarge, TooManyRequests, Unavailable, Unprocessable

__all__ = [
    "AnswerQueueFull",
    "EnumeratorKeyUnknown",
    "ProofRefused",
    "ProofRequired",
    "ProofUsed",
    "ReceiptUnknown",
    "ResponseConflict",
    "ResponseMalformed",
    "ResponseTooLarge",
    "TokenRequired",
    "TokenSpent",
    "TokenUnknown",
    "TooManyAnswers",
    "WaveNotOpen",
]


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


class TokenRequired(Forbidden):
    """The wave asks the people of its list, each with a token of their own."""

    slug, title = "token-required", "This survey is answered with an invitation"


class TokenUnknown(Forbidden):
    """The token belongs to no invitation of this wave."""

    slug, title = "token-unknown", "The invitation is not of this survey"


class TokenSpent(Conflict):
    """The token was used; one person answers once."""

    slug, title = "token-spent", "This invitation was used"


class ProofRequired(Forbidden):
    """An open link takes answers with a proof of work only."""

    slug, title = "proof-required", "A proof of work is needed"


class ProofRefused(Unprocessable):
    """The proof of work is malformed, wrong, expired, or was made for another wave."""

    slug, title = "proof-refused", "The proof of work does not hold"


class ProofUsed(Conflict):
    """The proof of work was used for another answer."""

    slug, title = "proof-used", "The proof of work was used"


class EnumeratorKeyUnknown(Forbidden):
    """The key belongs to no active enumerator of the wave."""

    slug, title = "enumerator-key-unknown", "The enumerator's key is not of this wave"


class ReceiptUnknown(NotFound):
    """No answer of the wave has this receipt; perhaps it was withdrawn."""

    slug, title = "receipt-unknown", "No answer has this receipt"


class TooManyAnswers(TooManyRequests):
    """Over a limit of answers, tries of a token or batches."""

    slug, title = "too-many-answers", "Too many answers at once"

    def __init__(self, detail: str, *, retry_after: int, **members: Any) -> None:  # noqa: ANN401 - any JSON value
        super().__init__(detail, **members)
        self.headers: ClassVar[dict[str, str]] = {"Retry-After": str(retry_after)}  # type: ignore[misc] # its own
