"""Keyset pages with opaque cursors and RFC 8288 links; no COUNT, no OFFSET."""

import base64
import binascii
from typing import Annotated, Any, Generic, TypeVar

from fastapi import Depends, Query, Request, Response
from pydantic import BaseModel, Field
from pydantic_core import from_json, to_json

from shared.problems import Unprocessable

__all__ = ["Page", "PageQuery", "Paging", "decode_cursor", "encode_cursor", "page_response"]

Item = TypeVar("Item")


class Page(BaseModel, Generic[Item]):
    """One page of a list."""

    items: list[Item]
    next: str | None = Field(description="Cursor of the next page; null on the last one.")


class Paging(BaseModel):
    """Limit and cursor of a list request."""

    limit: int
    cursor: list[Any] | None


def encode_cursor(*key: Any) -> str:  # noqa: ANN401 - the sort key's values
    """An opaque cursor from the sort key of the last item."""
    return base64.urlsafe_b64encode(to_json(key)).rstrip(b"=").decode()


def decode_cursor(cursor: str) -> list[Any]:
    """The sort key of a cursor; 422 when it was not made here."""
    try:
        key = from_json(base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True))
    except (ValueError, binascii.Error) as error:
        raise _bad_cursor() from error
    if not isinstance(key, list):
        raise _bad_cursor()
    return key


def _bad_cursor() -> Unprocessable:
    return Unprocessable(
        "The cursor is not one of ours.", errors=[{"pointer": "query:cursor", "detail": "not a cursor of this API"}]
    )


async def _paging(
    limit: Annotated[int, Query(ge=1, le=200, description="Items per page.")] = 50,
    cursor: Annotated[str | None, Query(description="`next` of the page before.", max_length=1000)] = None,
) -> Paging:
    return Paging(limit=limit, cursor=decode_cursor(cursor) if cursor else None)


PageQuery = Annotated[Paging, Depends(_paging)]


def page_response(request: Request, response: Response, items: list[Item], *, next_cursor: str | None) -> Page[Item]:
    """The page, with a `Link: <…>; rel="next"` header when there is more."""
    if next_cursor:
        url = request.url.include_query_params(cursor=next_cursor)
        response.headers["Link"] = f'<{url.path}?{url.query}>; rel="next"'
    return Page(items=items, next=next_cursor)
