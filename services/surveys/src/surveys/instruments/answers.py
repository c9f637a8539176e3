"""What may be answered: the generated JSON Schema and the compiled validator, both from one pydantic type."""

from collections.abc import Iterable, Mapping
from typing import Any

from pydantic import TypeAdapter, ValidationError

from surveys.instruments.answer_types import answers_type, expectation
from surveys.instruments.conditions import Condition, answers_in, compiled, json_schema
from surveys.instruments.document import Instrument
from surveys.instruments.items import Item, MatrixItem
from surveys.instruments.variables import variables_of

__all__ = ["Answers", "Questionnaire", "pointer"]

Answers = dict[str, int | str | list[str] | dict[str, int | str]]
Problems = list[dict[str, str]]


class Questionnaire:
    """An instrument made ready to check answers.

    Checking has two steps: the `type`, which knows each question for itself, and the `rules` of the skip logic, which
    cost nothing where there is none. `check` does both; who has put `type` into a larger adapter, which gives the
    answers sorted by their codes, calls `rules` afterwards.
    """

    def __init__(self, instrument: Instrument) -> None:
        self.instrument = instrument
        self.items = {item.code: item for item in instrument.items}
        self.codes = tuple(self.items)
        self.variables = variables_of(instrument)
        self.type = answers_type(instrument, by_name=True)
        self._adapter: TypeAdapter[Answers] = TypeAdapter(answers_type(instrument))
        self.schema = _answers_schema(instrument, self._adapter)
        self._conditional = tuple(
            (item, compiled(item.show_if)) for item in instrument.items if item.show_if is not None
        )
        counted = [item for item in instrument.items if item.counts]
        self._single = tuple(item.code for item in counted if not isinstance(item, MatrixItem))
        self._matrices = tuple((item.code, len(item.rows)) for item in counted if isinstance(item, MatrixItem))
        self._countable = len(self._single) + sum(lines for _, lines in self._matrices)

    def check(self, answers: object) -> Problems:
        """Everything wrong with an `answers` object, as `{"pointer", "detail"}` per question; empty when it is right.

        The pointer (RFC 6901, from `/answers`) names the question's code, for a matrix the line's too.
        """
        try:
            checked = self._adapter.validate_python(answers)
        except ValidationError as error:
            found = self.errors(error, prefix=())
            return [{"pointer": _below(each["pointer"]), "detail": each["detail"]} for each in found]
        return self.rules(checked)

    def rules(self, answers: Mapping[str, Any]) -> Problems:
        """What the skip logic has against answers of the right type: a skipped question answered, a due one not."""
        if not self._conditional:
            return []
        problems: Problems = []
        shown = dict(answers)
        for item, holds in self._conditional:
            if holds(shown):
                if item.required and item.code not in shown:
                    problems.append({"pointer": pointer(("answers", item.code)), "detail": "must be answered"})
            elif item.code in shown:
                del shown[item.code]
                problems.append({"pointer": pointer(("answers", item.code)), "detail": _skipped(item)})
        return problems

    def applicable(self, answers: Mapping[str, Any]) -> tuple[str, ...]:
        """Codes of the questions that are asked after these answers, in order."""
        if not self._conditional:
            return self.codes
        hidden = self._hidden(answers)
        return tuple(code for code in self.codes if code not in hidden)

    def next_item(self, answers: Mapping[str, Any], after: str | None = None) -> Item | None:
        """The question to ask after one, by default the first; None at the end."""
        start = 0 if after is None else self.codes.index(after) + 1
        hidden = self._hidden(answers)
        return next((self.items[code] for code in self.codes[start:] if code not in hidden), None)

    def completion(self, answers: Mapping[str, Any]) -> tuple[int, int]:
        """How many questions were answered and how many were applicable; "don't know" is an answer too.

        A matrix counts as its lines. Free text and the questions about the respondent do not count: they are optional
        by design. The share decides complete, partial or break-off (AAPOR).
        """
        applicable = self._countable
        matrices = self._matrices
        single = self._single
        if self._conditional and (hidden := self._hidden(answers)):
            single = tuple(code for code in single if code not in hidden)
            matrices = tuple((code, lines) for code, lines in matrices if code not in hidden)
            applicable = len(single) + sum(lines for _, lines in matrices)
        answered = len([code for code in single if code in answers])
        for code, _ in matrices:
            answered += len(answers.get(code, ()))
        return answered, applicable

    def expected(self, code: str) -> str:
        """What an item takes, for the error that says so."""
        item = self.items.get(code)
        if item is None:
            return "there is no such question in this instrument"
        return expectation(self.instrument, item)

    def errors(self, error: ValidationError, *, prefix: tuple[str, ...] = ("answers",)) -> Problems:
        """Pointer and detail of each wrong answer, one per question or line of a matrix."""
        found: dict[str, str] = {}
        for problem in error.errors(include_url=False, include_context=False, include_input=False):
            location = problem["loc"]
            if location[: len(prefix)] == prefix and len(location) > len(prefix):
                inside = self._place(location[len(prefix) :])
                detail = "must be answered" if problem["type"] == "missing" else self._detail(inside)
                found.setdefault(pointer((*prefix, *inside)), detail)
            else:
                found.setdefault(pointer(location), problem["msg"])
        return [{"pointer": where, "detail": detail} for where, detail in found.items()]

    def _place(self, location: tuple[int | str, ...]) -> tuple[str, ...]:
        """Question, and line of a matrix, out of a location that goes on into the parts of a type."""
        code = str(location[0])
        if isinstance(self.items.get(code), MatrixItem) and len(location) > 1:
            return code, str(location[1])
        return (code,)

    def _detail(self, place: tuple[str, ...]) -> str:
        item = self.items.get(place[0])
        if len(place) == 1 or not isinstance(item, MatrixItem):
            return self.expected(place[0])
        if place[1] not in {row.code for row in item.rows}:
            return "there is no such line in this question"
        scale = self.instrument.scale_of(item)
        return f"must be one of {', '.join(map(str, (*scale.values, *scale.codes)))}"

    def _hidden(self, answers: Mapping[str, Any]) -> set[str]:
        shown = dict(answers)
        hidden: set[str] = set()
        for item, holds in self._conditional:
            if not holds(shown):
                hidden.add(item.code)
                shown.pop(item.code, None)
        return hidden


def pointer(location: Iterable[int | str]) -> str:
    """RFC 6901 pointer of a location."""
    return "".join("/" + str(part).replace("~", "~0").replace("/", "~1") for part in location) or "/"


def _below(where: str) -> str:
    return "/answers" if where == "/" else f"/answers{where}"


def _skipped(item: Item) -> str:
    asked = dict.fromkeys(condition.item for condition in answers_in(item.show_if)) if item.show_if else {}
    return f"must be left out: the question is skipped after the answer to {', '.join(asked)}"


def _answers_schema(instrument: Instrument, adapter: TypeAdapter[Answers]) -> dict[str, Any]:
    schema = adapter.json_schema()
    for item in instrument.items:
        schema["properties"][item.code]["title"] = next(iter(item.text.values()))
    skips = [_skip_schema(item, item.show_if) for item in instrument.items if item.show_if is not None]
    if skips:
        schema["allOf"] = skips
    schema["title"] = f"Answers to {instrument.id} {instrument.version}"
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"urn:gongping:answers:{instrument.sha256}",
        **schema,
    }


def _skip_schema(item: Item, condition: Condition) -> dict[str, Any]:
    schema: dict[str, Any] = {"if": json_schema(condition)}
    if item.required:
        schema["then"] = {"required": [item.code]}
    return schema | {"else": {"properties": {item.code: False}}}
