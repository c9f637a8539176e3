"""Waves and responses."""

from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from pydantic import Field

from gongping_client.models.base import Answer, Body

__all__ = ["Instrument", "ResponseIn", "Wave", "WaveIn"]


class Instrument(Answer):
    """A questionnaire."""

    id: str
    version: str
    sha256: str
    title: dict[str, str]
    headline: str
    document: dict[str, Any] = Field(default_factory=dict)


class WaveIn(Body):
    """A wave to open by hand."""

    contract_id: UUID
    kind: Literal["needs", "midterm", "completion", "followUp"]
    design: Literal["census", "probability", "open_link"]
    instrument_id: str = "public-service-core"
    population: int | None = None
    invited: int | None = None
    opens_at: datetime | None = None
    closes_at: datetime | None = None


class Wave(Answer):
    """A round of a survey for one contract."""

    id: UUID
    version: int
    contract_id: UUID
    region: str
    simulated: bool
    kind: str
    state: str
    instrument_id: str
    instrument_version: str
    design: str
    population: int | None = None
    opens_at: datetime
    closes_at: datetime
    closed_at: datetime | None = None


class ResponseIn(Body):
    """One person's answers; `collected_at` and `enumerator_id` only in a batch."""

    answers: dict[str, int | str | list[str] | dict[str, int | str]]
    language: str | None = None
    duration_seconds: int | None = None
    mode: Literal["web", "counter"] | None = None
    stratum: str | None = None
    collected_at: datetime | None = None
    enumerator_id: str | None = None
