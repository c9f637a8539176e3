from typing import ClassVar

from shared.problems import Unavailable

__all__ = ["TooManyStreams"]


class TooManyStreams(Unavailable):
    """This process serves as many live streams as it may."""

    slug: ClassVar[str] = "too-many-streams"
    title: ClassVar[str] = "Too many live streams"
    headers: ClassVar[dict[str, str]] = {"Retry-After": "10"}
