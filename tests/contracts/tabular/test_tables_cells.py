"""Cells and heads by themselves: what is read, and what is refused with which reason. No database."""

import io
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import Workbook
from openpyxl.utils.datetime import CALENDAR_MAC_1904

from contracts.tabular.errors import FileRefused
from contracts.tabular.fields import FIELDS, Field, fields_of
from contracts.tabular.heads import KEYS, find_head, normal
from contracts.tabular.rows import RowReader, key_of
from contracts.tabular.sources import open_source
from contracts.tabular.templates import csv_lines, template_csv
from contracts.tabular.values import CellFault, Reading, read_cell, reader_of

LIMIT = 10**7


def reading(kind: str, **more: Any) -> Reading:
    return Reading(Field("f", ("列",), kind, "", choices={"是": "yes"}), **more)


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("2024-03-01", date(2024, 3, 1)),
        ("2024/3/1", date(2024, 3, 1)),
        ("2024.03.01", date(2024, 3, 1)),
        ("20240301", date(2024, 3, 1)),
        ("2024年3月1日", date(2024, 3, 1)),
        ("２０２４年３月１日", date(2024, 3, 1)),
        ("二〇二四年十二月三十一日", date(2024, 12, 31)),
        ("二〇二四年三月十日", date(2024, 3, 10)),
        ("2024-03-01 00:00:00", date(2024, 3, 1)),
        ("45352", date(2024, 3, 1)),
        ("45352.75", date(2024, 3, 1)),
    ],
)
def test_dates_of_every_kind(text: str, day: date) -> None:
    assert read_cell(text, reading("date")) == day


@pytest.mark.parametrize(
    "text",
    ["2024-02-30", "2024", "昨天", "1", "99999", "二〇二四年十三月一日", "24-3-1", "#REF!", "9999-12-31", "0001-01-01"],
)
def test_what_is_no_date(text: str) -> None:
    with pytest.raises(CellFault):
        read_cell(text, reading("date"))


@given(st.dates(date(1950, 1, 1), date(2099, 12, 31)))
def test_day_numbers_of_both_epochs(day: date) -> None:
    since_1900 = str((day - date(1899, 12, 30)).days)
    since_1904 = str((day - date(1904, 1, 1)).days)
    assert read_cell(since_1900, reading("date")) == day
    assert read_cell(since_1904, reading("date", epoch_1904=True)) == day


@pytest.mark.parametrize(
    ("text", "factor", "yuan"),
    [
        ("120000", 1, "120000.00"),
        ("12", 10_000, "120000.00"),
        ("8.5万元", 1, "85000.00"),
        ("1200元", 10_000, "1200.00"),
        ("￥1,234,567.89", 1, "1234567.89"),
        ("１２．５", 10_000, "125000.00"),
        ("1.2E5", 1, "120000.00"),
        ("0.1234", 10_000, "1234.00"),
    ],
)
def test_money_in_its_unit(text: str, factor: int, yuan: str) -> None:
    assert str(read_cell(text, reading("money", factor=Decimal(factor)))) == yuan


@pytest.mark.parametrize("text", ["壹万", "-5", "1,23", "1.005", "1e400", "NaN", "Infinity", "12元整"])
def test_what_is_no_money(text: str) -> None:
    with pytest.raises(CellFault):
        read_cell(text, reading("money"))


@given(st.text(max_size=40))
def test_a_cell_is_read_or_refused_with_a_reason(text: str) -> None:
    reasons: list[str] = []
    for kind in ("text", "date", "money", "figure", "count", "year", "choice", "roles", "uscc", "region", "category"):
        assert callable(reader_of(kind))
        try:
            read_cell(text, reading(kind))
        except CellFault as fault:
            reasons.append(str(fault))
    assert all(reasons)


@given(st.lists(st.text(max_size=20), min_size=1, max_size=5))
def test_nothing_that_goes_out_is_a_formula(cells: list[str]) -> None:
    (line,) = csv_lines([cells])
    for cell in cells:
        if cell.startswith(("=", "+", "-", "@", "\t", "\r", "\n")):
            assert f"'{cell[0]}" in line


