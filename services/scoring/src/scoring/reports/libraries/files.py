"""The tables of a library as an Excel workbook or a CSV file."""

import csv
import io
import zipfile
from collections.abc import Iterable, Sequence
from typing import Any, Final, Literal

import openpyxl
import xlsxwriter

from scoring.reports.errors import LibraryUnreadable
from scoring.reports.libraries.columns import COLUMNS, Cell
from scoring.reports.libraries.rows import Library

__all__ = ["FORMATS", "Kind", "read_library", "write_library"]

Kind = Literal["xlsx", "csv"]
FORMATS: Final[dict[Kind, str]] = {
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "csv": "text/csv; charset=utf-8",
}
FRAMEWORK, NODES = "framework", "nodes"
MAX_ROWS, MAX_UNPACKED = 5000, 50_000_000
_ACTIVE: Final = ("=", "+", "-", "@", "\t", "\r")
"""Beginnings that a spreadsheet program takes for a formula when it opens a CSV file (OWASP, CSV injection)."""


def write_library(library: Library, kind: Kind) -> bytes:
    """The library as a file."""
    return _write_xlsx(library) if kind == "xlsx" else _write_csv(library)


def _write_xlsx(library: Library) -> bytes:
    buffer = io.BytesIO()
    with xlsxwriter.Workbook(buffer, {"in_memory": True, "strings_to_formulas": False}) as book:
        head = book.add_format({"bold": True, "bg_color": "#F2F2F2", "border": 1})
        plain = book.add_format({"text_wrap": True, "valign": "top"})
        sheet = book.add_worksheet(FRAMEWORK)
        sheet.set_column(0, 0, 16)
        sheet.set_column(1, 1, 100)
        for column, name in enumerate(("key", "value")):
            sheet.write_string(0, column, name, head)
        for row, (key, value) in enumerate(library.settings, start=1):
            sheet.write_string(row, 0, key, plain)
            sheet.write_string(row, 1, value, plain)
        sheet = book.add_worksheet(NODES)
        sheet.freeze_panes(1, 2)
        for column, name in enumerate(COLUMNS):
            sheet.write_string(0, column, name, head)
            sheet.set_column(column, column, 28 if name in {"path", "title_en", "title_zh", "source"} else 12)
        for row, node in enumerate(library.nodes, start=1):
            for column, name in enumerate(COLUMNS):
                cell = node.get(name)
                if isinstance(cell, str):
                    sheet.write_string(row, column, cell, plain)
                elif cell is not None:
                    sheet.write_number(row, column, cell, plain)
    return buffer.getvalue()


