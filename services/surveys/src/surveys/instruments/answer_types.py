"""The type of each question's answer: one definition for the validator and for the JSON Schema."""

from datetime import date
from decimal import Decimal
from typing import Annotated, Any, Literal, NotRequired, Required

from pydantic import AfterValidator, ConfigDict, Field, StringConstraints
from typing_extensions import TypedDict

from surveys.instruments.document import Instrument
from surveys.instruments.items import (
    NO,
    YES,
    DateItem,
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
)

__all__ = ["Type", "answers_type", "expectation"]

Type = Any  # a type made at run time
# PostgreSQL's jsonb cannot hold the character NUL.
WITHOUT_NUL = r"^[^\u0000]*$"
DATE_PATTERNS = {
    "year": r"^[0-9]{4}$",
    "month": r"^[0-9]{4}-(0[1-9]|1[0-2])$",
    "day": r"^[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])$",
}
STRICT = ConfigDict(extra="forbid", strict=True)
_make: Any = TypedDict  # the fields are known at run time only, which mypy does not take


def answers_type(instrument: Instrument, *, by_name: bool = False) -> Type:
    """The type of the whole `answers` object. Skip logic is not in it: see the questionnaire's rules.

    What is validated comes out in the order of the fields: that of the questions, or with `by_name` that of their
    codes and of the codes of a matrix's lines, as RFC 8785 sorts an object.
    """
    fields: dict[str, Type] = {}
    for item in sorted(instrument.items, key=lambda item: item.code) if by_name else instrument.items:
        kind = _answer_type(instrument, item, by_name=by_name)
        fields[item.code] = Required[kind] if item.required and item.show_if is None else NotRequired[kind]
    return _object("Answers", fields)


def expectation(instrument: Instrument, item: Item) -> str:  # noqa: PLR0911 - one line per kind of question
    """What an item takes, for the error that says so."""
    match item:
        case RatingItem():
            scale = instrument.scale_of(item)
            return _one_of(*scale.values, *scale.codes)
        case MatrixItem():
            return f"must be an object with one answer per line: {', '.join(row.code for row in item.rows)}"
        case SingleItem():
            return _one_of(*item.option_codes, *_silent(item))
        case MultipleItem():
            return _expected_choices(item)
        case NpsItem() | EffortItem():
            return _one_of(*item.values, *_silent(item))
        case YesNoItem():
            return _one_of(YES, NO, *_silent(item))
        case NumberItem():
            kind = f"a decimal as a string with at most {item.decimals} decimals" if item.decimals else "an integer"
            return _or_silent(f"must be {kind} from {item.minimum} to {item.maximum}", item)
        case DateItem():
            form = {"year": "YYYY", "month": "YYYY-MM", "day": "YYYY-MM-DD"}[item.precision]
            limits = (("from", item.earliest), ("to", item.latest))
            text = "".join(f" {word} {_cut(limit, item)}" for word, limit in limits if limit is not None)
            return _or_silent(f"must be a date {form}{text}", item)
        case TextItem():
            return f"must be a text of at most {item.max_length} characters"


def _answer_type(instrument: Instrument, item: Item, *, by_name: bool) -> Type:  # noqa: PLR0911 - one line per kind of question
    match item:
        case RatingItem():
            scale = instrument.scale_of(item)
            return _point(scale.values, scale.codes)
        case MatrixItem():
            scale = instrument.scale_of(item)
            line = _point(scale.values, scale.codes)
            rows = [row.code for row in item.rows]
            return _object(
                item.code,
                dict.fromkeys(
                    sorted(rows) if by_name else rows, Required[line] if item.required else NotRequired[line]
                ),
            )
        case SingleItem():
            return _literal(*item.option_codes, *_silent(item))
        case MultipleItem():
            return _choices(item)
        case NpsItem() | EffortItem():
            return _point(item.values, _silent(item))
        case YesNoItem():
            return _literal(YES, NO, *_silent(item))
        case NumberItem():
            return _with(_number(item), _silent(item))
        case DateItem():
            return _with(_date(item), _silent(item))
        case TextItem():
            return Annotated[str, StringConstraints(max_length=item.max_length, pattern=WITHOUT_NUL)]


def _object(name: str, fields: dict[str, Type]) -> Type:
    made = _make(name, fields)
    made.__pydantic_config__ = STRICT
    return made


def _point(values: tuple[int, ...], codes: tuple[str, ...]) -> Type:
    # A strict integer with limits and not a Literal: Literal[1] takes `true`.
    return _with(Annotated[int, Field(strict=True, ge=values[0], le=values[-1])], codes)


def _with(kind: Type, codes: tuple[str, ...]) -> Type:
    return kind | _literal(*codes) if codes else kind


def _literal(*codes: str) -> Type:
    return Literal[codes]


def _choices(item: MultipleItem) -> Type:
    codes, alone = (*item.option_codes, *_silent(item)), frozenset(item.alone)
    most = item.max_choices or len(item.options)

    def check(chosen: list[str]) -> list[str]:
        if len(set(chosen)) < len(chosen) or (len(chosen) > 1 and not alone.isdisjoint(chosen)):
            raise ValueError("chosen twice, or together with what excludes it")
        return chosen

    extra: dict[str, Any] = {"uniqueItems": True}
    if alone:
        extra |= {"if": {"contains": {"enum": sorted(alone)}}, "then": {"maxItems": 1}}
    return Annotated[
        list[_literal(*codes)],  # type: ignore[misc] # made at run time
        Field(min_length=1, max_length=most, json_schema_extra=extra),
        AfterValidator(check),
    ]


def _number(item: NumberItem) -> Type:
    if item.decimals == 0:
        return Annotated[int, Field(strict=True, ge=item.minimum, le=item.maximum)]

    def check(text: str) -> str:
        if not item.minimum <= Decimal(text) <= item.maximum:
            raise ValueError("outside the limits")
        return text

    sign = "-?" if item.minimum < 0 else ""
    pattern = rf"^{sign}[0-9]{{1,13}}(\.[0-9]{{1,{item.decimals}}})?$"
    return Annotated[str, StringConstraints(pattern=pattern), AfterValidator(check)]


def _date(item: DateItem) -> Type:
    earliest, latest = _cut(item.earliest, item), _cut(item.latest, item)

    def check(text: str) -> str:
        if item.precision == "day":
            date.fromisoformat(text)
        # Dates of one form and four-digit years sort as texts.
        if (earliest is not None and text < earliest) or (latest is not None and text > latest):
            raise ValueError("outside the limits")
        return text

    return Annotated[str, StringConstraints(pattern=DATE_PATTERNS[item.precision]), AfterValidator(check)]


def _cut(limit: date | None, item: DateItem) -> str | None:
    return None if limit is None else limit.isoformat()[: {"year": 4, "month": 7, "day": 10}[item.precision]]


def _silent(item: Item) -> tuple[str, ...]:
    return tuple(answer.code for answer in getattr(item, "no_opinion", ()))


def _one_of(*values: int | str) -> str:
    return f"must be one of {', '.join(map(str, values))}"


def _or_silent(text: str, item: Item) -> str:
    codes = _silent(item)
    return f"{text}, or {', '.join(codes)}" if codes else text


def _expected_choices(item: MultipleItem) -> str:
    most = item.max_choices or len(item.options)
    text = f"must be a list of 1 to {most} different codes out of {', '.join((*item.option_codes, *_silent(item)))}"
    return f"{text}; {', '.join(item.alone)} stands alone" if item.alone else text
