"""Errors as RFC 9457 problem documents, mapped in one place.

A slice raises a subclass of `Problem` that carries its status, slug and title; `install` makes every answer of an error
`application/problem+json` with the type `/problems/<slug>`, which the gateway serves as a page.
"""

from typing import Any, ClassVar

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from pydantic_core import to_json
from starlette.exceptions import HTTPException

__all__ = [
    "Conflict",
    "Forbidden",
    "Internal",
    "NotFound",
    "PreconditionFailed",
    "PreconditionRequired",
    "Problem",
    "RecordedAtTheSameTime",
    "TooLarge",
    "TooManyRequests",
    "Unauthorized",
    "Unavailable",
    "Unprocessable",
    "install",
    "problem_response",
]

MEDIA_TYPE = "application/problem+json"


class Problem(Exception):  # noqa: N818 - RFC 9457 calls it a problem
    """A refusal with a stable type. `members` become further members of the document."""

    status: ClassVar[int] = 400
    slug: ClassVar[str] = "bad-request"
    title: ClassVar[str] = "Bad request"
    headers: ClassVar[dict[str, str]] = {}

    def __init__(self, detail: str, **members: Any) -> None:  # noqa: ANN401 - any JSON value
        super().__init__(detail)
        self.detail = detail
        self.members = members

    def document(self) -> dict[str, Any]:
        """The problem document."""
        return {
            "type": f"/problems/{self.slug}",
            "title": self.title,
            "status": self.status,
            "detail": self.detail,
            **self.members,
        }


class Unauthorized(Problem):
    """No token, or one that is expired or not ours."""

    status, slug, title = 401, "unauthorized", "Authentication required"
    headers: ClassVar[dict[str, str]] = {"WWW-Authenticate": 'Bearer realm="gongping"'}


class Forbidden(Problem):
    """The role may not do this, or the body names a region outside the scope."""

    status, slug, title = 403, "forbidden", "Not allowed"


class NotFound(Problem):
    """There is no such thing, or it lies in a region outside the scope (both answer the same)."""

    status, slug, title = 404, "not-found", "Not found"


class Conflict(Problem):
    """A business rule refuses; the detail says what to do."""

    status, slug, title = 409, "conflict", "Conflict"


class RecordedAtTheSameTime(Conflict):
    """Two requests recorded the same thing at the same moment."""

    slug, title = "recorded-at-the-same-time", "Another request recorded this at the same moment"


class PreconditionFailed(Problem):
    """The aggregate has changed since it was read."""

    status, slug, title = 412, "stale-version", "The object has changed since it was read"


class TooLarge(Problem):
    """The body is over the limit."""

    status, slug, title = 413, "too-large", "Body too large"


class Unprocessable(Problem):
    """A malformed payload; `errors` lists pointer and detail of each."""

    status, slug, title = 422, "malformed", "Malformed payload"


class PreconditionRequired(Problem):
    """An edit must say by If-Match on which version it rests, so that nobody overwrites a colleague's edit unseen."""

    status, slug, title = 428, "precondition-required", "If-Match required"


class TooManyRequests(Problem):
    """Over a rate limit."""

    status, slug, title = 429, "too-many-requests", "Too many requests"


class Unavailable(Problem):
    """A part that is needed does not answer now; nothing was changed."""

    status, slug, title = 503, "unavailable", "Temporarily unavailable"
    headers: ClassVar[dict[str, str]] = {"Retry-After": "1"}


class Internal(Problem):
    """A fault of ours; what happened is in the log, or was counted where nothing may be logged."""

    status, slug, title = 500, "internal", "Internal error"


_log = structlog.get_logger(__name__)
_BY_STATUS: dict[int, type[Problem]] = {
    cls.status: cls
    for cls in (Unauthorized, Forbidden, NotFound, Conflict, TooLarge, Unprocessable, TooManyRequests, Unavailable)
}


def problem_response(problem: Problem) -> Response:
    """Render a problem."""
    # Not JSONResponse: members may hold ids, dates and decimals.
    return Response(to_json(problem.document()), problem.status, headers=dict(problem.headers), media_type=MEDIA_TYPE)


def _pointer(location: tuple[int | str, ...]) -> str:
    """RFC 6901 pointer into the body, or the parameter's name for query, path and header."""
    kind, *rest = location or ("body",)
    tokens = "".join("/" + str(part).replace("~", "~0").replace("/", "~1") for part in rest)
    return tokens or "/" if kind == "body" else f"{kind}:{'.'.join(map(str, rest))}"


def _malformed(error: RequestValidationError) -> Problem:
    errors = [{"pointer": _pointer(tuple(item["loc"])), "detail": str(item["msg"])} for item in error.errors()]
    return Unprocessable("; ".join(f"{item['pointer']}: {item['detail']}" for item in errors[:5]), errors=errors)


def _http(error: HTTPException) -> Problem:
    if error.status_code == 400:
        # The framework's word for a body that is no UTF-8 or nested too deeply; a malformed payload is 422 here.
        detail = "the body cannot be read: it must be JSON in UTF-8, and not nested hundreds of levels deep"
        return Unprocessable(f"/: {detail}", errors=[{"pointer": "/", "detail": detail}])
    cls = _BY_STATUS.get(error.status_code)
    if cls is None:
        cls = type(
            "HttpProblem",
            (Problem,),
            {"status": error.status_code, "slug": f"http-{error.status_code}", "title": str(error.detail)},
        )
    return cls(str(error.detail))


def install(app: FastAPI) -> None:
    """Map every error of an application to a problem document."""

    async def on_problem(_: Request, error: Exception) -> Response:
        assert isinstance(error, Problem)  # noqa: S101 - registered for this type only
        return problem_response(error)

    async def on_malformed(_: Request, error: Exception) -> Response:
        assert isinstance(error, RequestValidationError)  # noqa: S101 - registered for this type only
        return problem_response(_malformed(error))

    async def on_http(_: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)  # noqa: S101 - registered for this type only
        response = problem_response(_http(error))
        for name, value in (error.headers or {}).items():
            response.headers[name] = value
        return response

    async def on_anything(request: Request, error: Exception) -> Response:
        from shared.db import is_unavailable  # noqa: PLC0415 - db raises problems itself

        if is_unavailable(error):
            _log.warning("database unavailable", path=request.url.path, error=str(error))
            return problem_response(Unavailable("The database did not answer. Repeat the request."))
        _log.error("unhandled error", path=request.url.path, exc_info=error)
        return JSONResponse(
            {
                "type": "/problems/internal",
                "title": "Internal error",
                "status": 500,
                "detail": "The error was logged; nothing was changed.",
            },
            500,
            media_type=MEDIA_TYPE,
        )

    app.add_exception_handler(Problem, on_problem)
    app.add_exception_handler(RequestValidationError, on_malformed)
    app.add_exception_handler(HTTPException, on_http)
    app.add_exception_handler(Exception, on_anything)
