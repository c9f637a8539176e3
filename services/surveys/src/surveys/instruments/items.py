"""The kinds of questions."""

from collections.abc import Iterator
from datetime import date
from typing import Annotated, ClassVar, Literal, Self

from pydantic import Field, StrictBool, StrictInt, model_validator

from surveys.instruments.conditions import Condition, depth
from surveys.instruments.parts import Code, MatrixRow, NoOpinion, Option, Part, Words, duplicates

__all__ = [
    "NO",
    "YES",
    "DateItem",
    "EffortItem",
    "Item",
    "MatrixItem",
    "MultipleItem",
    "NpsItem",
    "NumberItem",
    "RatingItem",
    "SingleItem",
    "TextItem",
    "YesNoItem",
]

YES, NO = "yes", "no"
NESTING = 4

Limit = Annotated[StrictInt, Field(ge=-(10**12), le=10**12)]
NoOpinions = Annotated[tuple[NoOpinion, ...], Field(max_length=5)]


class _Item(Part):
    """What every question has.

    `show_if` says when it is asked; without it, always. `about_respondent` marks the optional questions about the
    person (age band, sex): they come last, after the answers were checked, and do not count for completeness.
    """

    counted: ClassVar[bool] = True  # whether it counts for the share of questions that were answered

    code: Code
    """Code of the question; the member of the `answers` object."""
    text: Words
    """What is asked, per language."""
    hint: Words | None = None
    """What helps to answer, per language."""
    required: StrictBool = False
    """True: it must be answered when it is asked."""
    show_if: Condition | None = None
    """When it is asked; null: always."""
    about_respondent: StrictBool = False
    """True: an optional question about the person, asked after the answers were checked."""

    def texts(self) -> Iterator[tuple[str, dict[str, str]]]:
        """Pointer inside the item and words of every text."""
        yield "text", self.text
        if self.hint is not None:
            yield "hint", self.hint
        for index, answer in enumerate(getattr(self, "no_opinion", ())):
            yield f"no_opinion/{index}/label", answer.label

    @property
    def counts(self) -> bool:
        """Whether the question counts for the share that was answered, which decides complete, partial, break-off."""
        return self.counted and not self.about_respondent

    @model_validator(mode="after")
    def _sound(self) -> Self:
        if self.about_respondent and self.required:
            raise ValueError(f"item {self.code}: a question about the person cannot be required")
        if self.show_if is not None and depth(self.show_if) > NESTING:
            raise ValueError(f"item {self.code}: conditions are nested more than {NESTING} deep")
        return self


class RatingItem(_Item):
    """A question that is answered on a scale; `headline` marks the one whose result stands for the whole wave."""

    type: Literal["rating"]
    """Kind of question."""
    scale: Code
    """Code of the scale that it is answered on."""
    headline: StrictBool = False
    """True for the one question whose result stands for the whole wave."""


class MatrixItem(_Item):
    """Several lines on one scale; `required` asks for every line. The answer is an object, one member per line."""

    type: Literal["matrix"]
    """Kind of question."""
    scale: Code
    """Code of the scale that every line is answered on."""
    rows: Annotated[tuple[MatrixRow, ...], Field(min_length=2, max_length=20)]
    """The lines."""

    def texts(self) -> Iterator[tuple[str, dict[str, str]]]:
        """Pointer inside the item and words of every text."""
        yield from super().texts()
        for index, row in enumerate(self.rows):
            yield f"rows/{index}/text", row.text


class _Choice(_Item):
    options: Annotated[tuple[Option, ...], Field(min_length=2, max_length=50)]
    """The options, in the order in which a page shows them."""
    no_opinion: NoOpinions = ()
    """Answers that are no opinion."""

    def texts(self) -> Iterator[tuple[str, dict[str, str]]]:
        """Pointer inside the item and words of every text."""
        yield from super().texts()
        for index, option in enumerate(self.options):
            yield f"options/{index}/label", option.label

    @property
    def option_codes(self) -> tuple[str, ...]:
        """Codes of the options, without those that are no opinion."""
        return tuple(option.code for option in self.options)


class SingleItem(_Choice):
    """Exactly one of several options."""

    type: Literal["single"]
    """Kind of question."""


class MultipleItem(_Choice):
    """Any number of several options, at most `max_choices`. The answer is a list of codes."""

    type: Literal["multiple"]
    """Kind of question."""
    max_choices: Annotated[StrictInt, Field(ge=1, le=50)] | None = None
    """Options that may be chosen at most; null: all."""

    @property
    def alone(self) -> tuple[str, ...]:
        """Codes that exclude every other: the exclusive options and those that are no opinion."""
        return (*(each.code for each in self.options if each.exclusive), *(each.code for each in self.no_opinion))


