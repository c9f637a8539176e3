"""A question as a page shows it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from surveys.instruments.document import Instrument, Item
from surveys.instruments.items import (
    NO,
    YES,
    DateItem,
    EffortItem,
    MatrixItem,
    MultipleItem,
    NpsItem,
    NumberItem,
    RatingItem,
    SingleItem,
    TextItem,
    YesNoItem,
)
from surveys.public.words import Words, text_in

__all__ = ["DATE_PARTS", "Option", "PartView", "QuestionView", "RowView", "answer_words", "question_view"]

DATE_PARTS = ("year", "month", "day")


@dataclass(frozen=True, slots=True)
class Option:
    """One thing to choose; a `silent` one is no opinion."""

    value: str
    label: str
    chosen: bool = False
    silent: bool = False


@dataclass(frozen=True, slots=True)
class RowView:
    """One line of a matrix."""

    code: str
    name: str
    text: str
    options: Sequence[Option]


@dataclass(frozen=True, slots=True)
class PartView:
    """One field of a date."""

    id: str
    name: str
    label: str
    value: str


@dataclass(frozen=True, slots=True, kw_only=True)
class QuestionView:
    """A question with what was answered; `kind` says which control it is shown with."""

    code: str
    kind: str
    text: str
    hint: str
    required: bool
    about_you: bool
    rule: str = ""
    options: Sequence[Option] = ()
    rows: Sequence[RowView] = ()
    parts: Sequence[PartView] = ()
    low: str = ""
    high: str = ""
    top: str = ""
    unit: str = ""
    decimals: int = 0
    max_length: int = 0
    value: str = ""


def question_view(instrument: Instrument, item: Item, answer: Any, words: Words) -> QuestionView:  # noqa: ANN401 - any answer
    """A question in a language, filled with an answer (None: nothing yet; a form's own text is shown again)."""
    base: dict[str, Any] = {
        "code": item.code,
        "text": text_in(item.text, words.tag),
        "hint": text_in(item.hint, words.tag) if item.hint else "",
        "required": item.required,
        "about_you": item.about_respondent,
    }
    return QuestionView(**base, **_control(instrument, item, answer, words))


def answer_words(instrument: Instrument, item: Item, answer: Any, words: Words) -> list[str]:  # noqa: ANN401 - any answer
    """What was answered, in words, for checking; empty when nothing was."""
    if answer is None or answer in ("", [], {}):
        return []
    match item:
        case MatrixItem():
            labels = {option.value: option.label for option in _scale_options(instrument, item, None, words)}
            return [
                f"{text_in(row.text, words.tag)}: {labels[str(answer[row.code])]}"
                for row in item.rows
                if row.code in answer
            ]
        case TextItem():
            return [str(answer)]
    chosen = answer if isinstance(answer, list) else [answer]
    labels = {option.value: option.label for option in options_of(instrument, item, None, words)}
    unit = f" {text_in(item.unit, words.tag)}" if isinstance(item, NumberItem) and item.unit else ""
    return [labels.get(str(value), f"{value}{unit}") for value in chosen]


def options_of(instrument: Instrument, item: Item, answer: Any, words: Words) -> list[Option]:  # noqa: ANN401 - any answer
    """What can be chosen, in the order of the questionnaire; the answers that are no opinion come last."""
    chosen = {str(each) for each in (answer if isinstance(answer, list) else [answer])}

    def option(value: int | str, label: str, *, silent: bool = False) -> Option:
        return Option(str(value), label, str(value) in chosen, silent)

    found: list[Option] = []
    match item:
        case RatingItem() | MatrixItem():
            return _scale_options(instrument, item, answer, words)
        case SingleItem() | MultipleItem():
            found = [option(each.code, text_in(each.label, words.tag)) for each in item.options]
        case YesNoItem():
            found = [option(YES, text_in(item.yes, words.tag)), option(NO, text_in(item.no, words.tag))]
        case NpsItem() | EffortItem():
            found = [option(value, str(value)) for value in item.values]
    silent = getattr(item, "no_opinion", ())
    return [*found, *(option(each.code, text_in(each.label, words.tag), silent=True) for each in silent)]


def _scale_options(instrument: Instrument, item: RatingItem | MatrixItem, answer: Any, words: Words) -> list[Option]:  # noqa: ANN401
    scale, chosen = instrument.scale_of(item), str(answer)
    points = [Option(str(p.value), text_in(p.label, words.tag), str(p.value) == chosen) for p in scale.points]
    silent = [Option(n.code, text_in(n.label, words.tag), n.code == chosen, True) for n in scale.no_opinion]
    return points + silent


def _control(instrument: Instrument, item: Item, answer: Any, words: Words) -> dict[str, Any]:  # noqa: ANN401, PLR0911 - one per kind
    match item:
        case TextItem():
            rule = words.fill("answer_limit", max=item.max_length)
            return {"kind": "text", "max_length": item.max_length, "value": answer or "", "rule": rule}
        case MatrixItem():
            given = answer if isinstance(answer, dict) else {}
            rows = [
                RowView(
                    row.code,
                    f"a-{row.code}",
                    text_in(row.text, words.tag),
                    _scale_options(instrument, item, given.get(row.code), words),
                )
                for row in item.rows
            ]
            return {"kind": "matrix", "rows": rows}
        case NumberItem():
            silent = options_of(instrument, item, answer, words)
            value = "" if answer is None or any(each.chosen for each in silent) else str(answer)
            return {
                "kind": "number",
                "options": silent,
                "value": value,
                "decimals": item.decimals,
                "unit": text_in(item.unit, words.tag) if item.unit else "",
                "rule": words.fill("number_range", min=item.minimum, max=item.maximum),
            }
        case DateItem():
            silent = options_of(instrument, item, answer, words)
            written = [] if answer is None or any(each.chosen for each in silent) else str(answer).split("-")
            names = DATE_PARTS[: DATE_PARTS.index(item.precision) + 1]
            parts = [
                PartView(
                    "a" if place == 0 else f"a-{name}",
                    f"a-{name}",
                    words.texts[name],
                    written[place] if place < len(written) else "",
                )
                for place, name in enumerate(names)
            ]
            return {"kind": "date", "options": silent, "parts": parts}
        case MultipleItem():
            most = item.max_choices
            rule = words.fill("choose_most", max=most) if most else words.choose_several
            return {"kind": "several", "options": options_of(instrument, item, answer, words), "rule": rule}
        case NpsItem() | EffortItem():
            return {
                "kind": "points",
                "options": options_of(instrument, item, answer, words),
                "low": text_in(item.low, words.tag),
                "high": text_in(item.high, words.tag),
                "top": str(item.values[-1]),
            }
    return {"kind": "choices", "options": options_of(instrument, item, answer, words)}
