"""`relevant` expressions of XLSForm and the conditions of our skip logic, in both directions.

Subset: ${name} compared with = != < <= > >= to a number or a quoted text, selected(${name}, 'code'), and, or, not(...),
brackets.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from surveys.instruments.conditions import AllConditions, AnswerCondition, AnyCondition, Condition, parts_of

__all__ = ["BETWEEN", "ExpressionUnknown", "Place", "code_of", "condition_of", "expression_of", "row_name"]

TOKEN = re.compile(
    r"\s*(?:(?P<name>\$\{[^}]+\})|(?P<text>'[^']*'|\"[^\"]*\")|(?P<number>-?\d+(?:\.\d+)?)"
    r"|(?P<word>and\b|or\b|not\b|selected\b)|(?P<sign><=|>=|!=|=|<|>|\(|\)|,))"
)
WHOLE = re.compile(r"-?\d+")
SIGNS = ("=", "!=", "<", "<=", ">", ">=")
MIRRORED = {"=": "=", "!=": "!=", "<": ">", "<=": ">=", ">": "<", ">=": "<="}
BETWEEN = "__"  # between the codes of a matrix and of its line: ${...} knows no groups


def code_of(name: str) -> str:
    """A name of a form as a code: small letters, figures, - and _, beginning with a letter, at most 48."""
    code = re.sub(r"[^a-z0-9_-]", "_", name.strip().lower())
    return (code if code[:1].isalpha() else f"c{code}")[:48]


class ExpressionUnknown(ValueError):  # noqa: N818 - the name says what is wrong
    """The expression is outside the subset."""


@dataclass(frozen=True, slots=True)
class Place:
    """What a name of a form means: a question, or a line of a matrix, and how its answers are written."""

    item: str
    row: str | None = None
    numeric: bool = False
    several: bool = False

    def condition(self, test: str, value: object) -> dict[str, Any]:
        """A condition on it, as a document."""
        return {"item": self.item, **({} if self.row is None else {"row": self.row}), test: value}

    def value(self, text: str) -> int | str:
        """An answer as this service writes it."""
        return int(text) if self.numeric and WHOLE.fullmatch(text) else code_of(text)


def row_name(item: str, row: str) -> str:
    """The name of a matrix's line in a form."""
    return f"{item}{BETWEEN}{row}"


def expression_of(condition: Condition) -> str:
    """The condition as an expression."""
    if isinstance(condition, AnswerCondition):
        return _answer(condition)
    parts = [expression_of(part) for part in parts_of(condition)]
    match condition:
        case AllConditions():
            return "(" + " and ".join(parts) + ")"
        case AnyCondition():
            return "(" + " or ".join(parts) + ")"
    return "not(" + " or ".join(parts) + ")"


def condition_of(expression: str, *, places: Mapping[str, Place]) -> dict[str, Any]:
    """The document of the condition that an expression says; `places` are the questions that a name may mean.

    Raises:
        ExpressionUnknown: it is outside the subset, or names a question that was not asked before.
    """
    return _Parser(expression, places).whole()


def _answer(condition: AnswerCondition) -> str:
    name = condition.item if condition.row is None else row_name(condition.item, condition.row)
    place = f"${{{name}}}"
    if condition.at_least is not None:
        return f"{place} >= {condition.at_least}"
    if condition.at_most is not None:
        return f"{place} <= {condition.at_most}"
    if condition.includes is not None:
        tests = [f"selected({place}, '{code}')" for code in condition.includes]
    else:
        # A choice's name is text, also where it is a figure.
        tests = [f"{place} = '{value}'" for value in condition.one_of or ()]
    return tests[0] if len(tests) == 1 else "(" + " or ".join(tests) + ")"


