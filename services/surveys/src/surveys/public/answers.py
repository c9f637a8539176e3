"""From the fields of a form to an answer, and what is wrong with it in the citizen's words."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from surveys.instruments.items import (
    DateItem,
    EffortItem,
    Item,
    MatrixItem,
    MultipleItem,
    NpsItem,
    NumberItem,
    RatingItem,
    TextItem,
)
from surveys.instruments.queries import Questionnaire
from surveys.public.asked import Asked
from surveys.public.views import DATE_PARTS
from surveys.public.words import Words

__all__ = ["FormError", "check_answer", "read_answer"]

_INTEGER = re.compile(r"^-?[0-9]{1,13}$")


@dataclass(frozen=True, slots=True)
class FormError:
    """What is wrong, and the field that it is about; the same words on top and at the field."""

    id: str
    text: str


def read_answer(item: Item, asked: Asked) -> Any:  # noqa: ANN401, PLR0911 - any answer; one line per kind
    """The answer in a form; None when nothing was chosen or written. What does not fit is returned as it is."""
    match item:
        case MatrixItem():
            lines = {row.code: _point(asked.value(f"a-{row.code}")) for row in item.rows}
            return {code: value for code, value in lines.items() if value != ""} or None
        case MultipleItem():
            return [value.strip() for value in asked.form.get("a", ())] or None
        case NumberItem():
            written = asked.value("a") or asked.value("n")
            if not written:
                return None
            return int(written) if item.decimals == 0 and _INTEGER.match(written) else written
        case DateItem():
            return _date(item, asked) or asked.value("n") or None
        case RatingItem() | NpsItem() | EffortItem():
            value = _point(asked.value("a"))
            return None if value == "" else value
    return asked.value("a") or None


def check_answer(
    questionnaire: Questionnaire,
    item: Item,
    answer: Any,  # noqa: ANN401 - any answer
    answers: Mapping[str, Any],
    words: Words,
) -> list[FormError]:
    """What is wrong with an answer to a question, given the answers to the others; empty when nothing is."""
    field = _first_field(item)
    if answer is None:
        return [FormError(field, words.answer_required)] if item.required else []
    problems = questionnaire.check({**answers, item.code: answer})
    where = f"/answers/{item.code}"
    if not any(problem["pointer"] == where or problem["pointer"].startswith(where + "/") for problem in problems):
        return []
    return [FormError(field, _explained(item, words))]


def _explained(item: Item, words: Words) -> str:
    match item:
        case TextItem():
            return words.fill("error_text", max=item.max_length)
        case NumberItem():
            return words.fill("error_number", min=item.minimum, max=item.maximum)
        case DateItem():
            return words.error_date
        case MultipleItem():
            return words.fill("error_several", max=item.max_choices or len(item.options))
        case MatrixItem():
            return words.error_lines
    return words.error_choice


def _first_field(item: Item) -> str:
    return f"a-{item.rows[0].code}" if isinstance(item, MatrixItem) else "a"


def _point(written: str) -> int | str:
    return int(written) if _INTEGER.match(written) else written


def _date(item: DateItem, asked: Asked) -> str:
    names = DATE_PARTS[: DATE_PARTS.index(item.precision) + 1]
    parts = [asked.value(f"a-{name}") for name in names]
    if not any(parts):
        return ""
    return "-".join(part.zfill(4 if name == "year" else 2) for name, part in zip(names, parts, strict=True))
