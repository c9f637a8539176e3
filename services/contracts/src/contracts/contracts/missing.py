"""The form in which guards name what is missing."""

from typing import NamedTuple

__all__ = ["Missing"]


class Missing(NamedTuple):
    """A thing that is missing, the rule that asks for it, and the way to mend it."""

    what: str
    rule: str
    how: str