def _write_csv(library: Library) -> bytes:
    """One table: rows of the framework with `row` = framework, key and value in `path` and `more`; then the nodes."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(("row", *COLUMNS))
    for key, value in library.settings:
        writer.writerow([FRAMEWORK, *(_safe({"path": key, "more": value}.get(name)) for name in COLUMNS)])
    for node in library.nodes:
        writer.writerow(["node", *(_safe(node.get(name)) for name in COLUMNS)])
    return b"\xef\xbb\xbf" + out.getvalue().encode()  # the mark lets Excel read UTF-8


def _safe(cell: Cell) -> str:
    if cell is None:
        return ""
    if not isinstance(cell, str):
        return repr(cell).removesuffix(".0")
    return f"'{cell}" if cell.startswith((*_ACTIVE, "'")) else cell


def read_library(content: bytes) -> Library:
    """The tables of an Excel workbook or a CSV file, told by its first bytes. Raises LibraryUnreadable."""
    return _read_xlsx(content) if content.startswith(b"PK") else _read_csv(content)


def _unreadable(detail: str) -> LibraryUnreadable:
    return LibraryUnreadable(
        "Send an Excel workbook (xlsx) or a CSV file as the export writes it.",
        errors=[{"node": "document", "detail": detail}],
    )


def _read_xlsx(content: bytes) -> Library:
    _check_size(content)
    try:
        book = openpyxl.load_workbook(io.BytesIO(content), read_only=True, data_only=True)
        sheets = {name: _sheet(book[name]) for name in (FRAMEWORK, NODES) if name in book.sheetnames}
    except LibraryUnreadable:
        raise
    except Exception as error:  # not only BadZipFile: a damaged workbook provokes errors of every kind
        raise _unreadable("the workbook cannot be read") from error
    if len(sheets) < 2:
        raise _unreadable(f"the workbook needs the sheets {FRAMEWORK} and {NODES}")
    settings = [(str(row[0]), _plain(row[1])) for row in sheets[FRAMEWORK][1:] if row and row[0] is not None]
    return Library(settings, _nodes(sheets[NODES]))


def _check_size(content: bytes) -> None:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            unpacked = sum(entry.file_size for entry in archive.infolist())
    except Exception as error:  # not only BadZipFile: a damaged archive provokes errors of every kind
        raise _unreadable("the workbook cannot be read") from error
    if unpacked > MAX_UNPACKED:
        raise _unreadable(f"an unpacked workbook may have {MAX_UNPACKED} bytes at most")


def _plain(cell: object) -> str:
    """A value of the framework; Excel makes numbers of what looks like one."""
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return "" if cell is None else str(cell)


def _sheet(sheet: Any) -> list[Sequence[Any]]:  # noqa: ANN401 - openpyxl's read-only sheet
    if hasattr(sheet, "reset_dimensions"):
        sheet.reset_dimensions()  # the file's own statement of its size may be wrong
    rows = list(sheet.iter_rows(values_only=True, max_row=MAX_ROWS + 1, max_col=2 * len(COLUMNS)))
    if len(rows) > MAX_ROWS:
        raise _unreadable(f"at most {MAX_ROWS} rows are read")
    return rows


def _nodes(rows: Sequence[Sequence[Any]]) -> list[dict[str, Cell]]:
    names = _names(rows[0] if rows else ())
    made = []
    for row in rows[1:]:
        cells = {name: _cell(cell) for name, cell in zip(names, row, strict=False) if name}
        made.append(cells)
    while made and not any(made[-1].values()):
        made.pop()
    return made


def _names(row: Iterable[Any]) -> list[str]:
    names = ["" if cell is None else str(cell).strip() for cell in row]
    unknown = [name for name in names if name and name not in COLUMNS]
    if unknown or "path" not in names:
        raise _unreadable(
            f"unknown columns {', '.join(unknown)}" if unknown else "the table has no column `path` in its first row"
        )
    return names


def _cell(value: object) -> Cell:
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, int | float) and not isinstance(value, bool):
        return float(value)
    return str(value)


def _read_csv(content: bytes) -> Library:
    try:
        text = content.decode("utf-8-sig")
        rows = list(csv.reader(io.StringIO(text, newline=""), strict=True))
    except (UnicodeDecodeError, csv.Error) as error:
        raise _unreadable("the file is neither an xlsx workbook nor CSV in UTF-8") from error
    if len(rows) > MAX_ROWS:
        raise _unreadable(f"at most {MAX_ROWS} rows are read")
    if not rows or not rows[0] or rows[0][0].strip() != "row":
        raise _unreadable("the first column of the CSV file is `row`: framework or node")
    names = ["row", *_names(rows[0][1:])]
    settings, nodes = [], []
    for row in rows[1:]:
        cells = {name: _unsafe(cell) for name, cell in zip(names, row, strict=False) if name}
        if cells.get("row") == FRAMEWORK:
            settings.append((cells.get("path", ""), cells.get("more", "")))
        elif cells.get("row") == "node":
            nodes.append({name: cell for name, cell in cells.items() if name != "row"})
        elif any(cells.values()):
            raise _unreadable(f"row {len(settings) + len(nodes) + 2}: the first column is neither framework nor node")
    return Library(settings, nodes, first_row=len(settings) + 2)


def _unsafe(cell: str) -> str:
    return cell.removeprefix("'")