@pytest.mark.parametrize("noun", list(FIELDS))
def test_a_template_is_read_as_it_is_written(noun: str) -> None:
    rows = list(open_source(io.BytesIO(template_csv(noun)), sheet=None, max_unpacked=LIMIT).rows)
    head = find_head(rows, noun=noun, mapping={})
    assert [column.name for column in head.columns] == [each.name for each in FIELDS[noun]]
    heads = [normal(alias) for each in FIELDS[noun] for alias in each.heads]
    assert all(set(names) <= fields_of(noun).keys() for names in KEYS[noun])
    assert len(heads) >= len(FIELDS[noun])


def test_a_workbook_with_merged_heads_and_the_epoch_of_1904() -> None:
    book = Workbook()
    book.epoch = CALENDAR_MAC_1904
    sheet = book.active
    assert sheet is not None
    sheet.append(["付款台账"])
    sheet.append(["合同编号", "付款", None, None])
    sheet.append([None, "支付单号", "金额（万元）", "支付日期"])
    sheet.append(["HT-1", 7.0, 0.1 + 0.2, datetime(2024, 3, 1)])  # noqa: DTZ001 - a cell has no zone
    sheet.append(["HT-2", "F-8", 1234567, (date(2024, 3, 1) - date(1904, 1, 1)).days])
    sheet.merge_cells("A2:A3")
    sheet.merge_cells("B2:D2")
    file = io.BytesIO()
    book.save(file)
    source = open_source(file, sheet=None, max_unpacked=LIMIT)
    rows = list(source.rows)
    head = find_head(rows, noun="payments", mapping={})
    assert head.last_line == 3
    assert [(column.head, column.name, column.unit) for column in head.columns] == [
        ("合同编号", "contract", None),
        ("支付单号", "reference", None),
        ("付款金额（万元）", "amount", "wan"),
        ("支付日期", "booked_on", None),
    ]
    columns = [{"field": one.name, "head": one.head, "unit": one.unit} for one in head.columns]
    reader = RowReader("payments", columns, {}, epoch_1904=source.epoch_1904)
    read = [reader.read(line, cells).values for line, cells in rows[3:]]
    assert [(one["reference"], str(one["amount"]), one["booked_on"]) for one in read] == [
        ("7", "3000.00", date(2024, 3, 1)),
        ("F-8", "12345670000.00", date(2024, 3, 1)),
    ]
    with pytest.raises(FileRefused, match="付款2"):
        open_source(file, sheet="付款2", max_unpacked=LIMIT)
    with pytest.raises(FileRefused, match="unpacks"):
        open_source(file, sheet=None, max_unpacked=10)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gbk", "gb18030", "utf-16"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_encodings_and_delimiters(encoding: str, delimiter: str) -> None:
    text = f'标题\n合同编号{delimiter}支付单号{delimiter}金额\r\nHT-1{delimiter}"养老\n服务"{delimiter}5\nHT-2{delimiter}b{delimiter}6\n'
    source = open_source(io.BytesIO(text.encode(encoding)), sheet=None, max_unpacked=LIMIT)
    rows = list(source.rows)
    assert rows[1:] == [
        (2, ["合同编号", "支付单号", "金额"]),
        (3, ["HT-1", "养老\n服务", "5"]),
        (5, ["HT-2", "b", "6"]),
    ]


def test_constants_fill_empty_cells_and_a_row_has_one_key() -> None:
    columns: list[dict[str, Any]] = [
        {"field": "contract", "head": "合同编号", "unit": None},
        {"field": "amount", "head": "金额", "unit": "yuan"},
    ]
    reader = RowReader("payments", columns, {"booked_on": "2024-12-31", "reference": "F-1"}, epoch_1904=False)
    row = reader.read(9, ["HT-1", ""])
    assert row.values["booked_on"] == date(2024, 12, 31)
    assert [problem["reason"] for problem in row.problems] == ["is empty and needed"]
    assert key_of("payments", {"contract": "HT-1", "reference": "F-1"}) == "HT-1\x1fF-1"
    assert key_of("payments", {"contract": "HT-1"}) is None
    assert key_of("contracts", {"contract_number": "HT-1"}) == "HT-1"
