"""Rows of a file, one after another: CSV in the encodings of Chinese offices, and workbooks of Excel.

Only what one row needs is in memory (a workbook's table of shared strings besides, which its format puts first). Every
cell comes as text: dates as ISO, numbers with the 15 digits that Excel keeps.
"""

import codecs
import csv
import io
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, time
from typing import IO, Any

from openpyxl import load_workbook
from openpyxl.utils.datetime import CALENDAR_MAC_1904
from openpyxl.utils.exceptions import InvalidFileException

from contracts.tabular.errors import FileRefused

__all__ = ["Source", "open_source"]

_PIECE = 1 << 20
_DELIMITERS = ",;\t|"
_LONGEST_CELL = 200_000
_OLD_EXCEL = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"

Rows = Iterator[tuple[int, list[str]]]


@dataclass(frozen=True, slots=True)
class Source:
    """A file that can be read: its format, encoding and date system, and its rows with the number of their line."""

    format: str
    encoding: str | None
    epoch_1904: bool
    rows: Rows


def open_source(file: IO[bytes], *, sheet: str | None, max_unpacked: int) -> Source:
    """Recognise a file by its content, never by its name; FileRefused when it is neither CSV nor an Excel workbook."""
    file.seek(0)
    start = file.read(8)
    file.seek(0)
    if start.startswith(b"PK\x03\x04"):
        return _workbook(file, sheet=sheet, max_unpacked=max_unpacked)
    if start == _OLD_EXCEL:
        raise _refused("It is a workbook of Excel 97 (.xls) or a protected one. Save it as .xlsx without a password.")
    return _csv(file)


def _refused(detail: str) -> FileRefused:
    return FileRefused(detail, errors=[{"pointer": "/file", "detail": detail}])


def _csv(file: IO[bytes]) -> Source:
    encoding = _encoding_of(file)
    file.seek(0)
    text = io.TextIOWrapper(file, encoding=encoding, newline="")
    sample = [line for line in text.read(65_536).splitlines()[:40] if line.strip()]
    text.detach()
    file.seek(0)
    counts = {each: sorted(line.count(each) for line in sample) for each in _DELIMITERS}
    # A title above the head has no delimiter: what most lines have decides.
    delimiter = max(_DELIMITERS, key=lambda each: counts[each][len(sample) // 2] if sample else 0)
    return Source("csv", encoding, False, _csv_rows(file, encoding=encoding, delimiter=delimiter))


def _encoding_of(file: IO[bytes]) -> str:
    """UTF-8 where the whole file is, else GB 18030, of which GBK and GB 2312 are parts; UTF-16 by its mark."""
    file.seek(0)
    start = file.read(2)
    if start in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE):
        return "utf-16"
    for name in ("utf-8-sig", "gb18030"):
        file.seek(0)
        decoder = codecs.getincrementaldecoder(name)()
        try:
            while piece := file.read(_PIECE):
                decoder.decode(piece)
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            continue
        return name
    raise _refused(
        "It is neither an Excel workbook nor text in UTF-8 or GB 18030 (GBK). Save it as CSV UTF-8 or .xlsx."
    )


def _csv_rows(file: IO[bytes], *, encoding: str, delimiter: str) -> Rows:
    text = io.TextIOWrapper(file, encoding=encoding, newline="", errors="replace")
    csv.field_size_limit(_LONGEST_CELL)
    reader = csv.reader(text, delimiter=delimiter)
    line = 1
    try:
        for cells in reader:
            yield line, [cell.replace("\x00", "").strip() for cell in cells]
            line = reader.line_num + 1
    except csv.Error as error:
        raise _refused(f"Line {line} cannot be read: {error}. A quotation mark is probably not closed.") from error
    finally:
        text.detach()


def _workbook(file: IO[bytes], *, sheet: str | None, max_unpacked: int) -> Source:
    try:
        with zipfile.ZipFile(file) as archive:
            unpacked = sum(entry.file_size for entry in archive.infolist())
        if unpacked > max_unpacked:
            raise _refused(f"The workbook unpacks to {unpacked} bytes; at most {max_unpacked} are read.")
        file.seek(0)
        book = load_workbook(file, read_only=True, data_only=True)
    except (zipfile.BadZipFile, InvalidFileException, KeyError, ValueError, OSError) as error:
        raise _refused("It is no workbook that Excel can read (.xlsx), or it is damaged or protected.") from error
    names = book.sheetnames
    if sheet is not None and sheet not in names:
        raise _refused(f"The workbook has no sheet {sheet}; it has {', '.join(names)}.")
    chosen = book[sheet or names[0]]
    if not hasattr(chosen, "iter_rows"):
        raise _refused(f"The sheet {chosen.title} is a chart; name a sheet with cells.")
    return Source("xlsx", None, book.epoch == CALENDAR_MAC_1904, _sheet_rows(chosen))


def _sheet_rows(sheet: Any) -> Rows:  # noqa: ANN401 - one of openpyxl's classes of sheets
    sheet.reset_dimensions()  # a wrong dimension written by another program would cut rows off
    for line, cells in enumerate(sheet.iter_rows(values_only=True), start=1):
        yield line, [_cell(value) for value in cells]


def _cell(value: Any) -> str:  # noqa: ANN401 - what a cell may hold
    if value is None:
        return ""
    if isinstance(value, bool):
        return "是" if value else "否"
    if isinstance(value, float):
        return f"{int(value)}" if value.is_integer() and abs(value) < 1e15 else format(value, ".15g")
    if isinstance(value, datetime):
        return value.date().isoformat() if value.time() == time() else value.isoformat(" ", "seconds")
    return str(value).replace("\x00", "").strip()
