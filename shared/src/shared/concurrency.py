"""Optimistic concurrency: `ETag` out, `If-Match` in, 412 when somebody else was faster.

Acts may carry `If-Match` (`IfMatch`). A request that replaces what somebody wrote has to (`if_match_required`), for
without it the second of two editors would overwrite the first unseen: 428 without, and `If-Match: *` says that any
version is meant.
"""

from collections.abc import Awaitable, Callable
from typing import Annotated, Any

from fastapi import Depends, Header, Request

from shared.problems import PreconditionFailed, PreconditionRequired, Unprocessable

__all__ = ["EDITING", "IfMatch", "check_version", "etag", "if_match_required"]


def etag(version: int) -> str:
    """The strong entity tag of an aggregate's version."""
    return f'"{version}"'


# Dependencies are coroutines: FastAPI hands plain functions to a thread, which costs more than they do.
async def _if_match(
    if_match: Annotated[
        str | None, Header(description='Version that the change is based on, for example `"3"`.')
    ] = None,
) -> int | None:
    if if_match is None or if_match.strip() == "*":
        return None
    tag = if_match.strip().removeprefix("W/").strip('"')
    if not (tag.isascii() and tag.isdigit()) or len(tag) > 18:
        raise Unprocessable(
            "If-Match is no ETag of ours.", errors=[{"pointer": "header:if-match", "detail": 'write it as `"3"`'}]
        )
    return int(tag)


IfMatch = Annotated[int | None, Depends(_if_match)]

# `openapi_extra` of the routes that use `if_match_required`: a header that is checked by hand is declared by hand,
# because the framework's own required header would answer 422 where RFC 6585 has a status of its own.
EDITING: dict[str, Any] = {
    "parameters": [
        {
            "name": "If-Match",
            "in": "header",
            "required": True,
            "schema": {"type": "string"},
            "description": 'ETag under which the object was read, for example `"3"`; `*` for any version there is. '
            "428 without it, 412 when it is stale.",
        }
    ]
}


def if_match_required(read_at: str) -> Callable[[Request], Awaitable[int | None]]:
    """The dependency of an editing route: the version that `If-Match` names, or None for `*`.

    `read_at` is the path that answers with the ETag, with the route's own path parameters in braces.

    Raises:
        PreconditionRequired: there is no If-Match (RFC 6585 section 3).
        Unprocessable: it is no ETag of ours.
    """

    async def read(request: Request) -> int | None:
        if_match = request.headers.get("if-match")
        if if_match is None:
            path = read_at.format(**request.path_params)
            raise PreconditionRequired(
                f"Two people may edit this at once. Send If-Match with the ETag that GET {path} answered when you read "
                'it, for example If-Match: "3"; If-Match: * replaces whatever version there is.',
                read_at=path,
            )
        return await _if_match(if_match)

    return read


def check_version(if_match: int | None, version: int) -> None:
    """Refuse with 412 when the version read is not the version stored."""
    if if_match is not None and if_match != version:
        raise PreconditionFailed(
            f"You read version {if_match}; it is {version} now. Read it again and repeat your change.", version=version
        )
