"""Keyset lists whose sort key is the id (UUIDv7: the order of recording)."""

from uuid import UUID

from shared.pagination import Paging
from shared.problems import Unprocessable

__all__ = ["id_after"]


def id_after(page: Paging) -> UUID | None:
    """The id that the next page begins after; 422 when the cursor belongs to another list."""
    if page.cursor is None:
        return None
    try:
        (value,) = page.cursor
        return UUID(value)
    except (AttributeError, TypeError, ValueError) as error:
        raise Unprocessable(
            "The cursor belongs to another list.", errors=[{"pointer": "query:cursor", "detail": "not a cursor of this list"}]
        ) from error
