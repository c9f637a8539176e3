"""What the routes of the three slices share: whose side the caller stands on, and the cursor of lists by id."""

from uuid import UUID

from shared.auth import Principal
from shared.pagination import Paging
from shared.problems import Forbidden, Unprocessable

__all__ = ["OFFICERS", "id_after", "own_side"]

OFFICERS = frozenset({"finance", "purchaser", "auditor", "operator"})


def own_side(principal: Principal) -> UUID | None:
    """The organisation that the caller is limited to; None for an officer. Forbidden for a provider without one."""
    if principal.roles & OFFICERS:
        return None
    if principal.organisation is None:
        raise Forbidden("Your token names no organisation, so there is nothing that is about you.")
    return principal.organisation


def id_after(page: Paging) -> UUID | None:
    """The id that the next page begins after; 422 when the cursor belongs to another list."""
    if page.cursor is None:
        return None
    try:
        (last,) = page.cursor
        return UUID(last)
    except (TypeError, ValueError, AttributeError) as error:
        raise Unprocessable(
            "The cursor is not one of this list.", errors=[{"pointer": "query:cursor", "detail": "of another list"}]
        ) from error
