"""Bodies and answers about disclosure marks."""

from datetime import date, datetime
from typing import Annotated, Literal, Self
from uuid import UUID

from pydantic import Field, model_validator

from contracts.disclosure.queries import FIELDS
from shared.web import Model, Out

__all__ = ["FieldOut", "LevelsOut", "MarkEndIn", "MarkIn", "MarkOut", "WordsOut"]

Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


class MarkIn(Model):
    """What is not for everybody, and why."""

    subject: Literal["contract", "field", "document"] = Field(description="contract (as a whole) | field | document.")
    field: str | None = Field(
        None, max_length=32, description="subject field: its code, one of GET /v1/disclosure/levels."
    )
    document_sha256: Sha256 | None = Field(None, description="subject document: SHA-256 of the document.")
    level: Literal["internal", "commercialSecret", "personal"] = Field(
        description="internal | commercialSecret (商业秘密) | personal (个人信息)."
    )
    basis: str = Field(min_length=1, max_length=2000, description="The law or decision that it rests on.")
    until: date | None = Field(None, description="Last day; after it the thing falls back to public.")

    @model_validator(mode="after")
    def _named(self) -> Self:
        if (self.subject == "field") != (self.field is not None):
            raise ValueError("field belongs to the subject field, and is needed there")
        if (self.subject == "document") != (self.document_sha256 is not None):
            raise ValueError("document_sha256 belongs to the subject document, and is needed there")
        if self.field is not None and self.field not in FIELDS:
            raise ValueError(f"field is one of {', '.join(FIELDS)}")
        return self

    @property
    def target(self) -> str:
        """What is marked."""
        return self.field or self.document_sha256 or "*"


class MarkEndIn(Model):
    """Why a mark ends."""

    reason: str = Field(min_length=1, max_length=2000, description="The reason, as it stands in the decision.")


class MarkOut(Out):
    """A disclosure mark."""

    id: UUID = Field(description="Id of the mark.")
    version: int = Field(description="Counts its changes; its ETag.")
    contract_id: UUID = Field(description="The contract.")
    subject: str = Field(description="contract | field | document.")
    target: str = Field(description="* for the contract, the field's code, or the SHA-256 of the document.")
    level: str = Field(description="internal | commercialSecret | personal.")
    basis: str = Field(description="The law or decision that it rests on.")
    until: date | None = Field(description="Last day; null without end.")
    in_force: bool = Field(description="Whether it counts today.")
    set_by: str = Field(description="Who set it: the token's subject.")
    set_at: datetime = Field(description="When.")
    reviewed_by: str | None = Field(description="The second person, who reviewed it; null while nobody has.")
    reviewed_at: datetime | None = Field(description="When.")
    ended_by: str | None = Field(description="Who ended it.")
    ended_at: datetime | None = Field(description="When.")
    end_reason: str | None = Field(description="Why.")
    warnings: list[dict[str, str]] = Field(description="Rules that speak against it, unconfirmed ones too.")


class FieldOut(Out):
    """A field that can be marked."""

    code: str = Field(description="Code.")
    zh: str = Field(description="Chinese name.")
    en: str = Field(description="English name.")
    keys: list[str] = Field(description="Fields of answers, rows and events that it covers.")


class LevelsOut(Out):
    """What can be marked, and how."""

    levels: list[str] = Field(description="Levels above public.")
    fields: list[FieldOut] = Field(description="Fields of a contract.")


class WordsOut(Out):
    """The list by which entries are screened for state secrets."""

    version: str = Field(description="Version of the list.")
    source: str = Field(description="Where it comes from.")
    confidence: dict[str, str] = Field(description="How surely it is known.")
    levels: list[str] = Field(description="Levels that count with a star after them.")
    words: list[str] = Field(description="Words that count.")
    harmless: list[str] = Field(description="Words in which a hit does not count.")
