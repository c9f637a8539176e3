"""XLSForm out and in: read by pyxform, round trip without loss, refusals that name the row."""

import io
import json
import zipfile
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from openpyxl import Workbook
from pyxform.xls2xform import convert

from surveys.instruments.document import Instrument
from surveys.instruments.errors import InstrumentMalformed
from surveys.instruments.shipped import shipped
from surveys.instruments.xlsform import read_xlsform, write_xlsform

SAMPLER = Instrument.model_validate_json((Path(__file__).parent / "sampler.json").read_bytes())
Sheet = list[tuple[Any, ...]]
CHOICES: Sheet = [
    ("list_name", "name", "label::English (en)", "label::Chinese"),
    *[("five", value, str(value), str(value)) for value in range(1, 6)],
    ("five", "dk", "Do not know", "不清楚"),
    ("yes_no", "yes", "Yes", "是"),
    ("yes_no", "no", "No", "否"),
    ("ways", "Bus", "Bus", "公交"),
    ("ways", "2", "Bicycle", "自行车"),
]
HEADINGS = ("type", "name", "label::English (en)", "label::Chinese", "required", "relevant", "constraint", "parameters")


def workbook(survey: Sheet, *, choices: Sheet = CHOICES, settings: dict[str, Any] | None = None) -> bytes:
    book = Workbook()
    book.remove(book.active)  # type: ignore[arg-type] # a new workbook has a sheet
    asked = [HEADINGS, *(row + ("",) * (len(HEADINGS) - len(row)) for row in survey)]
    for title, rows in (("survey", asked), ("choices", choices), ("settings", _table(settings or {}))):
        sheet = book.create_sheet(title)
        for row in rows:
            sheet.append(row)
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


def _table(settings: dict[str, Any]) -> Sheet:
    return [tuple(settings), tuple(settings.values())] if settings else []


FIRST = ("select_one five", "Q1", "How was it?", "怎么样？", "yes")


@pytest.mark.parametrize("instrument", [*shipped().values(), SAMPLER], ids=lambda found: found.id)
def test_forms_round_trip_and_are_valid_for_pyxform(instrument: Instrument) -> None:
    data = write_xlsform(instrument)
    form = ET.fromstring(convert(io.BytesIO(data), file_type=".xlsx").xform)  # noqa: S314 - our own document
    binds = form.findall(".//{http://www.w3.org/2002/xforms}bind")
    asked_under_conditions = [bind for bind in binds if bind.get("relevant")]
    conditional = sum(item.show_if is not None for item in instrument.items)
    # A number with "don't know" has a second question, which is asked when the first is empty.
    companions = sum(item.type in ("number", "date") and bool(item.no_opinion) for item in instrument.items)
    assert len(asked_under_conditions) == conditional + companions
    languages = form.findall(".//{http://www.w3.org/2002/xforms}translation")
    assert len(languages) == len(instrument.languages)

    read = read_xlsform(data)
    assert read.notes == []
    back = Instrument.model_validate(read.document)
    assert back.model_dump() == instrument.model_dump()


def test_a_form_of_another_tool_becomes_a_questionnaire() -> None:
    read = read_xlsform(
        workbook(
            [
                ("start", "start"),
                FIRST,
                ("begin_group", "g", "Group", "组", "", "${Q1} < 3"),
                ("select_multiple ways", "How", "How did you come?", "怎么来的？", "", "", "count-selected(.) <= 1"),
                ("text", "why", "Why?", "为什么？", "", "selected(${Q1}, '1') or ${Q1} = 2"),
                ("end_group", ""),
                (
                    "integer", "n", "How often?", "几次？", "",
                    "not(selected(${How}, 'Bus')) and 2 <= ${Q1}", ". >= 1 and . <= 9 and . != 5",
                ),
                ("select_one yes_no", "again", "Again?", "再来？"),
                ("range", "score", "Points", "分数", "", "", "", "start=0 end=20 step=1"),
                ("note", "bye", "Thank you", "谢谢"),
            ],
            settings={"form_title": "Visit", "form_id": "Visit 2026", "version": 20260501},
        )
    )  # fmt: skip
    found = Instrument.model_validate(read.document)
    items = {item.code: item for item in found.items}
    assert (found.id, found.version, found.languages) == ("visit_2026", "20260501.0.0", ("en", "zh-Hans"))
    assert found.headline.code == "q1"
    assert found.scale_of(found.headline).codes == ("dk",)
    assert [item.type for item in found.items] == ["rating", "multiple", "text", "number", "yes_no", "number"]
    document = {item["code"]: item for item in read.document["items"]}
    assert document["how"]["show_if"] == {"item": "q1", "at_most": 2}
    assert document["how"]["options"][1]["code"] == "c2"
    assert document["why"]["show_if"] == {"all": [{"item": "q1", "at_most": 2}, {"item": "q1", "one_of": [1, 2]}]}
    assert document["n"]["show_if"] == {
        "all": [{"none": [{"item": "how", "includes": ["bus"]}]}, {"item": "q1", "at_least": 2}]
    }
    assert (items["n"].minimum, items["n"].maximum, items["score"].maximum) == (1, 9, 20)  # type: ignore[union-attr]
    told = "\n".join(read.notes)
    for part in ("start was left out", "Q1 is called q1", ". != 5 was left out", "bye was left out", "headline"):
        assert part in told


