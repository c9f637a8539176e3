"""Templates to fill in, and tables that go out: no cell of ours is ever a formula for the program that opens it."""

import csv
import io
from collections.abc import Iterable, Iterator, Sequence

from xlsxwriter import Workbook

from contracts.tabular.fields import FIELDS, TITLES, Field

__all__ = ["csv_lines", "harmless", "template_csv", "template_xlsx"]

_DANGEROUS = ("=", "+", "-", "@", "\t", "\r", "\n")
_UNIT = {"money": "（元）"}


def harmless(text: str) -> str:
    """Text that a spreadsheet shows and does not calculate (CWE-1236): a sign that begins a formula gets a `'`."""
    return f"'{text}" if text.startswith(_DANGEROUS) else text


def csv_lines(rows: Iterable[Sequence[str]]) -> Iterator[str]:
    """Lines of CSV (RFC 4180), with every cell harmless."""
    for row in rows:
        buffer = io.StringIO()
        csv.writer(buffer).writerow([harmless(cell) for cell in row])
        yield buffer.getvalue()


def _head(each: Field) -> str:
    return f"{each.heads[0]}{_UNIT.get(each.kind, '')}{'*' if each.required else ''}"


def template_csv(noun: str) -> bytes:
    """The head line; UTF-8 with a mark, so that spreadsheet programs read the Chinese."""
    return ("\ufeff" + next(csv_lines([[_head(each) for each in FIELDS[noun]]]))).encode()


def template_xlsx(noun: str) -> bytes:
    """A workbook: the head with a note on each column, lists of the words that may stand there, an explanation."""
    buffer = io.BytesIO()
    book = Workbook(buffer, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False})
    bold = book.add_format({"bold": True, "bg_color": "#DDEBF7", "border": 1})
    date_format, text_format = book.add_format({"num_format": "yyyy-mm-dd"}), book.add_format({"num_format": "@"})
    sheet = book.add_worksheet(TITLES[noun])
    sheet.freeze_panes(1, 0)
    for column, each in enumerate(FIELDS[noun]):
        sheet.write_string(0, column, _head(each), bold)
        sheet.write_comment(0, column, each.note)
        form = {"date": date_format, "text": text_format, "uscc": text_format, "region": text_format}.get(each.kind)
        sheet.set_column(column, column, 18, form)
        words = [word for word in each.choices if not word.isascii()]
        if words and each.kind == "choice" and sum(map(len, words)) + len(words) <= 255:
            sheet.data_validation(1, column, 5000, column, {"validate": "list", "source": words})
    notes = book.add_worksheet("填写说明")
    for line, cells in enumerate((("列", "字段", "必填", "说明"), *_notes(noun))):
        for column, cell in enumerate(cells):
            notes.write_string(line, column, cell, bold if line == 0 else None)
    notes.set_column(0, 3, 28)
    book.close()
    return buffer.getvalue()


def _notes(noun: str) -> Iterator[tuple[str, str, str, str]]:
    for each in FIELDS[noun]:
        yield _head(each), each.name, "是" if each.required else "", each.note
