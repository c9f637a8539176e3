"""A questionnaire as an XLSForm workbook."""

import io
import json
from collections.abc import Iterable, Mapping
from typing import Any

from openpyxl import Workbook
from openpyxl.cell.cell import WriteOnlyCell
from openpyxl.styles import Font

from surveys.instruments.document import Instrument
from surveys.instruments.items import (
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
from surveys.instruments.languages import language_properties
from surveys.instruments.parts import NoOpinion
from surveys.instruments.xlsform.expressions import expression_of, row_name

__all__ = ["NOTES", "write_xlsform"]

Row = dict[str, Any]
Texts = Mapping[str, str]
# Notes that carry the questionnaire's own texts in every language.
NOTES = {"title": "gongping_title", "introduction": "introduction", "guardian_notice": "guardian_notice"}
TRANSLATED = ("label", "hint", "guidance_hint")
SURVEY = ("type", "name", *TRANSLATED, "required", "relevant", "constraint", "appearance")
OWN = ("gongping_type", "gongping_role")
CHOICES = ("list_name", "name", "label", "gongping_no_opinion", "gongping_exclusive", "gongping_index")


def write_xlsform(instrument: Instrument) -> bytes:
    """The workbook (xlsx) of an instrument, in every language that it has."""
    form = _Form(instrument)
    book = Workbook(write_only=True)
    languages = [f"{language_properties(tag).name} ({tag})" for tag in instrument.languages]
    headings = [heading for name in SURVEY for heading in _translated(name, languages)]
    _sheet(book, "survey", [*headings, *OWN], form.survey)
    _sheet(book, "choices", [heading for name in CHOICES for heading in _translated(name, languages)], form.choices)
    settings = {
        "form_title": next(iter(instrument.title.values())),
        "form_id": instrument.id,
        "version": instrument.version,
        "default_language": languages[0],
        "gongping_translations": json.dumps(
            {tag: each.model_dump(exclude_none=True) for tag, each in instrument.translations.items()},
            ensure_ascii=False,
        ),
    }
    _sheet(book, "settings", list(settings), [settings])
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


class _Form:
    """The rows of the sheets, collected item by item."""

    def __init__(self, instrument: Instrument) -> None:
        self._instrument = instrument
        self._names = {tag: f"{language_properties(tag).name} ({tag})" for tag in instrument.languages}
        self.survey: list[Row] = []
        self.choices: list[Row] = []
        for field, name in NOTES.items():
            words: Texts | None = getattr(instrument, field)
            if words is not None:
                self.survey.append({"type": "note", "name": name, **self._texts("label", words)})
        for scale in instrument.scales:
            points = ((str(point.value), point.label, {"gongping_index": point.index}) for point in scale.points)
            self._list(scale.code, points, scale.no_opinion)
        for item in instrument.items:
            self._item(item)

    def _item(self, item: Item) -> None:
        row = self._common(item)
        match item:
            case MatrixItem():
                self._matrix(item, row)
                return
            case RatingItem():
                row |= {"type": f"select_one {item.scale}", "appearance": "likert"}
            case SingleItem() | MultipleItem():
                row |= self._choice(item)
            case NpsItem() | EffortItem() | YesNoItem():
                row |= self._named_ends(item)
            case NumberItem():
                row |= self._number(item)
            case DateItem():
                row |= self._date(item)
            case TextItem():
                row |= {"type": "text", "constraint": f"string-length(.) <= {item.max_length}"}
        self.survey.append(row)
        if isinstance(item, NumberItem | DateItem) and item.no_opinion:
            self._companion(item)

    def _common(self, item: Item) -> Row:
        row: Row = {"name": item.code, "gongping_type": item.type, **self._texts("label", item.text)}
        if item.hint is not None:
            row |= self._texts("hint", item.hint)
        if item.show_if is not None:
            row["relevant"] = expression_of(item.show_if)
        if item.required:
            row["required"] = "yes"
        if item.about_respondent:
            row["gongping_role"] = "about_respondent"
        elif isinstance(item, RatingItem) and item.headline:
            row["gongping_role"] = "headline"
        return row

    def _matrix(self, item: MatrixItem, row: Row) -> None:
        # A group cannot be required; its lines are.
        required = {"required": row.pop("required")} if item.required else {}
        self.survey.append(row | {"type": "begin_group", "appearance": "field-list"})
        for line in item.rows:
            name = row_name(item.code, line.code)
            texts = self._texts("label", line.text)
            self.survey.append(
                {"type": f"select_one {item.scale}", "name": name, "appearance": "likert", **texts, **required}
            )
        self.survey.append({"type": "end_group", "name": item.code})

    def _choice(self, item: SingleItem | MultipleItem) -> Row:
        rows = [
            (option.code, option.label, {"gongping_exclusive": "yes"} if option.exclusive else {})
            for option in item.options
        ]
        self._list(item.code, rows, item.no_opinion)
        if isinstance(item, SingleItem):
            return {"type": f"select_one {item.code}"}
        tests = [f"count-selected(.) <= {item.max_choices}"] if item.max_choices is not None else []
        tests += [f"not(selected(., '{code}') and count-selected(.) > 1)" for code in item.alone]
        return {"type": f"select_multiple {item.code}", "constraint": " and ".join(tests) or None}

    def _named_ends(self, item: NpsItem | EffortItem | YesNoItem) -> Row:
        if isinstance(item, YesNoItem):
            self._list(item.code, [("yes", item.yes, {}), ("no", item.no, {})], item.no_opinion)
            return {"type": f"select_one {item.code}"}
        ends = {item.values[0]: item.low, item.values[-1]: item.high}
        rows: list[tuple[str, Texts, Row]] = []
        for value in item.values:
            words = {tag: ends.get(value, {}).get(tag) for tag in self._instrument.languages}
            texts = {tag: str(value) if word is None else f"{value} {word}" for tag, word in words.items()}
            if value in ends:
                texts = {tag: text for tag, text in texts.items() if words[tag] is not None}
            rows.append((str(value), texts, {}))
        self._list(item.code, rows, item.no_opinion)
        return {"type": f"select_one {item.code}"}

    def _number(self, item: NumberItem) -> Row:
        unit = {} if item.unit is None else self._texts("guidance_hint", item.unit)
        kind = {"type": "decimal", "gongping_type": f"number:{item.decimals}"} if item.decimals else {"type": "integer"}
        return {**kind, **unit, "constraint": f". >= {item.minimum} and . <= {item.maximum}"}

    def _date(self, item: DateItem) -> Row:
        limits = [
            f". {sign} date('{limit.isoformat()}')"
            for sign, limit in ((">=", item.earliest), ("<=", item.latest))
            if limit is not None
        ]
        appearance = {"year": "year", "month": "month-year", "day": None}[item.precision]
        return {"type": "date", "appearance": appearance, "constraint": " and ".join(limits) or None}

    def _companion(self, item: NumberItem | DateItem) -> None:
        """A number has no choices: who has no opinion says so in a question of its own, asked when it is empty."""
        name = f"{item.code}__no_opinion"
        self._list(name, [], item.no_opinion)
        empty = f"${{{item.code}}} = ''"
        if item.show_if is not None:
            empty = f"{expression_of(item.show_if)} and {empty}"
        self.survey.append(
            {
                "type": f"select_one {name}",
                "name": name,
                **self._texts("label", item.text),
                "relevant": empty,
                "gongping_type": "no_opinion",
            }
        )

    def _list(self, name: str, rows: Iterable[tuple[str, Texts, Row]], no_opinion: Iterable[NoOpinion]) -> None:
        for code, words, extra in rows:
            self.choices.append({"list_name": name, "name": code, **self._texts("label", words), **extra})
        for answer in no_opinion:
            texts = self._texts("label", answer.label)
            self.choices.append({"list_name": name, "name": answer.code, **texts, "gongping_no_opinion": "yes"})

    def _texts(self, column: str, words: Texts) -> Row:
        return {f"{column}::{name}": words[tag] for tag, name in self._names.items() if tag in words}


def _translated(column: str, languages: list[str]) -> list[str]:
    return [f"{column}::{name}" for name in languages] if column in TRANSLATED else [column]


def _sheet(book: Workbook, title: str, headings: list[str], rows: Iterable[Row]) -> None:
    sheet = book.create_sheet(title)
    sheet.freeze_panes = "A2"
    bold = []
    for heading in headings:
        cell = WriteOnlyCell(sheet, heading)
        cell.font = Font(bold=True)
        bold.append(cell)
    sheet.append(bold)
    for row in rows:
        cells = []
        for heading in headings:
            value = row.get(heading)
            cell = WriteOnlyCell(sheet, value)
            if isinstance(value, str):
                cell.data_type = "s"  # a text that begins with "=" is no formula
            cells.append(cell)
        sheet.append(cells)
