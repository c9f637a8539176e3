"""Instruments over HTTP."""

from typing import Any

from pydantic import Field

from shared.web import Out
from surveys.instruments.answers import Questionnaire
from surveys.instruments.document import Instrument
from surveys.instruments.languages import language_properties
from surveys.instruments.shipped import shipped

__all__ = [
    "ImportedOut",
    "InstrumentOut",
    "InstrumentSummary",
    "InstrumentsOut",
    "LanguageOut",
    "instrument_out",
    "instrument_summary",
]


class LanguageOut(Out):
    """A language of an instrument: how far it is translated, and how it is written."""

    tag: str = Field(description="BCP 47 tag.", examples=["ug-Arab-CN"])
    name: str = Field(description="What the language calls itself.")
    completeness: float = Field(description="Share of the texts that exist, 0-1; a wave offers only 1.")
    missing: list[str] = Field(description="Pointers (RFC 6901, into the document) of the texts that are missing.")
    status: str = Field(
        description="source (written in it) | reviewed (by a reader who knows it) | unreviewed (offered only if named)."
    )
    direction: str = Field(description="ltr | rtl.")
    writing_mode: str = Field(description="CSS writing-mode of running text.", examples=["horizontal-tb"])
    fonts: str = Field(description="CSS font stack.")
    line_height: float = Field(description="CSS line height, without unit.", examples=[1.7])
    size: float = Field(description="Factor to the body's font size.", examples=[1.0])


class InstrumentSummary(Out):
    """An instrument in the list."""

    id: str = Field(description="Code of the instrument.", examples=["public-service-core"])
    version: str = Field(description="Semantic version; a changed question is a new one.", examples=["1.0.0"])
    sha256: str = Field(description="SHA-256 of the RFC 8785 form of the document, hexadecimal.")
    origin: str = Field(description="shipped | uploaded.")
    title: dict[str, str] = Field(description="Title per language (BCP 47).")
    completeness: dict[str, float] = Field(description="Share of the texts that exist per language, 0-1.")
    headline: str = Field(description="Code of the item whose result stands for the whole wave.", examples=["overall"])


class InstrumentOut(InstrumentSummary):
    """An instrument with its questions and what may be answered."""

    languages: list[LanguageOut] = Field(description="Its languages, in the order in which a page offers them.")
    document: dict[str, Any] = Field(description="The questionnaire: scales, items, texts per language.")
    answer_schema: dict[str, Any] = Field(description="JSON Schema (2020-12) of the `answers` object of a response.")


class ImportedOut(Out):
    """What a form became."""

    instrument: InstrumentOut = Field(description="The questionnaire.")
    stored: bool = Field(description="False: only shown; nothing was kept.")
    notes: list[str] = Field(description="What was left out or taken differently, by row of the form.")


class InstrumentsOut(Out):
    """All instruments."""

    items: list[InstrumentSummary] = Field(description="By code, the newest version first.")


def instrument_summary(instrument: Instrument) -> InstrumentSummary:
    """An instrument as the list shows it."""
    return InstrumentSummary(**_summary(instrument))


def instrument_out(questionnaire: Questionnaire) -> InstrumentOut:
    """An instrument in full."""
    instrument = questionnaire.instrument
    return InstrumentOut(
        **_summary(instrument),
        languages=[_language(instrument, tag) for tag in instrument.languages],
        document=instrument.document,
        answer_schema=questionnaire.schema,
    )


def _summary(instrument: Instrument) -> dict[str, Any]:
    return {
        "id": instrument.id,
        "version": instrument.version,
        "sha256": instrument.sha256,
        "origin": "shipped" if any(instrument.id == code for code, _ in shipped()) else "uploaded",
        "title": instrument.title,
        "completeness": {language: instrument.completeness(language) for language in instrument.languages},
        "headline": instrument.headline.code,
    }


def _language(instrument: Instrument, tag: str) -> LanguageOut:
    found = language_properties(tag)
    translation = instrument.translations.get(tag)
    return LanguageOut(
        tag=tag,
        name=found.name,
        completeness=instrument.completeness(tag),
        missing=instrument.missing_texts(tag),
        status="source" if translation is None else translation.status,
        direction=found.direction,
        writing_mode=found.writing_mode,
        fonts=found.fonts,
        line_height=found.line_height,
        size=found.size,
    )
