"""The sheets of an XLSForm workbook as rows, read with limits: a spreadsheet from outside may be a bomb."""

import contextlib
import io
import re
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from openpyxl import load_workbook

from surveys.instruments.errors import InstrumentMalformed
from surveys.instruments.languages import language_named

__all__ = ["Line", "Sheets", "malformed", "read_sheets"]

MAX_BYTES = 2_097_152
MAX_UNPACKED = 33_554_432
MAX_ROWS, MAX_COLUMNS = 5_000, 200
TAG = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8})*")
NAMED = re.compile(r"(?P<name>.*)\((?P<tag>[^()]+)\)")


@dataclass(frozen=True, slots=True)
class Line:
    """One row of a sheet: plain cells, and texts per language."""

    sheet: str
    number: int
    cells: dict[str, str]
    texts: dict[str, dict[str, str]] = field(default_factory=dict)

    def get(self, name: str) -> str:
        """A plain cell; empty when it is not there."""
        return self.cells.get(name, "")

    def words(self, name: str) -> dict[str, str]:
        """The texts of a column per language."""
        return self.texts.get(name, {})


@dataclass(frozen=True, slots=True)
class Sheets:
    """The three sheets. `languages` in the order of the columns."""

    survey: list[Line]
    choices: list[Line]
    settings: dict[str, str]
    languages: list[str]


def malformed(where: str, detail: str) -> InstrumentMalformed:
    """The refusal of a form, with the place in it."""
    return InstrumentMalformed(f"{where}: {detail}", errors=[{"pointer": where, "detail": detail}])


def read_sheets(data: bytes, *, language: str) -> Sheets:
    """The sheets of a workbook; `language` is that of columns that name none.

    Raises:
        InstrumentMalformed: it is no workbook, too large, or lacks the sheet `survey`.
    """
    _check_size(data)
    try:
        book = load_workbook(io.BytesIO(data), read_only=True, data_only=True, keep_links=False)
    except Exception as error:  # openpyxl raises whatever the file's parts provoke
        raise malformed("/", "is not an xlsx workbook") from error
    with contextlib.closing(book):
        if "survey" not in book.sheetnames:
            raise malformed("/survey", "the workbook has no sheet of this name")
        rows = {name: list(_rows(book, name)) for name in ("settings", "survey", "choices")}
    settings = {
        name: value for line in _lines("settings", rows["settings"], {})[:1] for name, value in line.cells.items()
    }
    default = _tag(settings["default_language"], "/settings") if settings.get("default_language") else language
    found: dict[str, None] = {}
    survey = _lines("survey", rows["survey"], found, default)
    choices = _lines("choices", rows["choices"], found, default)
    return Sheets(survey=survey, choices=choices, settings=settings, languages=list(found) or [default])


def _check_size(data: bytes) -> None:
    if len(data) > MAX_BYTES:
        raise malformed("/", f"a form may have {MAX_BYTES} bytes at most")
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            unpacked = sum(entry.file_size for entry in archive.infolist())
    except Exception as error:  # not only BadZipFile: a damaged archive provokes errors of every kind
        raise malformed("/", "is not an xlsx workbook") from error
    if unpacked > MAX_UNPACKED:
        raise malformed("/", f"an unpacked form may have {MAX_UNPACKED} bytes at most")


def _rows(book: Any, name: str) -> Iterator[tuple[int, list[str]]]:  # noqa: ANN401 - openpyxl's read-only workbook
    if name not in book.sheetnames:
        return
    sheet = book[name]
    if hasattr(sheet, "reset_dimensions"):
        sheet.reset_dimensions()  # the file's own statement of its size may be wrong
    try:
        rows = list(sheet.iter_rows(values_only=True, max_row=MAX_ROWS + 1, max_col=MAX_COLUMNS))
    except Exception as error:  # as above: the sheet is parsed while it is read
        raise malformed(f"/{name}", "the sheet cannot be read") from error
    if len(rows) > MAX_ROWS:
        raise malformed(f"/{name}", f"at most {MAX_ROWS} rows are read")
    for number, cells in enumerate(rows, start=1):
        yield number, [_text(cell) for cell in cells]


def _text(cell: object) -> str:
    if cell is None:
        return ""
    if isinstance(cell, bool):
        return "yes" if cell else "no"
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return str(cell).strip()


def _lines(sheet: str, rows: list[tuple[int, list[str]]], found: dict[str, None], default: str = "") -> list[Line]:
    """Rows under their headings; languages are added to `found` in the order of the columns."""
    if not rows:
        return []
    headings = [_heading(sheet, text, default) for text in rows[0][1]]
    found.update(dict.fromkeys(tag for name, tag in headings if tag is not None))
    lines = []
    for number, cells in rows[1:]:
        line = Line(sheet, number, {})
        for (name, tag), cell in zip(headings, cells, strict=False):
            if not cell or not name:
                continue
            if tag is None:
                line.cells[name] = cell
            else:
                line.texts.setdefault(name, {})[tag] = cell
        if line.cells or line.texts:
            lines.append(line)
    return lines


def _heading(sheet: str, text: str, default: str) -> tuple[str, str | None]:
    name, named, language = text.partition("::")
    name = re.sub(r"\s+", "_", name.strip().lower())
    if name in ("label", "hint", "guidance_hint") and sheet != "settings":
        return name, _tag(language, f"/{sheet}") if named else default
    return (name, None) if not named else ("", None)


def _tag(language: str, where: str) -> str:
    """The BCP 47 tag in `English (en)`, `en` or `English`."""
    named = NAMED.fullmatch(language.strip())
    tag = named["tag"].strip() if named else language.strip()
    known = language_named(tag)
    if known is not None:
        return known
    if not TAG.fullmatch(tag):
        raise malformed(
            where, f"write the language {language.strip()!r} with its tag, for example `label::English (en)`"
        )
    return tag