def test_groups_in_groups_keep_their_order_and_conditions() -> None:
    read = read_xlsform(
        workbook(
            [
                FIRST,
                ("begin group", "a", "", "", "", "${Q1} <= 2"),
                ("text", "before", "Before", "前"),
                ("begin_group", "b", "", "", "", "${Q1} = 1"),
                ("text", "inside", "Inside", "里"),
                ("end_group", ""),
                ("text", "after", "After", "后"),
                ("end group", ""),
                ("text", "last", "Last", "最后"),
            ]
        )
    )
    items = {item["code"]: item.get("show_if") for item in read.document["items"]}
    outer, inner = {"item": "q1", "at_most": 2}, {"item": "q1", "one_of": [1]}
    assert items == {"q1": None, "before": outer, "inside": {"all": [outer, inner]}, "after": outer, "last": None}
    assert list(items) == ["q1", "before", "inside", "after", "last"]


@pytest.mark.parametrize(
    ("survey", "where", "detail"),
    [
        ([FIRST, ("geopoint", "place", "Where?", "哪里？")], "/survey/3/type", "geopoint has no counterpart"),
        ([FIRST, ("begin_repeat", "r")], "/survey/3/type", "no counterpart"),
        ([FIRST, ("select_one lost", "x", "?", "？")], "/choices", "no list lost"),
        ([FIRST, ("text", "", "?", "？")], "/survey/3/name", "no name"),
        ([FIRST, ("text", "x", "?", "？", "", "${later} = 1")], "/survey/3/relevant", "later is no earlier question"),
        ([FIRST, ("text", "x", "?", "？", "", "${Q1} = ")], "/survey/3/relevant", "takes a number"),
        ([FIRST, ("text", "x", "?", "？", "", "count(${Q1}) > 1")], "/survey/3/relevant", "cannot read"),
        ([FIRST, ("text", "x", "?", "？", "", "${Q1} > 1.5")], "/survey/3/relevant", "whole number"),
        ([FIRST, ("text", "x", "?", "？", "", "(${Q1} = 1")], "/survey/3/relevant", "expected"),
        ([FIRST, ("end_group", "")], "/survey/3/type", "not begun"),
        ([FIRST, ("begin_group", "g")], "/survey/3/type", "not ended"),
        ([("text", "x", "?", "？")], "/survey", "answered on a scale"),
    ],
)
def test_what_the_subset_cannot_say_is_refused_with_its_row(survey: Sheet, where: str, detail: str) -> None:
    with pytest.raises(InstrumentMalformed, match=detail) as refused:
        read_xlsform(workbook(survey))
    assert [error["pointer"] for error in refused.value.members["errors"]] == [where]


def test_languages_need_a_tag() -> None:
    survey = [("type", "name", "label::Martian"), ("select_one five", "q", "?")]
    book = Workbook()
    book.active.title = "survey"  # type: ignore[union-attr]
    for row in survey:
        book.active.append(row)  # type: ignore[union-attr]
    buffer = io.BytesIO()
    book.save(buffer)
    with pytest.raises(InstrumentMalformed, match="Martian"):
        read_xlsform(buffer.getvalue())


def test_columns_without_a_language_take_the_one_that_is_said() -> None:
    choices = [("list_name", "name", "label"), *[("five", value, str(value)) for value in range(1, 6)]]
    book = Workbook()
    book.active.title = "survey"  # type: ignore[union-attr]
    for row in (("type", "name", "label"), ("select_one five", "q", "?")):
        book.active.append(row)  # type: ignore[union-attr]
    sheet = book.create_sheet("choices")
    for each in choices:
        sheet.append(each)
    buffer = io.BytesIO()
    book.save(buffer)
    found = Instrument.model_validate(read_xlsform(buffer.getvalue(), language="mn-Mong-CN").document)
    assert found.languages == ("mn-Mong-CN",)
    assert found.completeness("mn-Mong-CN") == 1.0


def bomb() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/workbook.xml", b" " * 40_000_000)
    return buffer.getvalue()


def entities() -> bytes:
    """A workbook whose sheet declares an entity, as expansion attacks do."""
    source = zipfile.ZipFile(io.BytesIO(workbook([FIRST])))
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for entry in source.namelist():
            data = source.read(entry)
            if entry.endswith("sheet1.xml"):
                data = b'<!DOCTYPE x [<!ENTITY a "aaaa">]>' + data
            archive.writestr(entry, data)
    return buffer.getvalue()


def damaged() -> bytes:
    """An archive that asks for a later version of the format than there is."""
    data = bytearray(workbook([FIRST]))
    data[data.rindex(b"PK\x01\x02") + 6] = 115
    return bytes(data)


@pytest.mark.parametrize(
    ("data", "detail"),
    [
        (b"", "is not an xlsx workbook"),
        (b"type,name,label", "is not an xlsx workbook"),
        (b"PK\x03\x04" + b"0" * 2_100_000, "bytes at most"),
        (bomb(), "unpacked"),
        (damaged(), "is not an xlsx workbook"),
        (entities(), "cannot be read|is not an xlsx workbook"),
    ],
)
def test_broken_and_hostile_workbooks_are_refused(data: bytes, detail: str) -> None:
    with pytest.raises(InstrumentMalformed, match=detail):
        read_xlsform(data)


def test_formulas_stay_text() -> None:
    document = json.loads((Path(__file__).parent / "sampler.json").read_text(encoding="utf-8"))
    document["title"]["en"] = "=1+1"
    read = read_xlsform(write_xlsform(Instrument.model_validate(document)))
    assert read.document["title"]["en"] == "=1+1"