class _Parser:
    """Recursive descent: or < and < not, comparison, brackets."""

    def __init__(self, expression: str, places: Mapping[str, Place]) -> None:
        self._tokens = _tokens(expression)
        self._places = places
        self._at = 0

    def whole(self) -> dict[str, Any]:
        found = self._joined("or", "any", self._and)
        if self._at < len(self._tokens):
            raise ExpressionUnknown(f"cannot read on from {self._tokens[self._at][1]!r}")
        return found

    def _and(self) -> dict[str, Any]:
        return self._joined("and", "all", self._single)

    def _joined(self, word: str, key: str, inner: Callable[[], dict[str, Any]]) -> dict[str, Any]:
        parts = [inner()]
        while self._peek() == ("word", word):
            self._at += 1
            parts.append(inner())
        if len(parts) == 1:
            return parts[0]
        return _one_test(parts) if key == "any" else {"all": parts}

    def _single(self) -> dict[str, Any]:
        kind, text = self._next()
        if (kind, text) == ("sign", "("):
            inner = self._joined("or", "any", self._and)
            self._expect(")")
            return inner
        if (kind, text) == ("word", "not"):
            self._expect("(")
            inner = self._joined("or", "any", self._and)
            self._expect(")")
            return {"none": inner["any"] if set(inner) == {"any"} else [inner]}
        if (kind, text) == ("word", "selected"):
            return self._selected()
        return self._comparison(kind, text)

    def _selected(self) -> dict[str, Any]:
        self._expect("(")
        place = self._place(*self._next())
        self._expect(",")
        kind, text = self._next()
        if kind != "text":
            raise ExpressionUnknown("selected() takes a quoted code")
        self._expect(")")
        # On a question with one answer selected() means the same as "=".
        return place.condition("includes" if place.several else "one_of", [place.value(text)])

    def _comparison(self, kind: str, text: str) -> dict[str, Any]:
        sign = self._next()[1]
        if sign not in SIGNS:
            raise ExpressionUnknown(f"{sign!r} is no comparison")
        other_kind, other = self._next()
        if kind != "name":  # 5 <= ${x}
            (kind, text), (other_kind, other), sign = (other_kind, other), (kind, text), MIRRORED[sign]
        place = self._place(kind, text)
        if other_kind not in ("number", "text"):
            raise ExpressionUnknown(f"a comparison takes a number or a quoted text, not {other!r}")
        if sign in ("=", "!="):
            test = place.condition("one_of", [place.value(other)])
            return test if sign == "=" else {"none": [test]}
        if not WHOLE.fullmatch(other):
            raise ExpressionUnknown(f"{sign} takes a whole number")
        bound = int(other)
        return {
            ">=": place.condition("at_least", bound),
            ">": place.condition("at_least", bound + 1),
            "<=": place.condition("at_most", bound),
            "<": place.condition("at_most", bound - 1),
        }[sign]

    def _place(self, kind: str, text: str) -> Place:
        if kind != "name":
            raise ExpressionUnknown(f"{text!r} stands where a ${{name}} should")
        if text not in self._places:
            raise ExpressionUnknown(f"{text} is no earlier question")
        return self._places[text]

    def _peek(self) -> tuple[str, str]:
        return self._tokens[self._at] if self._at < len(self._tokens) else ("end", "the end")

    def _next(self) -> tuple[str, str]:
        token = self._peek()
        self._at += 1
        return token

    def _expect(self, sign: str) -> None:
        found = self._next()
        if found != ("sign", sign):
            raise ExpressionUnknown(f"expected {sign!r}, found {found[1]!r}")


def _tokens(expression: str) -> list[tuple[str, str]]:
    tokens: list[tuple[str, str]] = []
    at = 0
    expression = expression.strip()
    while at < len(expression):
        match = TOKEN.match(expression, at)
        if match is None or match.lastgroup is None:
            raise ExpressionUnknown(f"cannot read {expression[at : at + 20]!r}")
        text = match[match.lastgroup]
        if match.lastgroup == "name":
            text = text[2:-1].strip()
        elif match.lastgroup == "text":
            text = text[1:-1]
        tokens.append((match.lastgroup, text))
        at = match.end()
    return tokens


def _one_test(parts: list[dict[str, Any]]) -> dict[str, Any]:
    """Equal or selected tests on one question, joined by `or`, are one condition with several values."""
    for key in ("one_of", "includes"):
        places = [{name: value for name, value in part.items() if name != key} for part in parts]
        if all(key in part for part in parts) and all(place == places[0] for place in places):
            return places[0] | {key: [value for part in parts for value in part[key]]}
    return {"any": parts}
