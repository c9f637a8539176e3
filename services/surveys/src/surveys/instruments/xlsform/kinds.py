"""From a row of a form to the kind of question it is."""

import re
from collections.abc import Sequence
from typing import Any

from surveys.instruments.items import EffortItem, NpsItem
from surveys.instruments.parts import SCALE_POINTS
from surveys.instruments.xlsform.expressions import code_of
from surveys.instruments.xlsform.sheets import Line, malformed

__all__ = ["Choices", "question"]

# Names that other forms use for answers that are no opinion.
NO_OPINION = {"dont_know", "dk", "not_used", "not_applicable", "na", "refused", "prefer_not", "no_opinion", "unknown"}
ENDS = {"nps": NpsItem.values, "effort": EffortItem.values}
AT_LEAST = re.compile(r"\.\s*>=\s*(-?\d+)")
AT_MOST = re.compile(r"\.\s*<=\s*(-?\d+)")
FROM_DATE = re.compile(r"\.\s*>=\s*date\('(\d{4}-\d\d-\d\d)'\)")
TO_DATE = re.compile(r"\.\s*<=\s*date\('(\d{4}-\d\d-\d\d)'\)")
LENGTH = re.compile(r"string-length\(\s*\.\s*\)\s*<=\s*(\d+)")
CHOSEN = re.compile(r"count-selected\(\s*\.\s*\)\s*<=\s*(\d+)")
ALONE = re.compile(r"not\(selected\(\., '[^']*'\) and count-selected\(\.\) > 1\)")
PARAMETER = re.compile(r"(start|end|step)\s*=\s*(-?\d+)")
Part = dict[str, Any]


class Choices:
    """The lists of the sheet `choices`.

    A form that was written here says which choices are no opinion; in others their names tell (`own` False).
    """

    def __init__(self, lines: Sequence[Line], *, own: bool) -> None:
        self._lists: dict[str, list[Line]] = {}
        self._own = own
        for line in lines:
            name = line.get("list_name")
            if not name:
                raise malformed(f"/choices/{line.number}/list_name", "the choice belongs to no list")
            self._lists.setdefault(name, []).append(line)

    def lines(self, name: str) -> list[Line]:
        """The choices of a list.

        Raises:
            InstrumentMalformed: there is no such list.
        """
        if name not in self._lists:
            raise malformed("/choices", f"there is no list {name}")
        return self._lists[name]

    def values(self, name: str) -> list[int]:
        """The choices of a list whose names are whole numbers, ascending."""
        return sorted(int(code) for line in self.lines(name) if re.fullmatch(r"\d+", code := line.get("name")))

    def is_scale(self, name: str) -> bool:
        """Whether a list is a scale: three to eleven numbers without a gap; the rest, if any, is no opinion."""
        values = self.values(name)
        gapless = bool(values) and values == list(range(values[0], values[0] + len(values)))
        return gapless and len(values) in SCALE_POINTS and values[-1] <= 10

    def scale(self, name: str) -> Part:
        """The list as points and answers that are no opinion."""
        points = [
            {
                "value": int(line.get("name")),
                "label": line.words("label"),
                **({"index": int(index)} if re.fullmatch(r"\d+", index := line.get("gongping_index")) else {}),
            }
            for line in self.lines(name)
            if re.fullmatch(r"\d+", line.get("name"))
        ]
        silent = [_labelled(line) for line in self.lines(name) if not re.fullmatch(r"\d+", line.get("name"))]
        return {"points": points, "no_opinion": silent}

    def no_opinion(self, name: str) -> list[Part]:
        """The choices of a list that are no opinion."""
        return [_labelled(line) for line in self.lines(name) if self._silent(line)]

    def options(self, name: str) -> list[Part]:
        """The choices of a list that are an opinion."""
        return [
            _labelled(line) | ({"exclusive": True} if line.get("gongping_exclusive") else {})
            for line in self.lines(name)
            if not self._silent(line)
        ]

    def label(self, name: str, code: str) -> dict[str, str]:
        """The texts of one choice; empty when there is none."""
        return next((line.words("label") for line in self.lines(name) if line.get("name") == code), {})

    @property
    def names(self) -> list[str]:
        """The lists in the order of the sheet."""
        return list(self._lists)

    def _silent(self, line: Line) -> bool:
        return bool(line.get("gongping_no_opinion")) or (not self._own and line.get("name").lower() in NO_OPINION)


