"""Refusals about instruments."""

from shared.problems import Conflict, NotFound

__all__ = ["InstrumentNotFound", "InstrumentVersionTaken", "LanguageIncomplete"]


class InstrumentNotFound(NotFound):
    """There is no such instrument or version."""

    slug, title = "instrument-not-found", "No such instrument"


class InstrumentVersionTaken(Conflict):
    """Another questionnaire was already used under the same id and version."""

    slug, title = "instrument-version-taken", "The instrument's version was used with other content"


class LanguageIncomplete(Conflict):
    """A wave opens only in languages that have every text."""

    slug, title = "language-incomplete", "The instrument is not fully translated"
