"""What can go wrong when talking to the gateway."""

from typing import Any

import httpx

__all__ = ["ProblemError", "UnreachableError", "problem_of"]

_MEMBERS = {"type", "title", "status", "detail", "instance"}


class UnreachableError(Exception):
    """The gateway did not answer: no connection, a broken one, or no answer in time."""


class ProblemError(Exception):
    """The gateway refused; mapped from its RFC 9457 problem document.

    `status` is the HTTP status, `slug` the last part of the type URI (for example `contract-not-completable`), `detail`
    the sentence for people, and `extras` every further member of the document (`errors`, `missing`, ...).
    """

    def __init__(
        self, *, status: int, slug: str, title: str, detail: str, extras: dict[str, Any] | None = None
    ) -> None:
        super().__init__(f"{status} {slug}: {detail or title}")
        self.status = status
        self.slug = slug
        self.title = title
        self.detail = detail
        self.extras = extras or {}


def problem_of(response: httpx.Response) -> ProblemError:
    """The exception for an answer of 400 or more; an answer without a problem document keeps the start of its text."""
    try:
        document = response.json()
    except ValueError:
        document = None
    if not isinstance(document, dict):
        reason = response.reason_phrase
        return ProblemError(
            status=response.status_code, slug=f"http-{response.status_code}", title=reason, detail=response.text[:500]
        )
    kind = str(document.get("type") or f"http-{response.status_code}")
    return ProblemError(
        status=response.status_code,
        slug=kind.rstrip("/").rsplit("/", 1)[-1],
        title=str(document.get("title") or response.reason_phrase),
        detail=str(document.get("detail") or document.get("error_description") or document.get("error") or ""),
        extras={key: value for key, value in document.items() if key not in _MEMBERS},
    )
