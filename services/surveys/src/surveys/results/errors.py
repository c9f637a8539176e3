"""Refusals about results."""

from shared.problems import Conflict

__all__ = ["WaveNotClosed"]


class WaveNotClosed(Conflict):
    """There are no results before the wave is closed: a look at live results would steer who answers."""

    slug, title = "wave-not-closed", "The wave is not closed yet"