class _Ends(_Item):
    low: Words
    """What the lowest value means, per language."""
    high: Words
    """What the highest value means, per language."""
    no_opinion: NoOpinions = ()
    """Answers that are no opinion."""

    def texts(self) -> Iterator[tuple[str, dict[str, str]]]:
        """Pointer inside the item and words of every text."""
        yield from super().texts()
        yield "low", self.low
        yield "high", self.high


class NpsItem(_Ends):
    """Would you recommend it, 0-10; net promoter score."""

    values: ClassVar[tuple[int, ...]] = tuple(range(11))
    type: Literal["nps"]
    """Kind of question."""


class EffortItem(_Ends):
    """How easy was it, 1-7, 7 the easiest; customer effort score."""

    values: ClassVar[tuple[int, ...]] = tuple(range(1, 8))
    type: Literal["effort"]
    """Kind of question."""


class YesNoItem(_Item):
    """Yes or no; the answer is the code `yes` or `no`."""

    type: Literal["yes_no"]
    """Kind of question."""
    yes: Words
    """What `yes` is called, per language."""
    no: Words
    """What `no` is called, per language."""
    no_opinion: NoOpinions = ()
    """Answers that are no opinion."""

    def texts(self) -> Iterator[tuple[str, dict[str, str]]]:
        """Pointer inside the item and words of every text."""
        yield from super().texts()
        yield "yes", self.yes
        yield "no", self.no


class NumberItem(_Item):
    """A number: an integer, or with `decimals` a decimal as a JSON string ("12.5"), so that no digit is lost."""

    type: Literal["number"]
    """Kind of question."""
    minimum: Limit = 0
    """Smallest answer, in the question's unit."""
    maximum: Limit = 10**9
    """Largest answer, in the question's unit."""
    decimals: Annotated[StrictInt, Field(ge=0, le=6)] = 0
    """Digits after the point; above 0 the answer is a JSON string."""
    unit: Words | None = None
    """Unit of the answer, per language."""
    no_opinion: NoOpinions = ()
    """Answers that are no opinion."""

    def texts(self) -> Iterator[tuple[str, dict[str, str]]]:
        """Pointer inside the item and words of every text."""
        yield from super().texts()
        if self.unit is not None:
            yield "unit", self.unit

    @model_validator(mode="after")
    def _limits(self) -> Self:
        if self.minimum >= self.maximum:
            raise ValueError(f"item {self.code}: the minimum must lie below the maximum")
        return self


class DateItem(_Item):
    """A date, by default no finer than the month: an exact day can identify a person."""

    type: Literal["date"]
    """Kind of question."""
    precision: Literal["year", "month", "day"] = "month"
    """How fine the answer is: YYYY, YYYY-MM or YYYY-MM-DD."""
    earliest: date | None = None
    """First date that may be answered; null: any."""
    latest: date | None = None
    """Last date that may be answered; null: any."""
    no_opinion: NoOpinions = ()
    """Answers that are no opinion."""

    @model_validator(mode="after")
    def _limits(self) -> Self:
        if self.earliest and self.latest and self.earliest > self.latest:
            raise ValueError(f"item {self.code}: the earliest date lies after the latest")
        return self


class TextItem(_Item):
    """A question that is answered in the respondent's own words; never published raw."""

    counted = False  # nobody is made to write

    type: Literal["text"]
    """Kind of question."""
    max_length: Annotated[StrictInt, Field(ge=1, le=4000)] = 1200
    """Characters at most."""


Item = Annotated[
    RatingItem
    | SingleItem
    | MultipleItem
    | MatrixItem
    | NpsItem
    | EffortItem
    | YesNoItem
    | NumberItem
    | DateItem
    | TextItem,
    Field(discriminator="type"),
]


def own_codes(item: Item) -> list[str]:
    """The codes that an item declares itself: options, lines, answers that are no opinion."""
    codes = [answer.code for answer in getattr(item, "no_opinion", ())]
    if isinstance(item, SingleItem | MultipleItem):
        codes += item.option_codes
    if isinstance(item, MatrixItem):
        codes += [row.code for row in item.rows]
    if isinstance(item, YesNoItem):
        codes += [YES, NO]
    return codes


def check_item(item: Item) -> None:
    """Refuse an item whose own codes are not distinct, or that allows more choices than it has."""
    twice = duplicates(own_codes(item))
    if twice:
        raise ValueError(f"item {item.code}: {', '.join(twice)} is there twice")
    if isinstance(item, MultipleItem) and item.max_choices is not None and item.max_choices > len(item.options):
        raise ValueError(f"item {item.code}: max_choices is more than there are options")
