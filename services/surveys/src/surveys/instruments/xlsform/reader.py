"""An XLSForm workbook as a questionnaire."""

import json
import re
from dataclasses import dataclass, field
from typing import Any

from surveys.instruments.parts import SCALE_POINTS
from surveys.instruments.xlsform.expressions import (
    BETWEEN,
    ExpressionUnknown,
    Place,
    code_of,
    condition_of,
)
from surveys.instruments.xlsform.kinds import Choices, question
from surveys.instruments.xlsform.sheets import Line, Sheets, malformed, read_sheets
from surveys.instruments.xlsform.writer import NOTES

__all__ = ["Imported", "read_xlsform"]

# What a form records of device and interviewer has no place in an anonymous answer; nobody is asked computed fields.
LEFT_OUT = {
    "start",
    "end",
    "today",
    "deviceid",
    "subscriberid",
    "simserial",
    "phonenumber",
    "username",
    "email",
    "audit",
    "start-geopoint",
    "background-audio",
    "calculate",
    "hidden",
    "note",
}
NUMERIC = {"rating", "matrix", "nps", "effort", "number"}


@dataclass(frozen=True, slots=True)
class Imported:
    """The document that a form says, and what was taken differently or left out, in sentences."""

    document: dict[str, Any]
    notes: list[str]


def read_xlsform(data: bytes, *, language: str = "zh-Hans") -> Imported:
    """Read a workbook (xlsx); `language` is that of columns that name none.

    The document still has to be validated as an instrument.

    Raises:
        InstrumentMalformed: it is no workbook, or has what the subset cannot say; names the row.
    """
    return _Reader(read_sheets(data, language=language)).whole()


@dataclass(slots=True)
class _Group:
    """A group that was begun; `relevant` holds the conditions of the groups around it too."""

    line: Line
    relevant: list[dict[str, Any]]
    lines: list[Line] = field(default_factory=list)
    dissolved: bool = False


