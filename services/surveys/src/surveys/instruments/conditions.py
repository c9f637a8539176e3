"""Skip logic: when a question is asked, as data that can be checked, compiled and shown as JSON Schema."""

from collections.abc import Callable, Iterator, Mapping
from typing import Annotated, Any, Self

from pydantic import Discriminator, Field, StrictInt, Tag, model_validator

from surveys.instruments.parts import Code, Part

__all__ = [
    "AllConditions",
    "AnswerCondition",
    "AnyCondition",
    "Condition",
    "NoCondition",
    "Test",
    "answers_in",
    "compiled",
    "depth",
    "json_schema",
]

Test = Callable[[Mapping[str, Any]], bool]
Bound = Annotated[StrictInt, Field(ge=-(10**12), le=10**12)]


class AnswerCondition(Part):
    """A condition on the answer to an earlier question; false when that was not answered.

    Exactly one of: `one_of` (the answer is one of these), `includes` (a multiple choice has one of these), `at_least`
    and `at_most` (a number or a point of a scale; never true for "don't know"). `row` names the line of a matrix.
    """

    item: Code
    """Code of an earlier question."""
    row: Code | None = None
    """Line of a matrix; null for any other question."""
    one_of: Annotated[tuple[StrictInt | Code, ...], Field(min_length=1, max_length=50)] | None = None
    """The answer is one of these."""
    includes: Annotated[tuple[Code, ...], Field(min_length=1, max_length=50)] | None = None
    """The multiple choice has one of these."""
    at_least: Bound | None = None
    """The number or the point is this or more."""
    at_most: Bound | None = None
    """The number or the point is this or less."""

    @model_validator(mode="after")
    def _one_test(self) -> Self:
        tests = (self.one_of, self.includes, self.at_least, self.at_most)
        if sum(test is not None for test in tests) != 1:
            raise ValueError(f"condition on {self.item}: give one of one_of, includes, at_least, at_most")
        return self


class AllConditions(Part):
    """Every condition holds."""

    all: Annotated[tuple["Condition", ...], Field(min_length=1, max_length=20)]
    """Conditions that must all hold."""


class AnyCondition(Part):
    """At least one condition holds."""

    any: Annotated[tuple["Condition", ...], Field(min_length=1, max_length=20)]
    """Conditions of which one must hold."""


class NoCondition(Part):
    """No condition holds."""

    none: Annotated[tuple["Condition", ...], Field(min_length=1, max_length=20)]
    """Conditions of which none may hold."""


def _kind(value: Any) -> str:  # noqa: ANN401 - any JSON value
    for kind in ("all", "any", "none"):
        if kind in value if isinstance(value, dict) else hasattr(value, kind):
            return kind
    return "answer"


Condition = Annotated[
    Annotated[AnswerCondition, Tag("answer")]
    | Annotated[AllConditions, Tag("all")]
    | Annotated[AnyCondition, Tag("any")]
    | Annotated[NoCondition, Tag("none")],
    Discriminator(_kind),
]
for _model in (AllConditions, AnyCondition, NoCondition):
    _model.model_rebuild()


def parts_of(condition: Condition) -> tuple[Condition, ...]:
    """The conditions that a compound one joins; none for a condition on an answer."""
    match condition:
        case AllConditions():
            return condition.all
        case AnyCondition():
            return condition.any
        case NoCondition():
            return condition.none
    return ()


def answers_in(condition: Condition) -> Iterator[AnswerCondition]:
    """Every condition on an answer inside a condition."""
    if isinstance(condition, AnswerCondition):
        yield condition
    for part in parts_of(condition):
        yield from answers_in(part)


def depth(condition: Condition) -> int:
    """How deep conditions are nested; 1 for a condition on an answer."""
    return 1 + max((depth(part) for part in parts_of(condition)), default=0)


def compiled(condition: Condition) -> Test:
    """The condition as a function of the answers to the questions that were asked."""
    if isinstance(condition, AnswerCondition):
        return _compiled_answer(condition)
    tests = tuple(compiled(part) for part in parts_of(condition))
    match condition:
        case AllConditions():
            return lambda answers: all(test(answers) for test in tests)
        case AnyCondition():
            return lambda answers: any(test(answers) for test in tests)
    return lambda answers: not any(test(answers) for test in tests)


def json_schema(condition: Condition) -> dict[str, Any]:
    """The condition as a JSON Schema of the `answers` object, for the conditional part of the answers' schema."""
    if isinstance(condition, AnswerCondition):
        return _within(condition, _value_schema(condition))
    parts = [json_schema(part) for part in parts_of(condition)]
    match condition:
        case AllConditions():
            return {"allOf": parts}
        case AnyCondition():
            return {"anyOf": parts}
    return {"not": {"anyOf": parts}}


def _compiled_answer(condition: AnswerCondition) -> Test:
    item, row, test = condition.item, condition.row, _value_test(condition)
    if row is None:
        return lambda answers: item in answers and test(answers[item])

    def in_row(answers: Mapping[str, Any]) -> bool:
        rows = answers.get(item)
        return isinstance(rows, Mapping) and row in rows and test(rows[row])

    return in_row


def _value_test(condition: AnswerCondition) -> Callable[[Any], bool]:
    if condition.one_of is not None:
        wanted = frozenset(condition.one_of)
        return lambda value: isinstance(value, int | str) and value in wanted
    if condition.includes is not None:
        chosen = frozenset(condition.includes)
        return lambda value: isinstance(value, list) and not chosen.isdisjoint(value)
    if condition.at_least is not None:
        low = condition.at_least
        return lambda value: isinstance(value, int) and value >= low
    high = condition.at_most
    return lambda value: isinstance(value, int) and high is not None and value <= high


def _value_schema(condition: AnswerCondition) -> dict[str, Any]:
    if condition.one_of is not None:
        return {"enum": list(condition.one_of)}
    if condition.includes is not None:
        return {"type": "array", "contains": {"enum": list(condition.includes)}}
    if condition.at_least is not None:
        return {"type": "integer", "minimum": condition.at_least}
    return {"type": "integer", "maximum": condition.at_most}


def _within(condition: AnswerCondition, value: dict[str, Any]) -> dict[str, Any]:
    if condition.row is not None:
        value = {"type": "object", "properties": {condition.row: value}, "required": [condition.row]}
    return {"properties": {condition.item: value}, "required": [condition.item]}
