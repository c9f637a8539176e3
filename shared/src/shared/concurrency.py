"""Optimistic concurrency: `ETag` out, `If-Match` in, 412 when somebody else was faster."""

from typing import Annotated

from fastapi import Depends, Header

from shared.problems import PreconditionFailed, Unprocessable

__all__ = ["IfMatch", "check_version", "etag"]


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


def check_version(if_match: int | None, version: int) -> None:
    """Refuse with 412 when the version read is not the version stored."""
    if if_match is not None and if_match != version:
        raise PreconditionFailed(
            f"You read version {if_match}; it is {version} now. Read it again and repeat your change.", version=version
        )
