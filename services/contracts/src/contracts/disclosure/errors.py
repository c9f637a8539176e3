"""The refusal to tell what is marked."""

from shared.problems import Forbidden

__all__ = ["Withheld"]


class Withheld(Forbidden):
    """What is asked for is marked, and the caller may not see it; the answer names the mark and no content."""

    slug, title = "withheld", "This is not disclosed to you"
