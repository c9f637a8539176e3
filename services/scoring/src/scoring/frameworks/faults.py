"""What is wrong with a framework document: every fault names the place it lies in."""

from typing import NamedTuple

__all__ = ["Fault"]


class Fault(NamedTuple):
    """A broken rule; `place` is `node quality.delivered`, `grades`, `gate safety`, ..."""

    place: str
    detail: str

    def __str__(self) -> str:
        """One line."""
        return f"{self.place}: {self.detail}"
