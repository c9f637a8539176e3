"""The questionnaire as a document, and what its hash is made of."""

from collections.abc import Iterator
from functools import cached_property
from typing import Annotated, Any, Literal, Self

from pydantic import Field, StringConstraints, model_validator

from surveys.instruments.conditions import AnswerCondition, answers_in
from surveys.instruments.items import (
    NO,
    YES,
    EffortItem,
    Item,
    MatrixItem,
    MultipleItem,
    NpsItem,
    NumberItem,
    RatingItem,
    SingleItem,
    TextItem,
    YesNoItem,
    check_item,
)
from surveys.instruments.parts import Code, Language, Part, Scale, Words, canonical_sha256, duplicates

__all__ = ["Instrument", "Item", "RatingItem", "Scale", "TextItem", "Translation", "Words", "canonical_sha256"]


class Translation(Part):
    """How far a language's words can be trusted: written in it, reviewed by a reader who knows it, or neither.

    An unreviewed language is offered only when it is named.
    """

    status: Literal["source", "reviewed", "unreviewed"]
    """Written in the language, reviewed by a reader who knows it, or neither."""
    note: Annotated[str, StringConstraints(min_length=1, max_length=500, pattern=r"^[^\u0000]*$")] | None = None
    """Why, or by whom."""


class Instrument(Part):
    """A questionnaire at one version; immutable once a wave used it."""

    id: Code
    """Code of the instrument; it belongs to the organisation that used it first."""
    version: Annotated[str, StringConstraints(pattern=r"^[0-9]{1,12}\.[0-9]{1,12}\.[0-9]{1,12}$", max_length=32)]
    """Three numbers; a changed word is a new version."""
    title: Words
    """Title, per language."""
    introduction: Words
    """What a respondent reads first, per language."""
    guardian_notice: Words | None = None
    """For services to children: who may answer for whom, per language."""
    languages: Annotated[tuple[Language, ...], Field(min_length=1, max_length=20)]
    """Languages (BCP 47), in the order in which a page offers them; they may be incomplete."""
    translations: dict[Language, Translation] = Field(default_factory=dict)
    """How far a language's words can be trusted; a language that is not named here is a source."""
    scales: Annotated[tuple[Scale, ...], Field(max_length=20)]
    """Scales that items name."""
    items: Annotated[tuple[Item, ...], Field(min_length=1, max_length=60)]
    """The questions, in the order in which they are asked."""

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
        """The items that are answered on a scale, in order; lines of a matrix are not among them."""
        return tuple(item for item in self.items if isinstance(item, RatingItem))

    @property
    def headline(self) -> RatingItem:
        """The item whose result stands for the whole wave."""
        return next(item for item in self.ratings if item.headline)

    def scale_of(self, item: RatingItem | MatrixItem) -> Scale:
        """The scale of an item."""
        return next(scale for scale in self.scales if scale.code == item.scale)

    def completeness(self, language: str) -> float:
        """Share of the texts that exist in a language, 0-1; a wave opens only in languages that have all."""
        texts = list(self.texts())
        return sum(language in words for _, words in texts) / len(texts)

    def missing_texts(self, language: str) -> list[str]:
        """Pointers (RFC 6901, into the document) of the texts that a language lacks."""
        return [where for where, words in self.texts() if language not in words]

    def reviewed(self, language: str) -> bool:
        """Whether nothing says that a language's words still need a reader who knows it."""
        translation = self.translations.get(language)
        return translation is None or translation.status != "unreviewed"

    def texts(self) -> Iterator[tuple[str, dict[str, str]]]:
        """Pointer into the document and words per language of every text that respondents read."""
        yield "/title", self.title
        yield "/introduction", self.introduction
        if self.guardian_notice is not None:
            yield "/guardian_notice", self.guardian_notice
        for index, scale in enumerate(self.scales):
            for place, point in enumerate(scale.points):
                yield f"/scales/{index}/points/{place}/label", point.label
            for place, answer in enumerate(scale.no_opinion):
                yield f"/scales/{index}/no_opinion/{place}/label", answer.label
        for index, item in enumerate(self.items):
            for where, words in item.texts():
                yield f"/items/{index}/{where}", words

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        for what, codes in (
            ("scale", [scale.code for scale in self.scales]),
            ("item", [item.code for item in self.items]),
            ("language", list(self.languages)),
        ):
            twice = duplicates(codes)
            if twice:
                raise ValueError(f"{what} {', '.join(twice)} is there twice")
        known = {scale.code for scale in self.scales}
        earlier: dict[str, Item] = {}
        for item in self.items:
            check_item(item)
            if isinstance(item, RatingItem | MatrixItem) and item.scale not in known:
                raise ValueError(f"item {item.code}: there is no scale {item.scale}")
            for condition in answers_in(item.show_if) if item.show_if else ():
                self._check_condition(item, condition, earlier)
            earlier[item.code] = item
        about = [item.about_respondent for item in self.items]
        if about != sorted(about):
            raise ValueError("the questions about the respondent come last")
        if sum(item.headline for item in self.ratings) != 1:
            raise ValueError("exactly one rating item must be the headline")
        if self.headline.show_if is not None or self.headline.about_respondent:
            raise ValueError(f"item {self.headline.code}: the headline is asked of everybody")
        strange = sorted(set(self.translations) - set(self.languages))
        if strange:
            raise ValueError(f"translations names {', '.join(strange)}, which is not among the languages")
        return self

    def _check_condition(self, item: Item, condition: AnswerCondition, earlier: dict[str, Item]) -> None:
        """Refuse a condition that can never hold: on a later question, or on an answer that there is not."""
        where = f"item {item.code}: show_if on {condition.item}"
        asked = earlier.get(condition.item)
        if asked is None:
            raise ValueError(f"{where}: there is no such earlier item")
        rows = [row.code for row in asked.rows] if isinstance(asked, MatrixItem) else [None]
        if condition.row not in rows:
            raise ValueError(f"{where}: name a row of a matrix, and only of a matrix")
        if (condition.includes is not None) != isinstance(asked, MultipleItem):
            raise ValueError(f"{where}: `includes` is for a multiple choice, and a multiple choice takes nothing else")
        numeric = isinstance(asked, RatingItem | MatrixItem | NpsItem | EffortItem) or _whole(asked)
        bounded = condition.at_least is not None or condition.at_most is not None
        if bounded and not numeric:
            raise ValueError(f"{where}: at_least and at_most are for integers and points of a scale")
        possible = self._possible(asked)
        unknown = [value for value in condition.one_of or condition.includes or () if value not in possible]
        if unknown and not (_whole(asked) and all(isinstance(value, int) for value in unknown)):
            raise ValueError(f"{where}: {', '.join(map(str, unknown))} is no answer to it")

    def _possible(self, item: Item) -> set[int | str]:
        found: set[int | str] = {answer.code for answer in getattr(item, "no_opinion", ())}
        match item:
            case RatingItem() | MatrixItem():
                scale = self.scale_of(item)
                found.update(scale.values, scale.codes)
            case SingleItem() | MultipleItem():
                found.update(item.option_codes)
            case NpsItem() | EffortItem():
                found.update(item.values)
            case YesNoItem():
                found.update((YES, NO))
        return found


def _whole(item: Item) -> bool:
    return isinstance(item, NumberItem) and item.decimals == 0
