"""The questionnaire as a document, and what its hash is made of."""

import hashlib
from collections.abc import Iterator
from functools import cached_property
from typing import Annotated, Any, Literal, Self

import rfc8785
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

__all__ = ["Instrument", "Item", "RatingItem", "Scale", "TextItem", "Words", "canonical_sha256"]

Code = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_-]{0,47}$")]
Language = Annotated[str, StringConstraints(pattern=r"^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$")]  # BCP 47
Words = Annotated[
    dict[Language, Annotated[str, StringConstraints(min_length=1, max_length=2000)]],
    Field(min_length=1, description="One text per language (BCP 47 tag)."),
]


def canonical_sha256(document: object) -> str:
    """SHA-256 of the RFC 8785 form of a JSON value, in lower-case hexadecimal."""
    return hashlib.sha256(rfc8785.dumps(document)).hexdigest()  # type: ignore[arg-type]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Point(_Part):
    """One point of a scale."""

    value: Annotated[int, Field(strict=True, ge=0, le=10)]
    label: Words


class NoOpinion(_Part):
    """An answer that is no opinion: it is missing for every measure and counted apart."""

    code: Code
    label: Words


class Scale(_Part):
    """A rating scale; a higher value is better."""

    code: Code
    points: Annotated[tuple[Point, ...], Field(min_length=4, max_length=11)]
    no_opinion: tuple[NoOpinion, ...] = ()

    @property
    def values(self) -> tuple[int, ...]:
        """The values in ascending order."""
        return tuple(sorted(point.value for point in self.points))

    @property
    def codes(self) -> tuple[str, ...]:
        """Codes of the answers that are no opinion."""
        return tuple(answer.code for answer in self.no_opinion)

    @model_validator(mode="after")
    def _consecutive(self) -> Self:
        values = self.values
        if values != tuple(range(values[0], values[0] + len(values))):
            raise ValueError(f"scale {self.code}: the values must follow one another without a gap")
        return self


class _Item(_Part):
    code: Code
    text: Words
    hint: Words | None = None
    required: bool = False


class RatingItem(_Item):
    """A question that is answered on a scale; `headline` marks the one whose result stands for the whole wave."""

    type: Literal["rating"]
    scale: Code
    headline: bool = False


class TextItem(_Item):
    """A question that is answered in the respondent's own words; never published raw."""

    type: Literal["text"]
    max_length: Annotated[int, Field(ge=1, le=4000)] = 1200


Item = Annotated[RatingItem | TextItem, Field(discriminator="type")]


class Instrument(_Part):
    """A questionnaire at one version; immutable once a wave used it."""

    id: Code
    version: Annotated[str, StringConstraints(pattern=r"^\d+\.\d+\.\d+$")]
    title: Words
    introduction: Words
    languages: Annotated[tuple[Language, ...], Field(min_length=1)]
    scales: tuple[Scale, ...]
    items: Annotated[tuple[Item, ...], Field(min_length=1, max_length=60)]

    @cached_property
    def document(self) -> dict[str, Any]:
        """The document as JSON, without what was left out."""
        return self.model_dump(mode="json", exclude_unset=True)

    @cached_property
    def sha256(self) -> str:
        """The hash that a wave pins."""
        return canonical_sha256(self.document)

    @property
    def ratings(self) -> tuple[RatingItem, ...]:
        """The items that are answered on a scale, in order."""
        return tuple(item for item in self.items if isinstance(item, RatingItem))

    @property
    def headline(self) -> RatingItem:
        """The item whose result stands for the whole wave."""
        return next(item for item in self.ratings if item.headline)

    def scale_of(self, item: RatingItem) -> Scale:
        """The scale of an item."""
        return next(scale for scale in self.scales if scale.code == item.scale)

    def completeness(self, language: str) -> float:
        """Share of the texts that exist in a language, 0-1; a wave opens only in languages that have all."""
        texts = list(self._texts())
        return sum(language in words for words in texts) / len(texts)

    def _texts(self) -> Iterator[dict[str, str]]:
        yield self.title
        yield self.introduction
        for scale in self.scales:
            yield from (point.label for point in scale.points)
            yield from (answer.label for answer in scale.no_opinion)
        for item in self.items:
            yield item.text
            if item.hint is not None:
                yield item.hint

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        for what, codes in (("scale", [s.code for s in self.scales]), ("item", [i.code for i in self.items])):
            twice = sorted({code for code in codes if codes.count(code) > 1})
            if twice:
                raise ValueError(f"{what} {', '.join(twice)} is there twice")
        known = {scale.code for scale in self.scales}
        for item in self.ratings:
            if item.scale not in known:
                raise ValueError(f"item {item.code}: there is no scale {item.scale}")
        if sum(item.headline for item in self.ratings) != 1:
            raise ValueError("exactly one rating item must be the headline")
        return self
