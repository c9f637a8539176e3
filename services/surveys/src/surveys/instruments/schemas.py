"""Instruments over HTTP."""

from typing import Any

from pydantic import Field

from shared.web import Out
from surveys.instruments.answers import Questionnaire
from surveys.instruments.document import Instrument

__all__ = ["InstrumentOut", "InstrumentSummary", "InstrumentsOut", "instrument_out", "instrument_summary"]


class InstrumentSummary(Out):
    """An instrument in the list."""

    id: str = Field(description="Code of the instrument.", examples=["public-service-core"])
    version: str = Field(description="Semantic version; a changed question is a new one.", examples=["1.0.0"])
    sha256: str = Field(description="SHA-256 of the RFC 8785 form of the document, hexadecimal.")
    title: dict[str, str] = Field(description="Title per language (BCP 47).")
    completeness: dict[str, float] = Field(description="Share of the texts that exist per language, 0-1.")
    headline: str = Field(description="Code of the item whose result stands for the whole wave.", examples=["overall"])


class InstrumentOut(InstrumentSummary):
    """An instrument with its questions and what may be answered."""

    document: dict[str, Any] = Field(description="The questionnaire: scales, items, texts per language.")
    answer_schema: dict[str, Any] = Field(description="JSON Schema (2020-12) of the `answers` object of a response.")


class InstrumentsOut(Out):
    """All instruments."""

    items: list[InstrumentSummary]


def instrument_summary(instrument: Instrument) -> InstrumentSummary:
    """An instrument as the list shows it."""
    return InstrumentSummary(**_summary(instrument))


def instrument_out(questionnaire: Questionnaire) -> InstrumentOut:
    """An instrument in full."""
    instrument = questionnaire.instrument
    return InstrumentOut(**_summary(instrument), document=instrument.document, answer_schema=questionnaire.schema)


def _summary(instrument: Instrument) -> dict[str, Any]:
    return {
        "id": instrument.id,
        "version": instrument.version,
        "sha256": instrument.sha256,
        "title": instrument.title,
        "completeness": {language: instrument.completeness(language) for language in instrument.languages},
        "headline": instrument.headline.code,
    }
