"""Refusals about disclosure marks."""

from shared.problems import Conflict, NotFound

__all__ = ["MarkAlreadySet", "MarkNotFound", "MarkStateConflict"]


class MarkNotFound(NotFound):
    """The contract has no such mark."""

    slug, title = "disclosure-mark-not-found", "No such disclosure mark"


class MarkAlreadySet(Conflict):
    """The thing has a mark in force."""

    slug, title = "disclosure-mark-already-set", "It is marked already"


class MarkStateConflict(Conflict):
    """The mark's state, or who asks, does not allow this."""

    slug, title = "disclosure-mark-conflict", "The mark does not allow this"
