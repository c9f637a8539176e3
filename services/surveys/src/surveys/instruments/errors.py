"""Refusals about instruments."""

from shared.problems import Conflict, NotFound, Unprocessable

__all__ = [
    "InstrumentIdTaken",
    "InstrumentMalformed",
    "InstrumentNotFound",
    "InstrumentVersionTaken",
    "LanguageIncomplete",
]


class InstrumentNotFound(NotFound):
    """There is no such instrument or version."""

    slug, title = "instrument-not-found", "No such instrument"


class InstrumentMalformed(Unprocessable):
    """The questionnaire contradicts itself, or the form cannot be read as one."""

    slug, title = "instrument-malformed", "The questionnaire cannot be used"


class InstrumentIdTaken(Conflict):
    """The code belongs to a shipped questionnaire or to another organisation."""

    slug, title = "instrument-id-taken", "The questionnaire's code is taken"


class InstrumentVersionTaken(Conflict):
    """Another questionnaire was already used under the same id and version."""

    slug, title = "instrument-version-taken", "The instrument's version was used with other content"


class LanguageIncomplete(Conflict):
    """A wave opens only in languages that have every text."""

    slug, title = "language-incomplete", "The instrument is not fully translated"