def question(line: Line, kind: str, argument: str, choices: Choices) -> tuple[Part, list[str]]:
    """The fields that the kind of question adds, and notes.

    Raises:
        InstrumentMalformed: the type has no counterpart, or its list is missing.
    """
    match kind:
        case "select_one":
            return _select_one(line, argument, choices)
        case "select_multiple":
            return _select_multiple(line, argument, choices)
        case "integer" | "decimal" | "range":
            return _number(line, kind)
        case "date":
            return _date(line)
        case "text":
            found, notes = _limits(line, {"max_length": LENGTH})
            return {"type": "text", "max_length": found.get("max_length", 1200)}, notes
    raise malformed(f"/survey/{line.number}/type", f"{line.get('type') or 'an empty type'} has no counterpart here")


def _select_one(line: Line, name: str, choices: Choices) -> tuple[Part, list[str]]:
    wanted = line.get("gongping_type")
    silent = choices.no_opinion(name)
    codes = {option["code"] for option in choices.options(name)}
    if wanted in ENDS and choices.values(name) == list(ENDS[wanted]):
        ends = {field: _end(choices, name, value) for field, value in zip(("low", "high"), _span(wanted), strict=True)}
        return _with({"type": wanted, **ends}, silent), []
    if choices.is_scale(name):
        note = [] if wanted else [f"the list {name} is taken as a scale on which a higher number is better"]
        return {"type": "rating", "scale": name}, note
    if codes == {"yes", "no"} and wanted in ("", "yes_no"):
        return _with({"type": "yes_no", "yes": choices.label(name, "yes"), "no": choices.label(name, "no")}, silent), []
    return _with({"type": "single", "options": choices.options(name)}, silent), _unread(line, [])


def _select_multiple(line: Line, name: str, choices: Choices) -> tuple[Part, list[str]]:
    found, notes = _limits(line, {"max_choices": CHOSEN}, also=ALONE)
    return _with({"type": "multiple", "options": choices.options(name), **found}, choices.no_opinion(name)), notes


def _number(line: Line, kind: str) -> tuple[Part, list[str]]:
    if kind == "range":
        given = {name: int(value) for name, value in PARAMETER.findall(line.get("parameters"))}
        return {"type": "number", "minimum": given.get("start", 0), "maximum": given.get("end", 10)}, []
    found, notes = _limits(line, {"minimum": AT_LEAST, "maximum": AT_MOST})
    if kind == "decimal":
        places = line.get("gongping_type").partition(":")[2]
        found["decimals"] = int(places) if re.fullmatch(r"[1-6]", places) else 2
    unit = {"unit": line.words("guidance_hint")} if line.words("guidance_hint") else {}
    return {"type": "number", **found, **unit}, notes


def _date(line: Line) -> tuple[Part, list[str]]:
    text, limits, read = line.get("constraint"), {}, []
    for name, pattern in (("earliest", FROM_DATE), ("latest", TO_DATE)):
        match = pattern.search(text)
        if match:
            limits[name] = match[1]
            read.append(match[0])
    precision = {"year": "year", "month-year": "month"}.get(line.get("appearance"), "day")
    return {"type": "date", "precision": precision, **limits}, _unread(line, read)


def _limits(
    line: Line, patterns: dict[str, re.Pattern[str]], also: re.Pattern[str] | None = None
) -> tuple[Part, list[str]]:
    """The whole numbers of a constraint, and a note about what of it was not read."""
    text, found, read = line.get("constraint"), {}, []
    for name, pattern in patterns.items():
        match = pattern.search(text)
        if match:
            found[name] = int(match[1])
            read.append(match[0])
    if also is not None:
        read.extend(match[0] for match in also.finditer(text))
    return found, _unread(line, read)


def _unread(line: Line, read: list[str]) -> list[str]:
    rest = line.get("constraint")
    for part in read:
        rest = rest.replace(part, "", 1)
    return [f"the constraint {line.get('constraint')} was left out"] if rest.replace("and", "").strip() else []


def _with(part: Part, silent: list[Part]) -> Part:
    return part | {"no_opinion": silent} if silent else part


def _labelled(line: Line) -> Part:
    return {"code": code_of(line.get("name")), "label": line.words("label")}


def _span(kind: str) -> tuple[int, int]:
    return ENDS[kind][0], ENDS[kind][-1]


def _end(choices: Choices, name: str, value: int) -> dict[str, str]:
    """What an end of a numbered scale means: its label without the number."""
    words = choices.label(name, str(value))
    return {tag: re.sub(rf"^{value}\s+", "", text) for tag, text in words.items()}