class _Reader:
    def __init__(self, sheets: Sheets) -> None:
        self._sheets = sheets
        self._notes: list[str] = []
        self._items: list[dict[str, Any]] = []
        self._places: dict[str, Place] = {}
        self._texts: dict[str, dict[str, str]] = {}
        own = any(line.get("gongping_type") for line in sheets.survey)
        self._choices = Choices(sheets.choices, own=own)
        self._scales: dict[str, dict[str, Any]] = {}

    def whole(self) -> Imported:
        self._walk()
        self._choose_headline()
        settings = self._sheets.settings
        form_id = settings.get("form_id") or "imported"
        default = self._sheets.languages[0]
        title = self._texts.get("title") or {default: settings.get("form_title") or form_id}
        introduction = self._texts.get("introduction")
        if introduction is None:
            self._notes.append("the form has no note called introduction: the title stands there; write one")
            introduction = title
        document: dict[str, Any] = {
            "id": code_of(form_id),
            "version": _version(settings.get("version", "")),
            "title": title,
            "introduction": introduction,
            "languages": self._sheets.languages,
            "scales": [self._scales[name] for name in self._choices.names if name in self._scales],
            "items": self._items,
        }
        if "guardian_notice" in self._texts:
            document["guardian_notice"] = self._texts["guardian_notice"]
        translations = _object(settings.get("gongping_translations", ""))
        return Imported(document | ({"translations": translations} if translations else {}), self._notes)

    def _walk(self) -> None:
        groups: list[_Group] = []
        for line in self._sheets.survey:
            kind = line.get("type").replace("begin group", "begin_group").replace("end group", "end_group")
            if kind == "begin_group":
                if groups:  # what stands before the inner group is asked before it
                    self._dissolve(groups[-1])
                relevant = groups[-1].relevant if groups else []
                groups.append(_Group(line, [*relevant, *self._relevant(line)]))
            elif kind == "end_group":
                if not groups:
                    raise malformed(_where(line), "ends a group that was not begun")
                self._end(groups.pop())
            elif groups:
                groups[-1].lines.append(line)
            else:
                self._line(line, [])
        if groups:
            raise malformed(_where(groups[-1].line), "the group is not ended")

    def _end(self, group: _Group) -> None:
        name = self._matrix_scale(group)
        if name is None:
            self._dissolve(group)
        else:
            self._matrix(group, name)

    def _dissolve(self, group: _Group) -> None:
        if group.line.words("label") and not group.dissolved:
            self._notes.append(f"row {group.line.number}: the group is no matrix; its questions stand for themselves")
        group.dissolved = True
        for line in group.lines:
            self._line(line, group.relevant)
        group.lines.clear()

    def _matrix_scale(self, group: _Group) -> str | None:
        """The scale of a group whose lines are all answered on it."""
        if group.dissolved:
            return None
        kinds = {line.get("type") for line in group.lines}
        only = kinds.pop().split() if len(kinds) == 1 and len(group.lines) > 1 else []
        plain = not any(line.get("relevant") for line in group.lines)
        if plain and len(only) == 2 and only[0] == "select_one" and self._choices.is_scale(only[1]):
            return only[1]
        return None

    def _matrix(self, group: _Group, name: str) -> None:
        code = code_of(group.line.get("name"))
        rows = []
        for line in group.lines:
            own = line.get("name").removeprefix(f"{code}{BETWEEN}")
            rows.append({"code": code_of(own), "text": line.words("label")})
            self._places[line.get("name")] = Place(code, code_of(own), numeric=True)
        item = self._common(group.line, group.relevant) | {"type": "matrix", "scale": self._scale(name), "rows": rows}
        if all(_yes(line.get("required")) for line in group.lines):
            item["required"] = True
        self._items.append(item)

    def _line(self, line: Line, relevant: list[dict[str, Any]]) -> None:
        kind, _, argument = line.get("type").partition(" ")
        name = line.get("name")
        for field_name, note in NOTES.items():
            if kind == "note" and name == note:
                self._texts[field_name] = line.words("label")
                return
        if kind in LEFT_OUT:
            self._notes.append(f"row {line.number}: {kind} {name} was left out".rstrip())
            return
        if line.get("gongping_type") == "no_opinion":
            self._attach_no_opinion(name.removesuffix(f"{BETWEEN}no_opinion"), argument.strip(), line)
            return
        item = self._common(line, [*relevant, *self._relevant(line)])
        made, notes = question(line, kind, argument.strip(), self._choices)
        self._notes.extend(f"row {line.number}: {note}" for note in notes)
        if made["type"] == "rating":
            made["scale"] = self._scale(made["scale"])
        item |= made
        if item["code"] != name:
            self._notes.append(f"row {line.number}: {name} is called {item['code']} here")
        self._items.append(item)
        several = item["type"] == "multiple"
        self._places[name] = Place(item["code"], numeric=item["type"] in NUMERIC, several=several)

    def _common(self, line: Line, relevant: list[dict[str, Any]]) -> dict[str, Any]:
        name = line.get("name")
        if not name:
            raise malformed(_where(line, "name"), "the question has no name")
        item: dict[str, Any] = {"code": code_of(name), "text": line.words("label")}
        if line.words("hint"):
            item["hint"] = line.words("hint")
        if _yes(line.get("required")):
            item["required"] = True
        if relevant:
            item["show_if"] = relevant[0] if len(relevant) == 1 else {"all": relevant}
        role = line.get("gongping_role")
        if role in ("headline", "about_respondent"):
            item[role] = True
        return item

    def _relevant(self, line: Line) -> list[dict[str, Any]]:
        expression = line.get("relevant")
        if not expression or line.get("gongping_type") == "no_opinion":
            return []
        try:
            return [condition_of(expression, places=self._places)]
        except ExpressionUnknown as error:
            raise malformed(_where(line, "relevant"), f"{expression}: {error}") from error

    def _attach_no_opinion(self, name: str, list_name: str, line: Line) -> None:
        item = next((each for each in self._items if each["code"] == code_of(name)), None)
        if item is None or item["type"] not in ("number", "date"):
            raise malformed(_where(line), f"{name} is no number and no date before this row")
        item["no_opinion"] = self._choices.no_opinion(list_name)

    def _scale(self, name: str) -> str:
        code = code_of(name)
        self._scales[name] = {"code": code, **self._choices.scale(name)}
        return code

    def _choose_headline(self) -> None:
        ratings = [item for item in self._items if item["type"] == "rating"]
        if any(item.get("headline") for item in ratings):
            return
        plain = [item for item in ratings if "show_if" not in item and not item.get("about_respondent")]
        if not plain:
            points = ", ".join(map(str, SCALE_POINTS))
            raise malformed("/survey", f"one question that everybody is asked must be answered on a scale of {points}")
        plain[0]["headline"] = True
        self._notes.append(f"{plain[0]['code']} is taken as the headline; gongping_role can name another question")


def _version(text: str) -> str:
    """A form's version as three numbers."""
    numbers = [str(int(number[:9])) for number in re.findall(r"\d+", text)][:3]
    return ".".join([*numbers, "0", "0", "0"][:3]) if numbers else "1.0.0"


def _object(text: str) -> dict[str, Any]:
    try:
        found = json.loads(text or "{}")
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _yes(text: str) -> bool:
    return text.lower() in ("yes", "true", "true()", "1")


def _where(line: Line, column: str = "type") -> str:
    return f"/{line.sheet}/{line.number}/{column}"
